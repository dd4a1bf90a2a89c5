/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent's use of the shared store: whose dump, which generation, where. Every call blocks (hashing,
 * fsync, a network file system) and may run on a pool thread; a struct storage does not change once it is
 * open. Not here: what is safe, what is kept.
 */
#ifndef ESCAPE_AGENT_STORAGE_H
#define ESCAPE_AGENT_STORAGE_H

#include <api/names.h>
#include <base/err.h>
#include <stdbool.h>
#include <stdint.h>

#define STORAGE_KEY_SIZE 32
#define STORAGE_GENERATION_MAX 40 /* of the API; the store's own are shorter */
#define STORAGE_PATH_MAX 512
#define STORAGE_GENERATIONS_MAX 64

struct storage;

struct storage_ids {
	char namespace_[API_LABEL_MAX];
	char pod_uid[API_UID_MAX];
	char container[API_LABEL_MAX];
	char image[256];
};

struct storage_gen {
	char name[STORAGE_GENERATION_MAX];
	int64_t taken_ms;
};

int storage_open(const char *root, const unsigned char key[static STORAGE_KEY_SIZE], struct storage **ret,
	struct err *e);
void storage_close(struct storage *s);
/* Is the directory still writable? */
int storage_check(const struct storage *s, struct err *e);

/* Sortable: "<wall ms, 13 digits>-<8 hex of what is hashed>". */
void storage_generation(char dst[static STORAGE_GENERATION_MAX], int64_t taken_ms, const char *hashed);
/* Directory that the keeper dumps into, empty. *ret_sealed: there is a sealed dump of that name already, and
 * no directory. */
int storage_begin(const struct storage *s, const struct storage_ids *ids, const char *generation,
	char dst[static STORAGE_PATH_MAX], bool *ret_sealed, struct err *e);
/* live: the source of a Live move; else a periodic snapshot. */
int storage_seal(const struct storage *s, const struct storage_ids *ids, const char *generation,
	int64_t taken_ms, bool live, struct err *e);
void storage_abandon(const struct storage *s, const struct storage_ids *ids, const char *generation);
/* Complete, unaltered, and of this container: its directory in dst. */
int storage_verify(const struct storage *s, const struct storage_ids *ids, const char *generation,
	char dst[static STORAGE_PATH_MAX], struct err *e);
/* Sealed generations, oldest first; the newest ones when there are more than max. */
int storage_list(const struct storage *s, const struct storage_ids *ids, struct storage_gen *ret, size_t max,
	size_t *ret_n, struct err *e);
/* Sealed or unfinished. */
int storage_remove(
	const struct storage *s, const struct storage_ids *ids, const char *generation, struct err *e);
/* Everything of the pod that the ids name. */
int storage_remove_pod(const struct storage *s, const struct storage_ids *ids, struct err *e);
/* What agents that died left unfinished anywhere in the store. */
void storage_sweep(const struct storage *s);

#endif
