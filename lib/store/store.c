/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"
#include "manifest.h"

#include <base/cleanup.h>
#include <base/io.h>
#include <base/str.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <string.h>
#include <sys/stat.h>

static int not_writable(struct err *e, int code, const char *root)
{
	const char *remedy = "mount the shared volume there on every node";

	if (code == -EACCES || code == -EPERM)
		remedy = "give root on the node the right to write there (on NFS: no_root_squash)";
	else if (code == -EROFS)
		remedy = "mount it read-write";
	else if (code == -ENOSPC || code == -EDQUOT)
		remedy = "free space there or enlarge the volume";
	else if (code == -ESTALE || code == -EIO)
		remedy = "the file server is gone or was replaced; mount it again";
	return err_set(e, code, "StoreNotWritable", "the store %s: %s; %s", root, strerror(-code), remedy);
}

/* A node that can write and rename here can do all that the store does. */
static int probe(int root_fd)
{
	char name[40], renamed[48];
	char generation[STORE_GENERATION_MAX];
	int rc = store_generation_new(0, generation);

	if (rc || str_fmt(name, sizeof(name), STORE_TMP_PREFIX "%s", generation) ||
		str_fmt(renamed, sizeof(renamed), "%s-ok", name))
		return rc ? rc : -ENAMETOOLONG;

	auto_close int fd = openat(root_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return -errno;
	rc = io_write_all(fd, "escape\n", 7);
	if (!rc && (fsync(fd) || renameat(root_fd, name, root_fd, renamed)))
		rc = -errno;
	unlinkat(root_fd, rc ? name : renamed, 0);
	return rc;
}

int store_check(const struct store *s, struct err *e)
{
	int rc = probe(s->root_fd);

	return rc ? not_writable(e, rc, s->root) : 0;
}

int store_open(
	const char *root, const unsigned char key[static STORE_KEY_LEN], struct store **ret, struct err *e)
{
	struct store *s = calloc(1, sizeof(*s));
	int rc;

	if (!s)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for the store");
	memcpy(s->key, key, STORE_KEY_LEN);
	s->root_fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	rc = s->root_fd < 0 ? not_writable(e, -errno, root) : 0;
	if (!rc && !(s->root = realpath(root, NULL)))
		rc = not_writable(e, -errno, root);
	if (!rc)
		rc = store_check(s, e);
	if (rc) {
		store_close(s);
		return rc;
	}
	*ret = s;
	return 0;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	if (s->root_fd >= 0)
		close(s->root_fd);
	free(s->root);
	OPENSSL_cleanse(s, sizeof(*s));
	free(s);
}

static int write_failed(struct err *e, int code, const char *what)
{
	return err_set(e, code, "StoreWriteFailed", "cannot %s: %s", what, strerror(-code));
}

int store_begin(const struct store *s, const struct store_id *id, const char *generation,
	char dst[static PATH_MAX], struct err *e)
{
	char tmp[NAME_MAX + 1];
	struct stat st;
	int rc = store_names_check(id, generation, e);

	if (!rc)
		rc = store_path(s, id, STORE_TMP_PREFIX, generation, dst, e);
	if (rc)
		return rc;

	auto_close int fd = store_open_container(s, id, true);

	if (fd < 0)
		return write_failed(e, fd, "make the directory of the container");
	if (fstatat(fd, generation, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return err_set(e, -EEXIST, "DumpExists", "generation %s is there already", generation);
	str_fmt(tmp, sizeof(tmp), STORE_TMP_PREFIX "%s", generation);
	rc = store_drop(fd, tmp);
	if (!rc && mkdirat(fd, tmp, 0700))
		rc = -errno;
	return rc ? write_failed(e, rc, "make a temporary directory") : 0;
}

int store_abandon(const struct store *s, const struct store_id *id, const char *generation, struct err *e)
{
	char tmp[NAME_MAX + 1];
	int rc = store_names_check(id, generation, e);

	if (rc)
		return rc;

	auto_close int fd = store_open_container(s, id, false);

	if (fd < 0)
		return fd == -ENOENT ? 0 : write_failed(e, fd, "open the directory of the container");
	str_fmt(tmp, sizeof(tmp), STORE_TMP_PREFIX "%s", generation);
	rc = store_drop(fd, tmp);
	return rc ? write_failed(e, rc, "remove a temporary directory") : 0;
}
