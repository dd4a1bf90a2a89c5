/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/agent/snapshots/storage.h"

#include <base/cleanup.h>
#include <base/clock.h>
#include <base/str.h>
#include <errno.h>
#include <store/store.h>
#include <string.h>

_Static_assert(STORAGE_KEY_SIZE == STORE_KEY_LEN, "the store's key");
_Static_assert(STORAGE_GENERATION_MAX >= STORE_GENERATION_MAX, "a generation of the store");

/* Older than any dump that can still be under way on any node. */
#define UNFINISHED_MS 3600000

struct storage {
	struct store *store;
};

static struct store_id id_of(const struct storage_ids *ids)
{
	return (struct store_id){
		.namespace_ = ids->namespace_, .pod_uid = ids->pod_uid, .container = ids->container};
}

int storage_open(const char *root, const unsigned char key[static STORAGE_KEY_SIZE], struct storage **ret,
	struct err *e)
{
	struct storage *s = calloc(1, sizeof(*s));
	int rc;

	if (!s)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for the store");
	rc = store_open(root, key, &s->store, e);
	if (rc) {
		free(s);
		return rc;
	}
	*ret = s;
	return 0;
}

void storage_close(struct storage *s)
{
	if (!s)
		return;
	store_close(s->store);
	free(s);
}

int storage_check(const struct storage *s, struct err *e)
{
	return store_check(s->store, e);
}

void storage_generation(char dst[static STORAGE_GENERATION_MAX], int64_t taken_ms, const char *hashed)
{
	str_fmt(dst, STORAGE_GENERATION_MAX, "%013lld-%08x", (long long)taken_ms,
		(unsigned)str_hash64(hashed, strlen(hashed)));
}

/* The keeper's order has less room for a path than the file system. */
static int path_copy(char dst[static STORAGE_PATH_MAX], const char *path, struct err *e)
{
	if (str_copy(dst, STORAGE_PATH_MAX, path))
		return err_set(e, -ENAMETOOLONG, "StorePathTooLong",
			"%s is longer than %d characters; mount the store at a shorter path", path,
			STORAGE_PATH_MAX - 1);
	return 0;
}

int storage_begin(const struct storage *s, const struct storage_ids *ids, const char *generation,
	char dst[static STORAGE_PATH_MAX], bool *ret_sealed, struct err *e)
{
	const struct store_id id = id_of(ids);
	char path[PATH_MAX];
	int rc = store_begin(s->store, &id, generation, path, e);

	*ret_sealed = rc == -EEXIST;
	if (*ret_sealed) {
		err_clear(e);
		return 0;
	}
	return rc ? rc : path_copy(dst, path, e);
}

int storage_seal(const struct storage *s, const struct storage_ids *ids, const char *generation,
	int64_t taken_ms, bool live, struct err *e)
{
	const struct store_id id = id_of(ids);

	return store_seal(
		s->store, &id, generation, ids->image, live ? STORE_SEALED : STORE_SNAPSHOT, taken_ms, e);
}

void storage_abandon(const struct storage *s, const struct storage_ids *ids, const char *generation)
{
	const struct store_id id = id_of(ids);

	/* What cannot be removed now is swept later. */
	store_abandon(s->store, &id, generation, NULL);
}

int storage_verify(const struct storage *s, const struct storage_ids *ids, const char *generation,
	char dst[static STORAGE_PATH_MAX], struct err *e)
{
	const struct store_id id = id_of(ids);
	auto_free struct store_dump *dump = malloc(sizeof(*dump));
	int rc;

	if (!dump)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory to verify a dump");
	rc = store_verify(s->store, &id, generation, ids->image, dump, e);
	return rc ? rc : path_copy(dst, dump->path, e);
}

int storage_list(const struct storage *s, const struct storage_ids *ids, struct storage_gen *ret, size_t max,
	size_t *ret_n, struct err *e)
{
	const struct store_id id = id_of(ids);
	struct store_list list = {0};
	int rc = store_list(s->store, &id, &list, e);
	size_t first = list.n > max ? list.n - max : 0;

	if (rc)
		return rc;
	for (size_t i = first; i < list.n; i++) {
		str_copy(ret[i - first].name, sizeof(ret[0].name), list.generations[i]);
		ret[i - first].taken_ms = store_generation_ms(list.generations[i]);
	}
	*ret_n = list.n - first;
	store_list_free(&list);
	return 0;
}

int storage_remove(
	const struct storage *s, const struct storage_ids *ids, const char *generation, struct err *e)
{
	const struct store_id id = id_of(ids);
	int rc = store_remove(s->store, &id, generation, e);

	return rc ? rc : store_abandon(s->store, &id, generation, e);
}

int storage_remove_pod(const struct storage *s, const struct storage_ids *ids, struct err *e)
{
	return store_remove_pod(s->store, ids->namespace_, ids->pod_uid, e);
}

void storage_sweep(const struct storage *s)
{
	store_sweep(s->store, clock_wall_ms() - UNFINISHED_MS, NULL);
}
