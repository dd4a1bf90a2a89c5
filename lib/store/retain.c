/* SPDX-License-Identifier: Apache-2.0 */
/* What is there, how much it is, and how it goes. */
#include "internal.h"

#include <base/cleanup.h>
#include <base/str.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static int remove_failed(struct err *e, int code, const char *name)
{
	return err_set(e, code, "StoreWriteFailed", "cannot remove %.200s: %s", name, strerror(-code));
}

static int list_add(struct store_list *l, const char *generation)
{
	if (!l->generations) {
		l->generations = calloc(STORE_LISTED_MAX, sizeof(*l->generations));
		if (!l->generations)
			return -ENOMEM;
	}
	return str_copy(l->generations[l->n++], STORE_GENERATION_MAX, generation);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

static int list_fill(int fd, struct store_list *l)
{
	auto_closedir DIR *d = store_opendir(fd);
	const struct dirent *entry;

	if (!d)
		return -errno;
	while (l->n < STORE_LISTED_MAX && (entry = store_next(d))) {
		int rc = store_generation_valid(entry->d_name) ? list_add(l, entry->d_name) : 0;

		if (rc)
			return rc;
	}
	if (l->n < STORE_LISTED_MAX && errno)
		return -errno;
	if (l->n)
		qsort(l->generations, l->n, sizeof(*l->generations), by_name);
	return 0;
}

int store_list(const struct store *s, const struct store_id *id, struct store_list *ret, struct err *e)
{
	struct store_list l = {0};
	int rc = store_id_check(id, e);

	if (rc)
		return rc;

	auto_close int fd = store_open_container(s, id, false);

	rc = fd < 0 ? fd : list_fill(fd, &l);
	if (rc && rc != -ENOENT) {
		store_list_free(&l);
		return store_unreadable(e, rc, "cannot list the dumps of", id->container);
	}
	*ret = l;
	return 0;
}

void store_list_free(struct store_list *l)
{
	if (!l)
		return;
	free(l->generations);
	*l = (struct store_list){0};
}

int store_remove(const struct store *s, const struct store_id *id, const char *generation, struct err *e)
{
	int rc = store_names_check(id, generation, e);

	if (rc)
		return rc;

	auto_close int fd = store_open_container(s, id, false);

	rc = fd < 0 ? fd : store_drop(fd, generation);
	return rc && rc != -ENOENT ? remove_failed(e, rc, generation) : 0;
}

int store_retain(
	const struct store *s, const struct store_id *id, size_t keep, const char *protect, struct err *e)
{
	struct store_list l = {0};
	int rc = store_list(s, id, &l, e);

	if (rc)
		return rc;
	for (size_t i = 0; !rc && i + keep < l.n; i++)
		if (!str_eq(l.generations[i], protect))
			rc = store_remove(s, id, l.generations[i], e);
	store_list_free(&l);
	return rc;
}

/* Opens the n levels one below the other. */
static int open_levels(const struct store *s, const char *const *levels, size_t n)
{
	auto_close int fd = fcntl(s->root_fd, F_DUPFD_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	for (size_t i = 0; i < n; i++) {
		int down = store_open_dir(fd, levels[i]);

		if (down < 0)
			return down;
		close(fd);
		fd = down;
	}
	return TAKE_FD(fd);
}

int store_remove_container(const struct store *s, const struct store_id *id, struct err *e)
{
	const char *const levels[] = {id->namespace_, id->pod_uid};
	int rc = store_id_check(id, e);

	if (rc)
		return rc;

	auto_close int fd = open_levels(s, levels, ARRAY_LEN(levels));

	rc = fd < 0 ? fd : store_drop(fd, id->container);
	return rc && rc != -ENOENT ? remove_failed(e, rc, id->container) : 0;
}

int store_remove_pod(const struct store *s, const char *namespace_, const char *pod_uid, struct err *e)
{
	int rc;

	if (!str_is_dns_name(namespace_, false) || !str_is_uid(pod_uid))
		return err_set(e, -EINVAL, "BadDumpName", "namespace or pod UID is no name");

	auto_close int fd = open_levels(s, &namespace_, 1);

	rc = fd < 0 ? fd : store_drop(fd, pod_uid);
	return rc && rc != -ENOENT ? remove_failed(e, rc, pod_uid) : 0;
}

#define LEVELS 3 /* namespace, pod, container */

static bool is_stale(const char *name, int64_t before_ms)
{
	if (str_starts(name, STORE_GONE_PREFIX))
		return true;
	return str_starts(name, STORE_TMP_PREFIX) &&
	       store_generation_ms(name + strlen(STORE_TMP_PREFIX)) < before_ms;
}

static int sweep_dir(int fd, int depth, int64_t before_ms)
{
	auto_closedir DIR *d = store_opendir(fd);
	const struct dirent *entry;

	if (!d)
		return -errno;
	while ((entry = store_next(d))) {
		int rc = 0;

		if (is_stale(entry->d_name, before_ms)) {
			rc = store_drop(fd, entry->d_name);
		} else if (depth < LEVELS) {
			auto_close int down = store_open_dir(fd, entry->d_name);

			rc = down < 0 ? down : sweep_dir(down, depth + 1, before_ms);
		}
		/* Somebody else's file, or one that another node removed first. */
		if (rc && rc != -ENOENT && rc != -ENOTDIR && rc != -ELOOP)
			return rc;
	}
	return -errno;
}

int store_sweep(const struct store *s, int64_t before_ms, struct err *e)
{
	int rc = sweep_dir(s->root_fd, 0, before_ms);

	return rc ? remove_failed(e, rc, "what was left behind in the store") : 0;
}

#define USAGE_DEPTH_MAX 8

static int usage_dir(int fd, int depth, uint64_t *bytes)
{
	auto_closedir DIR *d = store_opendir(fd);
	const struct dirent *entry;

	if (!d)
		return -errno;
	while ((entry = store_next(d))) {
		struct stat st;

		if (fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW)) {
			if (errno == ENOENT)
				continue;
			return -errno;
		}
		if (S_ISREG(st.st_mode))
			*bytes += (uint64_t)st.st_size;
		if (S_ISDIR(st.st_mode) && depth < USAGE_DEPTH_MAX) {
			auto_close int down = store_open_dir(fd, entry->d_name);
			int rc = down < 0 ? down : usage_dir(down, depth + 1, bytes);

			if (rc && rc != -ENOENT)
				return rc;
		}
	}
	return -errno;
}

int store_usage(const struct store *s, const struct store_id *id, uint64_t *ret_bytes, struct err *e)
{
	uint64_t bytes = 0;
	int rc = id ? store_id_check(id, e) : 0;

	if (rc)
		return rc;

	auto_close int fd = id ? store_open_container(s, id, false) : fcntl(s->root_fd, F_DUPFD_CLOEXEC, 0);

	rc = fd < 0 ? (fd == -ENOENT ? 0 : fd) : usage_dir(fd, 0, &bytes);
	if (rc)
		return store_unreadable(e, rc, "cannot measure", id ? id->container : s->root);
	*ret_bytes = bytes;
	return 0;
}
