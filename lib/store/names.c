/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include <base/cleanup.h>
#include <base/io.h>
#include <base/str.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#define MS_DIGITS 13
#define HEX_DIGITS 8

int store_generation_new(int64_t wall_ms, char dst[static STORE_GENERATION_MAX])
{
	uint32_t random;

	if (wall_ms < 0 || wall_ms > 9999999999999)
		return -ERANGE;
	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return -EIO;
	return str_fmt(dst, STORE_GENERATION_MAX, "%013lld-%08x", (long long)wall_ms, random);
}

bool store_generation_valid(const char *generation)
{
	return generation && strlen(generation) == STORE_GENERATION_MAX - 1 &&
	       strspn(generation, "0123456789") == MS_DIGITS && generation[MS_DIGITS] == '-' &&
	       strspn(generation + MS_DIGITS + 1, "0123456789abcdef") == HEX_DIGITS;
}

int64_t store_generation_ms(const char *generation)
{
	char digits[MS_DIGITS + 1];
	int64_t ms = -1;

	if (!store_generation_valid(generation))
		return -1;
	memcpy(digits, generation, MS_DIGITS);
	digits[MS_DIGITS] = '\0';
	str_parse_i64(digits, 0, INT64_MAX, &ms);
	return ms;
}

int store_unreadable(struct err *e, int code, const char *what, const char *where)
{
	return err_set(e, code, "StoreUnreadable", "%s %.300s: %s", what, *where ? where : "the dump",
		strerror(-code));
}

static int bad_name(struct err *e, const char *what, const char *name)
{
	return err_set(e, -EINVAL, "BadDumpName", "\"%.100s\" is no %s", name ? name : "", what);
}

int store_id_check(const struct store_id *id, struct err *e)
{
	if (!str_is_dns_name(id->namespace_, false))
		return bad_name(e, "namespace", id->namespace_);
	if (!str_is_uid(id->pod_uid))
		return bad_name(e, "pod UID", id->pod_uid);
	if (!str_is_dns_name(id->container, false))
		return bad_name(e, "container name", id->container);
	return 0;
}

int store_names_check(const struct store_id *id, const char *generation, struct err *e)
{
	int rc = store_id_check(id, e);

	if (!rc && !store_generation_valid(generation))
		rc = bad_name(e, "generation", generation);
	return rc;
}

int store_open_dir(int dirfd, const char *name)
{
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* A new directory is durable before anything in it is. */
static int make_dir(int dirfd, const char *name)
{
	if (mkdirat(dirfd, name, 0700) == 0)
		return fsync(dirfd) ? -errno : 0;
	return errno == EEXIST ? 0 : -errno;
}

int store_open_container(const struct store *s, const struct store_id *id, bool create)
{
	const char *const levels[] = {id->namespace_, id->pod_uid, id->container};
	auto_close int fd = fcntl(s->root_fd, F_DUPFD_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	for (size_t i = 0; i < ARRAY_LEN(levels); i++) {
		int rc = create ? make_dir(fd, levels[i]) : 0;
		int down = rc ? rc : store_open_dir(fd, levels[i]);

		if (down < 0)
			return down;
		close(fd);
		fd = down;
	}
	return TAKE_FD(fd);
}

DIR *store_opendir(int fd)
{
	auto_close int own = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = own < 0 ? NULL : fdopendir(own);

	if (d)
		(void)TAKE_FD(own);
	return d;
}

const struct dirent *store_next(DIR *d)
{
	const struct dirent *entry;

	do {
		errno = 0;
		entry = readdir(d);
	} while (entry && (str_eq(entry->d_name, ".") || str_eq(entry->d_name, "..")));
	return entry;
}

int store_path(const struct store *s, const struct store_id *id, const char *prefix, const char *generation,
	char dst[static PATH_MAX], struct err *e)
{
	if (str_fmt(dst, PATH_MAX, "%s/%s/%s/%s/%s%s", s->root, id->namespace_, id->pod_uid, id->container,
		    prefix, generation))
		return err_set(e, -ENAMETOOLONG, "BadDumpName", "the path of the dump is too long");
	return 0;
}

/* Relative to the descriptor, whatever happened to the directories above it. */
static int remove_at(int dirfd, const char *name)
{
	char path[NAME_MAX + 64];
	int rc = str_fmt(path, sizeof(path), "/proc/self/fd/%d/%s", dirfd, name);

	return rc ? rc : io_remove_tree(path);
}

/* Nobody lists or verifies what begins with a dot. */
static int hide(int dirfd, const char *name, char dst[static NAME_MAX + 1])
{
	int rc = str_fmt(dst, NAME_MAX + 1, STORE_GONE_PREFIX "%s", name);

	/* What an interrupted removal of the same name left would be in the way. */
	if (!rc)
		rc = remove_at(dirfd, dst);
	if (!rc && renameat(dirfd, name, dirfd, dst))
		rc = -errno;
	return rc;
}

int store_drop(int dirfd, const char *name)
{
	char hidden[NAME_MAX + 1];
	int rc;

	if (*name == '.')
		return remove_at(dirfd, name);
	rc = hide(dirfd, name, hidden);
	if (rc)
		return rc == -ENOENT ? 0 : rc;
	return remove_at(dirfd, hidden);
}
