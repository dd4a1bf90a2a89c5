/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/world/world_priv.h"

#include <base/cleanup.h>
#include <base/str.h>
#include <errno.h>
#include <string.h>

static void key_make(char dst[static WORLD_KEY_MAX], const char *namespace_, const char *name)
{
	str_fmt(dst, WORLD_KEY_MAX, "%s/%s", namespace_, name);
}

/* Which policy governs a pod changes with the pod and with any policy of its namespace. */
static void pod_govern(const struct world *w, struct world_pod *p)
{
	const struct policy *best = NULL;

	for (const struct world_policy *i = w->policies; i; i = i->hh.next) {
		const struct policy *pair[] = {best, &i->policy};

		if (str_eq(i->policy.namespace_, p->namespace_))
			best = policy_for_pod(best ? pair : pair + 1, best ? 2 : 1, p->obj);
	}
	p->policy = best;
}

static void protected_count(struct world *w, struct world_pod *p, bool is_protected)
{
	w->n_protected += (size_t)is_protected - (size_t)p->is_protected;
	p->is_protected = is_protected;
}

static void protected_judge(struct world *w, struct world_pod *p)
{
	protected_count(w, p, p->policy && p->guarded && !p->ended);
}

static void pods_govern(struct world *w, const char *namespace_)
{
	for (struct world_pod *p = w->pods; p; p = p->hh.next)
		if (str_eq(p->namespace_, namespace_)) {
			pod_govern(w, p);
			protected_judge(w, p);
		}
}

int world_put_policy(struct world *w, const struct json *obj, struct err *e)
{
	struct world_policy *entry;
	struct policy policy;
	char key[WORLD_KEY_MAX];

	if (policy_decode(obj, &policy, e)) {
		world_drop_policy(
			w, json_str_at(obj, "metadata.namespace", ""), json_str_at(obj, "metadata.name", ""));
		return e ? e->code : -EINVAL;
	}
	key_make(key, policy.namespace_, policy.name);
	HASH_FIND_STR(w->policies, key, entry);
	if (!entry) {
		entry = calloc(1, sizeof(*entry));
		if (!entry)
			return err_set(e, -ENOMEM, "OutOfMemory", "no memory for policy %s", key);
		str_copy(entry->key, sizeof(entry->key), key);
		HASH_ADD_STR(w->policies, key, entry);
		if (!entry->hh.tbl) {
			free(entry);
			return err_set(e, -ENOMEM, "OutOfMemory", "no memory for policy %s", key);
		}
	}
	entry->policy = policy;
	entry->obj = obj;
	pods_govern(w, policy.namespace_);
	return 0;
}

void world_drop_policy(struct world *w, const char *namespace_, const char *name)
{
	struct world_policy *entry;
	char key[WORLD_KEY_MAX];

	key_make(key, namespace_, name);
	HASH_FIND_STR(w->policies, key, entry);
	if (!entry)
		return;
	HASH_DEL(w->policies, entry);
	pods_govern(w, namespace_);
	free(entry);
}

static void pod_fill(struct world_pod *dst, const struct pod *p, const struct json *obj)
{
	const struct json *labels = json_at(obj, "metadata.labels");
	const struct json *annotations = json_at(obj, "metadata.annotations");

	str_copy(dst->namespace_, sizeof(dst->namespace_), p->namespace_);
	str_copy(dst->name, sizeof(dst->name), p->name);
	str_copy(dst->uid, sizeof(dst->uid), p->uid);
	str_copy(dst->node, sizeof(dst->node), p->node);
	str_copy(dst->ip, sizeof(dst->ip), p->ip);
	str_copy(dst->owner_kind, sizeof(dst->owner_kind), p->owner_kind);
	str_copy(dst->escape, sizeof(dst->escape), p->escape);
	memcpy(dst->addresses, p->addresses, sizeof(dst->addresses));
	dst->n_addresses = p->n_addresses;
	dst->evicted_ms = p->evicted_ms;
	dst->value = p->value;
	dst->running = str_eq(p->phase, "Running");
	dst->ended = str_eq(p->phase, "Succeeded") || str_eq(p->phase, "Failed");
	dst->guarded = p->guarded;
	dst->deleting = p->deleting;
	dst->leaving = p->deleting && json_int_at(obj, "metadata.deletionGracePeriodSeconds", 0) <= 1;
	dst->ready = p->ready;
	dst->staged = json_member(labels, WORLD_STAGED_LABEL);
	dst->yielding = json_member(annotations, WORLD_DELETION_COST);
	dst->obj = obj;
	err_clear(&dst->immovable);
	pod_preflight(obj, true, &dst->immovable);
}

static void pod_remove(struct world *w, struct world_pod *p)
{
	world_agent_went(w, p);
	protected_count(w, p, false);
	w->n_evicted -= p->evicted_ms > 0;
	world_pod_unsettle(w, p);
	HASH_DELETE(hh, w->pods, p);
	/* The analyzer does not see that whoever is in one table is in the other. */
	HASH_DELETE(hh_uid, w->pods_by_uid, p); /* NOLINT(clang-analyzer-core.NullDereference) */
	free(p);
}

static int pod_add(struct world *w, struct world_pod *p, struct err *e)
{
	HASH_ADD(hh, w->pods, key, strlen(p->key), p);
	if (p->hh.tbl)
		HASH_ADD(hh_uid, w->pods_by_uid, uid, strlen(p->uid), p);
	if (p->hh.tbl && p->hh_uid.tbl && world_pod_settle(w, p) == 0) {
		world_agent_came(w, p);
		protected_judge(w, p);
		w->n_evicted += p->evicted_ms > 0;
		return 0;
	}
	if (p->hh_uid.tbl)
		HASH_DELETE(hh_uid, w->pods_by_uid, p);
	if (p->hh.tbl)
		HASH_DELETE(hh, w->pods, p);
	err_set(e, -ENOMEM, "OutOfMemory", "no memory for pod %s", p->key);
	free(p);
	return -ENOMEM;
}

