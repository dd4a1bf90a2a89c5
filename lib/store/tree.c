/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include <base/cleanup.h>
#include <base/str.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <string.h>
#include <sys/stat.h>

#define TREE_DEPTH_MAX 4
#define READ_SIZE ((size_t)1 << 20)

struct listing {
	struct dump_tree tree;
	size_t cap;
	struct err *e;
};

static int unsafe(struct listing *l, const char *path, const char *what)
{
	return err_set(l->e, -EINVAL, "DumpUnsafe", "%.255s %s", path, what);
}

static int file_add(struct listing *l, const char *path, int64_t size)
{
	struct dump_tree *t = &l->tree;

	if (t->n == DUMP_FILES_MAX)
		return err_set(l->e, -EINVAL, "DumpUnsafe", "more than %d files", DUMP_FILES_MAX);
	if (t->n == l->cap) {
		size_t cap = l->cap ? 2 * l->cap : 64;
		struct dump_file *grown = reallocarray(t->files, cap, sizeof(*grown));

		if (!grown)
			return err_set(l->e, -ENOMEM, "OutOfMemory", "no memory for %zu files", cap);
		t->files = grown;
		l->cap = cap;
	}
	t->files[t->n] = (struct dump_file){.size = size};
	str_copy(t->files[t->n].path, DUMP_PATH_MAX, path);
	t->n++;
	return 0;
}

static bool name_is_plain(const char *name)
{
	for (; *name; name++)
		if (*name <= ' ' || *name >= 0x7f)
			return false;
	return true;
}

static int dir_list(struct listing *l, int fd, const char *path, int depth);

static int entry_list(struct listing *l, int dirfd, const char *dir, const char *name, int depth)
{
	char path[DUMP_PATH_MAX];
	struct stat st;

	if (!name_is_plain(name) || str_fmt(path, sizeof(path), "%s%s%s", dir, *dir ? "/" : "", name))
		return unsafe(l, dir, "has a file whose name is too long or odd");
	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW))
		return store_unreadable(l->e, -errno, "cannot look at", path);
	if (S_ISREG(st.st_mode))
		return !*dir && str_eq(name, STORE_MANIFEST) ? 0 : file_add(l, path, st.st_size);
	if (!S_ISDIR(st.st_mode))
		return unsafe(l, path, "is neither a regular file nor a directory");
	if (depth == TREE_DEPTH_MAX)
		return unsafe(l, path, "is too deep");

	auto_close int fd = store_open_dir(dirfd, name);

	return fd < 0 ? store_unreadable(l->e, fd, "cannot open", path) : dir_list(l, fd, path, depth + 1);
}

static int dir_list(struct listing *l, int fd, const char *path, int depth)
{
	auto_closedir DIR *d = store_opendir(fd);
	const struct dirent *entry;

	if (!d)
		return store_unreadable(l->e, -errno, "cannot open", path);
	while ((entry = store_next(d))) {
		int rc = entry_list(l, fd, path, entry->d_name, depth);

		if (rc)
			return rc;
	}
	return errno ? store_unreadable(l->e, -errno, "cannot read", path) : 0;
}

static int by_path(const void *a, const void *b)
{
	const struct dump_file *x = a, *y = b;

	return strcmp(x->path, y->path);
}

int tree_list(int dirfd, struct dump_tree *ret, struct err *e)
{
	struct listing l = {.e = e};
	int rc = dir_list(&l, dirfd, "", 0);

	if (rc) {
		tree_free(&l.tree);
		return rc;
	}
	if (l.tree.n)
		qsort(l.tree.files, l.tree.n, sizeof(*l.tree.files), by_path);
	*ret = l.tree;
	return 0;
}

void tree_free(struct dump_tree *t)
{
	free(t->files);
	*t = (struct dump_tree){0};
}

int tree_open(int dirfd, const char *path)
{
	auto_close int dir = fcntl(dirfd, F_DUPFD_CLOEXEC, 0);
	const char *slash;
	int fd;

	if (dir < 0)
		return -errno;
	while ((slash = strchr(path, '/'))) {
		char part[DUMP_PATH_MAX];
		int down;

		if (str_fmt(part, sizeof(part), "%.*s", (int)(slash - path), path))
			return -ENAMETOOLONG;
		down = store_open_dir(dir, part);
		if (down < 0)
			return down;
		close(dir);
		dir = down;
		path = slash + 1;
	}
	fd = openat(dir, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	return fd < 0 ? -errno : fd;
}

/* *ret_size counts what was read; reading stops soon after `limit`, however fast the file grows. */
static int digest(int fd, int64_t limit, EVP_MD_CTX *ctx, int64_t *ret_size)
{
	auto_free unsigned char *chunk = malloc(READ_SIZE);
	int64_t size = 0;

	if (!chunk)
		return -ENOMEM;
	while (size <= limit) {
		ssize_t n = read(fd, chunk, READ_SIZE);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		if (EVP_DigestUpdate(ctx, chunk, (size_t)n) != 1)
			return -EIO;
		size += n;
	}
	*ret_size = size;
	return 0;
}

static int digest_hex(int fd, struct dump_file *f, int64_t *ret_size)
{
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned int len = 0;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int rc = -ENOMEM;

	if (ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1)
		rc = digest(fd, f->size, ctx, ret_size);
	if (!rc && EVP_DigestFinal_ex(ctx, hash, &len) != 1)
		rc = -EIO;
	EVP_MD_CTX_free(ctx);
	for (size_t i = 0; !rc && i < len && 2 * i + 2 < DUMP_SHA256_MAX; i++)
		snprintf(f->sha256 + 2 * i, 3, "%02x", hash[i]);
	return rc;
}

int tree_hash(int dirfd, struct dump_file *f, bool durable, struct err *e)
{
	auto_close int fd = tree_open(dirfd, f->path);
	struct stat st;
	int64_t size = 0;
	int rc;

	if (fd < 0)
		return store_unreadable(e, fd, "cannot open", f->path);
	if (fstat(fd, &st))
		return store_unreadable(e, -errno, "cannot look at", f->path);
	if (!S_ISREG(st.st_mode))
		return err_set(e, -EINVAL, "DumpUnsafe", "%s is not a regular file", f->path);
	rc = digest_hex(fd, f, &size);
	if (!rc && durable && fdatasync(fd))
		rc = -errno;
	if (rc)
		return store_unreadable(e, rc, "cannot read", f->path);
	if (size != f->size)
		return err_set(e, -ERANGE, "DumpUnsafe",
			"%s changed its size from %lld to %lld while it was read", f->path,
			(long long)f->size, (long long)size);
	return 0;
}

int tree_sync_dirs(int dirfd)
{
	auto_closedir DIR *d = store_opendir(dirfd);
	const struct dirent *entry;

	if (!d)
		return -errno;
	while ((entry = store_next(d))) {
		auto_close int fd = store_open_dir(dirfd, entry->d_name);
		int rc = fd >= 0 ? tree_sync_dirs(fd) : fd;

		/* Files say so; their own contents are written out by tree_hash. */
		if (rc && rc != -ENOTDIR)
			return rc;
	}
	if (errno)
		return -errno;
	return fsync(dirfd) ? -errno : 0;
}
