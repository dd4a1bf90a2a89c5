/* SPDX-License-Identifier: Apache-2.0 */
#include <kube/cache.h>

#include <base/str.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Out of memory, an addition then leaves hh.tbl NULL instead of ending the process. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

enum { KEY_MAX = 512 }; /* two names of at most 253 bytes and a separator */

/* A tree and the object in it. The link is there from birth, so that parking needs no memory. */
struct held {
	struct held *next;
	struct json *root;
	const struct json *object;
};

struct entry {
	UT_hash_handle hh;
	struct held *held;
	bool marked;
	char key[];
};

struct kube_cache {
	struct entry *entries;
	struct held *parked;
};

static struct held *held_new(struct json *root, const struct json *object)
{
	struct held *held = malloc(sizeof(*held));

	if (!held) {
		json_free(root);
		return NULL;
	}
	*held = (struct held){.root = root, .object = object};
	return held;
}

static void held_free(struct held *held)
{
	json_free(held->root);
	free(held);
}

static void park(struct kube_cache *c, struct held *held)
{
	held->next = c->parked;
	c->parked = held;
}

int kube_cache_new(struct kube_cache **ret)
{
	*ret = calloc(1, sizeof(**ret));
	return *ret ? 0 : -ENOMEM;
}

void kube_cache_free(struct kube_cache *c)
{
	struct entry *entry, *next;

	if (!c)
		return;
	HASH_ITER(hh, c->entries, entry, next)
	{
		HASH_DEL(c->entries, entry);
		held_free(entry->held);
		free(entry);
	}
	kube_cache_sweep(c);
	free(c);
}

void kube_cache_sweep(struct kube_cache *c)
{
	while (c->parked) {
		struct held *held = c->parked;

		c->parked = held->next;
		held_free(held);
	}
}

bool kube_cache_has_parked(const struct kube_cache *c)
{
	return c->parked != NULL;
}

static int make_key(char key[static KEY_MAX], const char *namespace_, const char *name)
{
	if (!name || !*name)
		return -EINVAL;
	return str_fmt(key, KEY_MAX, "%s/%s", namespace_ ? namespace_ : "", name);
}

static struct entry *entry_find(const struct kube_cache *c, const char *namespace_, const char *name)
{
	char key[KEY_MAX];
	struct entry *entry = NULL;

	if (!make_key(key, namespace_, name))
		HASH_FIND_STR(c->entries, key, entry);
	return entry;
}

static struct entry *entry_of(const struct kube_cache *c, const struct json *object)
{
	return entry_find(c, json_str_at(object, "metadata.namespace", NULL),
		json_str_at(object, "metadata.name", NULL));
}

const struct json *kube_cache_get(const struct kube_cache *c, const char *namespace_, const char *name)
{
	const struct entry *entry = entry_find(c, namespace_, name);

	return entry ? entry->held->object : NULL;
}

size_t kube_cache_count(const struct kube_cache *c)
{
	return HASH_COUNT(c->entries);
}

void kube_cache_each(const struct kube_cache *c, kube_visit visit, void *arg)
{
	for (const struct entry *entry = c->entries; entry; entry = entry->hh.next)
		visit(arg, entry->held->object);
}

static bool same_field(const struct json *a, const struct json *b, const char *path)
{
	return str_eq(json_str_at(a, path, ""), json_str_at(b, path, ""));
}

static int entry_add(struct kube_cache *c, struct held *held)
{
	const struct json *object = held->object;
	char key[KEY_MAX];
	struct entry *entry;
	size_t len;

	if (make_key(key, json_str_at(object, "metadata.namespace", NULL),
		    json_str_at(object, "metadata.name", NULL)))
		return -EINVAL;
	len = strlen(key);
	entry = calloc(1, sizeof(*entry) + len + 1);
	if (!entry)
		return -ENOMEM;
	memcpy(entry->key, key, len + 1);
	entry->held = held;
	HASH_ADD_STR(c->entries, key, entry);
	if (!entry->hh.tbl) {
		free(entry);
		return -ENOMEM;
	}
	return 0;
}

static bool is_known(const struct entry *entry, const struct json *object)
{
	return *json_str_at(object, "metadata.resourceVersion", "") &&
	       same_field(entry->held->object, object, "metadata.resourceVersion");
}

int kube_cache_put(
	struct kube_cache *c, struct json *root, const struct json *object, struct kube_cache_change *ret)
{
	struct entry *entry = entry_of(c, object);
	struct held *held = held_new(root, object);
	int rc;

	*ret = (struct kube_cache_change){0};
	if (!held)
		return -ENOMEM;
	if (!entry) {
		rc = entry_add(c, held);
		if (rc)
			held_free(held);
		else
			*ret = (struct kube_cache_change){
				.changed = true, .change = KUBE_ADDED, .object = object};
		return rc;
	}
	entry->marked = false;
	if (is_known(entry, object)) {
		held_free(held);
		return 0;
	}
	*ret = (struct kube_cache_change){
		.changed = true, .change = KUBE_UPDATED, .object = object, .old = entry->held->object};
	park(c, entry->held);
	entry->held = held;
	return 0;
}

static void entry_remove(
	struct kube_cache *c, struct entry *entry, struct held *last, struct kube_cache_change *ret)
{
	*ret = (struct kube_cache_change){
		.changed = true,
		.change = KUBE_REMOVED,
		.object = last ? last->object : entry->held->object,
		.old = entry->held->object,
	};
	park(c, entry->held);
	if (last)
		park(c, last);
	HASH_DEL(c->entries, entry);
	free(entry);
}

void kube_cache_remove(
	struct kube_cache *c, struct json *root, const struct json *object, struct kube_cache_change *ret)
{
	struct entry *entry = entry_of(c, object);

	*ret = (struct kube_cache_change){0};
	if (!entry) {
		json_free(root);
		return;
	}
	/* Without memory for the final state, the last known one is reported. */
	entry_remove(c, entry, held_new(root, object), ret);
}

bool kube_cache_remove_other(struct kube_cache *c, const struct json *object, struct kube_cache_change *ret)
{
	struct entry *entry = entry_of(c, object);

	*ret = (struct kube_cache_change){0};
	if (!entry || same_field(entry->held->object, object, "metadata.uid"))
		return false;
	entry_remove(c, entry, NULL, ret);
	return true;
}

void kube_cache_mark(struct kube_cache *c)
{
	for (struct entry *entry = c->entries; entry; entry = entry->hh.next)
		entry->marked = true;
}

bool kube_cache_remove_marked(struct kube_cache *c, struct kube_cache_change *ret)
{
	for (struct entry *entry = c->entries; entry; entry = entry->hh.next) {
		if (!entry->marked)
			continue;
		entry_remove(c, entry, NULL, ret);
		return true;
	}
	return false;
}
