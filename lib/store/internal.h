/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of lib/store share: the walk through directories that nobody may bend with a link, and trees
 * of files. */
#ifndef ESCAPE_STORE_INTERNAL_H
#define ESCAPE_STORE_INTERNAL_H

#include <dirent.h>
#include <store/store.h>

struct store {
	int root_fd;
	char *root; /* absolute */
	unsigned char key[STORE_KEY_LEN];
};

#define STORE_TMP_PREFIX ".tmp-"
#define STORE_GONE_PREFIX ".gone-"
#define STORE_MANIFEST "manifest.json"
#define STORE_LISTED_MAX 4096

/* "StoreUnreadable" for `what` at `where`; returns code. */
int store_unreadable(struct err *e, int code, const char *what, const char *where);

/* -EINVAL BadDumpName unless all of them may stand in a path. */
int store_id_check(const struct store_id *id, struct err *e);
int store_names_check(const struct store_id *id, const char *generation, struct err *e);
/* Directory of the container, created on the way when asked. An fd, or -errno (-ENOENT: nothing there). */
int store_open_container(const struct store *s, const struct store_id *id, bool create);
/* One level down, never through a link. An fd, or -errno. */
int store_open_dir(int dirfd, const char *name);
/* A directory stream of its own on what fd names. NULL with errno. */
DIR *store_opendir(int fd);
/* The next entry but "." and "..", NULL at the end or (with errno) when it fails. */
const struct dirent *store_next(DIR *d);
/* "<root>/<ns>/<uid>/<container>/<prefix><generation>". */
int store_path(const struct store *s, const struct store_id *id, const char *prefix, const char *generation,
	char dst[static PATH_MAX], struct err *e);
/* Takes name away from every reader by a rename, then removes it from the disk. Absent is success. */
int store_drop(int dirfd, const char *name);

#define DUMP_FILES_MAX 4096
#define DUMP_PATH_MAX 256
#define DUMP_SHA256_MAX 65 /* hex */

struct dump_file {
	char path[DUMP_PATH_MAX]; /* relative, e.g. "img/pages-1.img" */
	int64_t size;
	char sha256[DUMP_SHA256_MAX];
};

struct dump_tree {
	struct dump_file *files; /* in the order of strcmp on path */
	size_t n;
};

/* Lists the regular files below dirfd except the manifest, without hashes. -EINVAL DumpUnsafe for anything
 * but regular files and directories, or too many, too deep, oddly named. Frees nothing on failure that was
 * not its own. */
int tree_list(int dirfd, struct dump_tree *ret, struct err *e);
void tree_free(struct dump_tree *t);
/* Opens a file for reading, component by component: a directory that became a link leads nowhere, a FIFO does
 * not block. An fd, or -errno. */
int tree_open(int dirfd, const char *path);
/* Hash of one listed file into f->sha256. -ERANGE when its size is no longer f->size; `durable` also writes
 * it out. */
int tree_hash(int dirfd, struct dump_file *f, bool durable, struct err *e);
/* fsync of dirfd and of every directory below it. */
int tree_sync_dirs(int dirfd);

#endif
