/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest.h"

#include <base/cleanup.h>
#include <base/str.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static int altered(struct err *e, const char *path, const char *what)
{
	return err_set(e, -EBADMSG, "DumpAltered", "%.255s %s", path, what);
}

static int incomplete(struct err *e, const char *path, const char *what)
{
	return err_set(e, -ENODATA, "DumpIncomplete", "%.255s %s", path, what);
}

/* NUL-terminated; caller frees. A file that grows meanwhile is cut at the size it had. */
static int read_whole(int fd, size_t size, char **ret, size_t *ret_len)
{
	auto_free char *text = malloc(size + 1);
	size_t len = 0;

	if (!text)
		return -ENOMEM;
	while (len < size) {
		ssize_t n = read(fd, text + len, size - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	text[len] = '\0';
	*ret = TAKE_PTR(text);
	*ret_len = len;
	return 0;
}

static int manifest_read(int dirfd, struct manifest **ret, struct err *e)
{
	auto_close int fd = tree_open(dirfd, STORE_MANIFEST);
	auto_free char *text = NULL;
	struct stat st;
	size_t len = 0;
	int rc;

	if (fd == -ENOENT)
		return incomplete(e, STORE_MANIFEST, "is missing");
	if (fd == -ELOOP)
		return altered(e, STORE_MANIFEST, "is not a regular file");
	if (fd < 0 || fstat(fd, &st))
		return store_unreadable(e, fd < 0 ? fd : -errno, "cannot open", STORE_MANIFEST);
	if (!S_ISREG(st.st_mode))
		return altered(e, STORE_MANIFEST, "is not a regular file");
	if (st.st_size > MANIFEST_TEXT_MAX)
		return altered(e, STORE_MANIFEST, "is too large");
	rc = read_whole(fd, (size_t)st.st_size, &text, &len);
	if (rc)
		return store_unreadable(e, rc, "cannot read", STORE_MANIFEST);
	return manifest_parse(text, len, ret, e);
}

static int identity_check(const struct manifest *m, const struct store_id *id, const char *generation,
	const char *image, struct err *e)
{
	if (!str_eq(m->namespace_, id->namespace_) || !str_eq(m->pod_uid, id->pod_uid) ||
		!str_eq(m->container, id->container))
		return err_set(e, -EPERM, "DumpOfAnotherPod",
			"sealed for container %s of pod %s in namespace %s, not for %s of %s in %s",
			m->container, m->pod_uid, m->namespace_, id->container, id->pod_uid, id->namespace_);
	if (!str_eq(m->generation, generation))
		return err_set(e, -EBADMSG, "DumpAltered", "sealed as generation %s, found as %s",
			m->generation, generation);
	if (!str_eq(m->image, image))
		return err_set(e, -ESTALE, "DumpOfAnotherImage", "made of image %s, the container has %s",
			m->image, image ? image : "none");
	return 0;
}

static int size_check(const struct dump_file *want, const struct dump_file *got, struct err *e)
{
	char what[80];

	if (want->size == got->size)
		return 0;
	str_fmt(what, sizeof(what), "has %lld bytes instead of %lld", (long long)got->size,
		(long long)want->size);
	return got->size < want->size ? incomplete(e, want->path, what) : altered(e, want->path, what);
}

/* Both lists are sorted: the first difference is a file that is missing or one too many. */
static int names_check(const struct manifest *m, const struct dump_tree *t, struct err *e)
{
	for (size_t i = 0; i < m->n_files || i < t->n; i++) {
		int order = i == m->n_files ? 1 : i == t->n ? -1 : strcmp(m->files[i].path, t->files[i].path);
		int rc;

		if (order < 0)
			return incomplete(e, m->files[i].path, "is missing");
		if (order > 0)
			return altered(e, t->files[i].path, "is not in the manifest");
		rc = size_check(&m->files[i], &t->files[i], e);
		if (rc)
			return rc;
	}
	return 0;
}

static int contents_check(int fd, const struct manifest *m, struct dump_tree *t, struct err *e)
{
	for (size_t i = 0; i < t->n; i++) {
		int rc = tree_hash(fd, &t->files[i], false, e);

		if (rc == -ERANGE || rc == -EINVAL || rc == -ELOOP)
			return altered(e, t->files[i].path, "changed while it was read");
		if (rc)
			return rc;
		if (!str_eq(t->files[i].sha256, m->files[i].sha256))
			return altered(e, t->files[i].path, "has other contents than were sealed");
	}
	return 0;
}

static int files_check(int fd, const struct manifest *m, struct err *e)
{
	struct dump_tree tree;
	struct err why = {0};
	int rc = tree_list(fd, &tree, &why);

	if (rc == -EINVAL)
		return err_set(e, -EBADMSG, "DumpAltered", "%s", why.message);
	if (rc)
		return err_set(e, rc, why.reason, "%s", why.message);
	rc = names_check(m, &tree, e);
	if (!rc)
		rc = contents_check(fd, m, &tree, e);
	tree_free(&tree);
	return rc;
}

static int dump_open(const struct store *s, const struct store_id *id, const char *generation, struct err *e)
{
	auto_close int container_fd = store_open_container(s, id, false);
	int fd = container_fd < 0 ? container_fd : store_open_dir(container_fd, generation);

	if (fd == -ENOENT)
		return incomplete(e, generation, "is not in the store");
	if (fd == -ENOTDIR || fd == -ELOOP)
		return altered(e, generation, "is not a directory");
	return fd < 0 ? store_unreadable(e, fd, "cannot open", generation) : fd;
}

static int result_fill(const struct store *s, const struct store_id *id, const struct manifest *m,
	struct store_dump *ret, struct err *e)
{
	int rc = store_path(s, id, "", m->generation, ret->path, e);

	if (rc)
		return rc;
	ret->kind = m->kind;
	ret->created_ms = m->created_ms;
	ret->bytes = 0;
	for (size_t i = 0; i < m->n_files; i++)
		ret->bytes += (uint64_t)m->files[i].size;
	return 0;
}

int store_verify(const struct store *s, const struct store_id *id, const char *generation, const char *image,
	struct store_dump *ret, struct err *e)
{
	auto_free struct manifest *m = NULL;
	int rc = store_names_check(id, generation, e);

	if (rc)
		return rc;

	auto_close int fd = dump_open(s, id, generation, e);

	if (fd < 0)
		return fd;
	rc = manifest_read(fd, &m, e);
	if (!m)
		return rc;
	if (!manifest_is_authentic(m, s->key))
		return altered(e, STORE_MANIFEST, "does not bear this cluster's seal");
	rc = identity_check(m, id, generation, image, e);
	if (!rc)
		rc = files_check(fd, m, e);
	if (!rc && ret)
		rc = result_fill(s, id, m, ret, e);
	return rc;
}
