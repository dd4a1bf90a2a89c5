/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest.h"

#include <base/cleanup.h>
#include <base/io.h>
#include <base/str.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

static int hash_all(int fd, struct manifest *m, struct err *e)
{
	struct dump_tree tree;
	int rc = tree_list(fd, &tree, e);

	if (rc)
		return rc;
	if (!tree.n)
		rc = err_set(e, -EINVAL, "DumpUnsafe", "the dump is empty");
	for (size_t i = 0; !rc && i < tree.n; i++) {
		rc = tree_hash(fd, &tree.files[i], true, e);
		m->files[i] = tree.files[i];
	}
	m->n_files = tree.n;
	tree_free(&tree);
	return rc;
}

static int image_check(const char *image, struct err *e)
{
	size_t len = image ? strlen(image) : 0;

	for (size_t i = 0; i < len; i++)
		if (image[i] <= ' ' || image[i] >= 0x7f)
			len = 0;
	if (!len || len >= STORE_IMAGE_MAX)
		return err_set(e, -EINVAL, "BadDumpName", "the image must be 1 to %d printable characters",
			STORE_IMAGE_MAX - 1);
	return 0;
}

static int manifest_new(const struct store_id *id, const char *generation, const char *image,
	enum store_kind kind, int64_t now_ms, struct manifest **ret, struct err *e)
{
	struct manifest *m;
	int rc = image_check(image, e);

	if (rc)
		return rc;
	m = calloc(1, sizeof(*m));
	if (!m)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for a manifest");
	/* Names that were checked fit. */
	str_copy(m->namespace_, sizeof(m->namespace_), id->namespace_);
	str_copy(m->pod_uid, sizeof(m->pod_uid), id->pod_uid);
	str_copy(m->container, sizeof(m->container), id->container);
	str_copy(m->image, sizeof(m->image), image);
	str_copy(m->generation, sizeof(m->generation), generation);
	m->version = MANIFEST_VERSION;
	m->created_ms = now_ms;
	m->kind = kind;
	*ret = m;
	return 0;
}

static int manifest_write(int fd, const char *text)
{
	/* What an interrupted seal left. */
	if (unlinkat(fd, STORE_MANIFEST, 0) && errno != ENOENT)
		return -errno;

	auto_close int file =
		openat(fd, STORE_MANIFEST, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int rc;

	if (file < 0)
		return -errno;
	rc = io_write_all(file, text, strlen(text));
	if (!rc && fdatasync(file))
		rc = -errno;
	return rc;
}

static int publish(int container_fd, int fd, const char *tmp, const char *generation, const char *text)
{
	int rc = manifest_write(fd, text);

	if (!rc)
		rc = tree_sync_dirs(fd);
	/* A generation is never empty, so the rename never replaces one. */
	if (!rc && renameat(container_fd, tmp, container_fd, generation))
		rc = -errno;
	if (!rc && fsync(container_fd))
		rc = -errno;
	return rc;
}

static int seal_open(
	const struct store *s, int container_fd, int fd, const char *tmp, struct manifest *m, struct err *e)
{
	auto_free char *text = NULL;
	int rc = hash_all(fd, m, e);

	if (rc)
		return rc;
	text = manifest_print(m, s->key);
	if (!text)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for a manifest");
	if (strlen(text) > MANIFEST_TEXT_MAX)
		return err_set(e, -EFBIG, "DumpUnsafe", "too many files for a manifest");
	rc = publish(container_fd, fd, tmp, m->generation, text);
	if (rc)
		return err_set(e, rc, "StoreWriteFailed", "cannot write generation %s: %s", m->generation,
			strerror(-rc));
	return 0;
}

int store_seal(const struct store *s, const struct store_id *id, const char *generation, const char *image,
	enum store_kind kind, int64_t now_ms, struct err *e)
{
	auto_free struct manifest *m = NULL;
	char tmp[NAME_MAX + 1];
	int rc = store_names_check(id, generation, e);

	if (!rc)
		rc = manifest_new(id, generation, image, kind, now_ms, &m, e);
	if (!m)
		return rc;

	auto_close int container_fd = store_open_container(s, id, false);

	if (container_fd < 0)
		return store_unreadable(e, container_fd, "cannot open the directory of", id->container);
	str_fmt(tmp, sizeof(tmp), STORE_TMP_PREFIX "%s", generation);

	auto_close int fd = store_open_dir(container_fd, tmp);

	if (fd == -ENOENT)
		return store_verify(s, id, generation, image, NULL, e);
	if (fd < 0)
		return store_unreadable(e, fd, "cannot open", tmp);
	return seal_open(s, container_fd, fd, tmp, m, e);
}
