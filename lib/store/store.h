/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store: a directory that all nodes see, with the dumps of containers. A dump is complete or absent: it
 * is made in a temporary directory, hashed, sealed with a MAC that binds it to namespace, pod UID, container,
 * image and generation, made durable and renamed. What is read back is believed only after store_verify. It
 * is not encryption: who can read the directory can read memory.
 *
 *   <root>/<namespace>/<pod uid>/<container>/<generation>/manifest.json, upper.tar, img/...
 *                                           /.tmp-<generation>/   being made
 *
 * Functions block (run them by loop_work). A struct store does not change after store_open: any number of
 * threads may use it, as long as two do not make, seal or remove the same generation at once. Other nodes may
 * use other generations at any time.
 */
#ifndef ESCAPE_STORE_STORE_H
#define ESCAPE_STORE_STORE_H

#include <base/err.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STORE_KEY_LEN 32
/* "<wall ms, 13 digits>-<8 hex>": sorts by time. */
#define STORE_GENERATION_MAX 23
/* Of an image's identity. */
#define STORE_IMAGE_MAX 256

struct store;

/* Whose dump; borrowed for the call. Of a successor these are the names of the pod it takes over from. */
struct store_id {
	const char *namespace_;
	const char *pod_uid;
	const char *container;
};

enum store_kind { STORE_SNAPSHOT, STORE_SEALED };

/* root must exist (a mount that is missing must not be replaced by a local directory in silence); the key is
 * copied. -ENOENT, -EACCES, -EROFS, -ENOSPC ... StoreNotWritable, with the remedy. */
int store_open(
	const char *root, const unsigned char key[static STORE_KEY_LEN], struct store **ret, struct err *e);
void store_close(struct store *s); /* takes NULL; forgets the key */
/* The same check again, for a condition that is kept up to date. */
int store_check(const struct store *s, struct err *e);

int store_generation_new(int64_t wall_ms, char dst[static STORE_GENERATION_MAX]);
bool store_generation_valid(const char *generation);
int64_t store_generation_ms(const char *generation); /* -1 when it is not valid */

/*
 * Makes an empty temporary directory (mode 0700; what an earlier attempt left under this name is removed
 * first) and says its absolute path. -EEXIST when the generation is there already.
 */
int store_begin(const struct store *s, const struct store_id *id, const char *generation,
	char dst[static PATH_MAX], struct err *e);
/*
 * Hashes what is in the temporary directory, writes the manifest, makes all of it durable and renames it.
 * Regular files and directories only (-EINVAL DumpUnsafe). Idempotent: sealed before, it verifies what is
 * there. On failure the temporary directory stays for store_abandon.
 */
int store_seal(const struct store *s, const struct store_id *id, const char *generation, const char *image,
	enum store_kind kind, int64_t now_ms, struct err *e);
/* Removes the temporary directory. Absent is success. */
int store_abandon(const struct store *s, const struct store_id *id, const char *generation, struct err *e);

struct store_dump {
	char path[PATH_MAX]; /* absolute, for the keeper */
	enum store_kind kind;
	int64_t created_ms;
	uint64_t bytes; /* of all files */
};
/*
 * Is this exactly the dump that was sealed for this container, image and generation? 0 fills *ret (may be
 * NULL). Else a message that says what was wrong, and the code and reason:
 * - ENODATA DumpIncomplete: no such dump, no manifest, a file missing or cut short
 * - EBADMSG DumpAltered: manifest or MAC wrong, a file changed, added, or not a regular file
 * - EPERM DumpOfAnotherPod: authentic, but sealed for another namespace, pod or container
 * - ESTALE DumpOfAnotherImage: authentic, but of another image
 * - anything else StoreUnreadable: it could not be read
 */
int store_verify(const struct store *s, const struct store_id *id, const char *generation, const char *image,
	struct store_dump *ret, struct err *e);

struct store_list {
	char (*generations)[STORE_GENERATION_MAX]; /* ascending by time */
	size_t n;
};
/* The generations that are there (not verified), at most 4,096. Without any the list is empty. */
int store_list(const struct store *s, const struct store_id *id, struct store_list *ret, struct err *e);
void store_list_free(struct store_list *l);

/* Gone at once for every reader, then from the disk. Absent is success. */
int store_remove(const struct store *s, const struct store_id *id, const char *generation, struct err *e);
/* Everything of one container; of one pod. */
int store_remove_container(const struct store *s, const struct store_id *id, struct err *e);
int store_remove_pod(const struct store *s, const char *namespace_, const char *pod_uid, struct err *e);
/* Removes all but the newest `keep` generations, and never `protect` (NULL: none). */
int store_retain(
	const struct store *s, const struct store_id *id, size_t keep, const char *protect, struct err *e);
/* Removes what crashes left behind anywhere in the store: temporary directories whose generation is older
 * than before_ms, and half-removed dumps. */
int store_sweep(const struct store *s, int64_t before_ms, struct err *e);
/* Bytes in files: of one container (id), or of the whole store (NULL). */
int store_usage(const struct store *s, const struct store_id *id, uint64_t *ret_bytes, struct err *e);

#endif