int world_put_pod(struct world *w, const struct json *obj, struct err *e)
{
	const char *namespace_ = json_str_at(obj, "metadata.namespace", "");
	const char *name = json_str_at(obj, "metadata.name", "");
	struct world_pod *entry;
	struct pod pod;

	/* Dropped first: the same name may be another pod now. */
	world_drop_pod(w, namespace_, name);
	if (pod_decode(obj, &pod, e))
		return e ? e->code : -EINVAL;
	if (!*pod.uid)
		return err_set(e, -EINVAL, "BadPod", "pod %s/%s has no uid", namespace_, name);
	entry = calloc(1, sizeof(*entry));
	if (!entry)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for pod %s/%s", namespace_, name);
	key_make(entry->key, pod.namespace_, pod.name);
	pod_fill(entry, &pod, obj);
	resources_of_pod(obj, &w->resources, &entry->asks);
	pod_govern(w, entry);
	return pod_add(w, entry, e);
}

void world_drop_pod(struct world *w, const char *namespace_, const char *name)
{
	struct world_pod *entry;
	char key[WORLD_KEY_MAX];

	key_make(key, namespace_, name);
	HASH_FIND_STR(w->pods, key, entry);
	if (entry)
		pod_remove(w, entry);
}

static bool version_is_older(const char *a, const char *b)
{
	int64_t va, vb;

	return !str_parse_i64(a, 0, INT64_MAX, &va) && !str_parse_i64(b, 0, INT64_MAX, &vb) && va < vb;
}

static struct world_escape *escape_entry(struct world *w, const char *namespace_, const char *name)
{
	struct world_escape *entry;
	char key[WORLD_KEY_MAX];

	key_make(key, namespace_, name);
	HASH_FIND_STR(w->escapes, key, entry);
	if (entry)
		return entry;
	entry = calloc(1, sizeof(*entry));
	if (!entry)
		return NULL;
	str_copy(entry->key, sizeof(entry->key), key);
	HASH_ADD_STR(w->escapes, key, entry);
	if (entry->hh.tbl)
		return entry;
	free(entry);
	return NULL;
}

int world_put_escape(struct world *w, const struct json *obj, bool watched, int64_t now_ms, struct err *e)
{
	auto_free struct escape *x = malloc(sizeof(*x));
	struct world_escape *entry;
	bool same;

	if (!x)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for an Escape");
	if (escape_decode(obj, x, e)) {
		world_drop_escape(
			w, json_str_at(obj, "metadata.namespace", ""), json_str_at(obj, "metadata.name", ""));
		return e ? e->code : -EINVAL;
	}
	entry = escape_entry(w, x->namespace_, x->name);
	if (!entry)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for Escape %s", x->name);
	entry->watched |= watched;
	same = *entry->x.uid && str_eq(entry->x.uid, x->uid);
	if (same && version_is_older(x->resource_version, entry->x.resource_version))
		return 0;
	if (!same || entry->x.status.phase != x->status.phase)
		entry->since_ms = now_ms;
	entry->put_ms = now_ms;
	entry->x = *x;
	return 0;
}

void world_drop_escape(struct world *w, const char *namespace_, const char *name)
{
	struct world_escape *entry;
	char key[WORLD_KEY_MAX];

	key_make(key, namespace_, name);
	HASH_FIND_STR(w->escapes, key, entry);
	if (!entry)
		return;
	HASH_DEL(w->escapes, entry);
	free(entry);
}

#define UNWATCHED_MS 60000

void world_forget_unwatched(struct world *w, int64_t now_ms)
{
	struct world_escape *entry, *next;

	HASH_ITER(hh, w->escapes, entry, next)
	{
		if (entry->watched || now_ms - entry->put_ms < UNWATCHED_MS)
			continue;
		HASH_DEL(w->escapes, entry);
		free(entry);
	}
}

void world_free(struct world *w)
{
	struct world_policy *policy, *next_policy;
	struct world_pod *pod, *next_pod;
	struct world_escape *escape, *next_escape;

	HASH_ITER(hh, w->pods, pod, next_pod)
	{
		pod_remove(w, pod);
	}
	HASH_ITER(hh, w->policies, policy, next_policy)
	{
		HASH_DEL(w->policies, policy);
		free(policy);
	}
	HASH_ITER(hh, w->escapes, escape, next_escape)
	{
		HASH_DEL(w->escapes, escape);
		free(escape);
	}
	world_profiles_free(w);
	world_nodes_free(w);
}

const struct world_policy *world_policy(const struct world *w, const char *namespace_, const char *name)
{
	struct world_policy *entry;
	char key[WORLD_KEY_MAX];

	key_make(key, namespace_, name);
	HASH_FIND_STR(w->policies, key, entry);
	return entry;
}

const struct world_pod *world_pod(const struct world *w, const char *namespace_, const char *name)
{
	struct world_pod *entry;
	char key[WORLD_KEY_MAX];

	key_make(key, namespace_, name);
	HASH_FIND_STR(w->pods, key, entry);
	return entry;
}

const struct world_pod *world_pod_by_uid(const struct world *w, const char *uid)
{
	struct world_pod *entry;

	HASH_FIND(hh_uid, w->pods_by_uid, uid, strlen(uid), entry);
	return entry;
}

const struct world_escape *world_escape(const struct world *w, const char *namespace_, const char *name)
{
	struct world_escape *entry;
	char key[WORLD_KEY_MAX];

	key_make(key, namespace_, name);
	HASH_FIND_STR(w->escapes, key, entry);
	return entry;
}
