/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Removing trees that a container may have filled: symbolic links are never followed, mounts are never
 * entered, and a tree of any depth takes a bounded number of descriptors and stack frames.
 */
#include <base/io.h>

#include <base/cleanup.h>
#include <base/str.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#define DEPTH_MAX 64

struct removal {
	int top;        /* the directory being removed */
	uint64_t moved; /* deep directories moved up so far */
	bool again;     /* something was moved into top after it had been read */
};

static int check_not_mount(int fd)
{
	struct statx st;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_TYPE, &st) < 0)
		return -errno;
	return st.stx_attributes & STATX_ATTR_MOUNT_ROOT ? -EBUSY : 0;
}

/* Instead of going deeper: the directory goes up to the top, where the next pass meets it. */
static int move_up(struct removal *rm, int dir, const char *name)
{
	char up[64];

	do {
		if (str_fmt(up, sizeof(up), ".removing-%llu", (unsigned long long)rm->moved++) < 0)
			return -EOVERFLOW;
		if (renameat2(dir, name, rm->top, up, RENAME_NOREPLACE) == 0) {
			rm->again = true;
			return 0;
		}
	} while (errno == EEXIST);
	return -errno;
}

static int empty_dir(struct removal *rm, int fd, int depth);

static int remove_dir(struct removal *rm, int dir, const char *name, int depth)
{
	if (unlinkat(dir, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	if (errno != ENOTEMPTY && errno != EEXIST)
		return -errno;
	if (depth >= DEPTH_MAX)
		return move_up(rm, dir, name);

	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return -errno;

	int r = empty_dir(rm, fd, depth + 1);

	if (r < 0)
		return r;
	return unlinkat(dir, name, AT_REMOVEDIR) < 0 && errno != ENOENT ? -errno : 0;
}

static int remove_entry(struct removal *rm, int dir, const char *name, int depth)
{
	if (unlinkat(dir, name, 0) == 0 || errno == ENOENT)
		return 0;
	/* Linux says EISDIR, POSIX EPERM. */
	if (errno != EISDIR && errno != EPERM)
		return -errno;
	return remove_dir(rm, dir, name, depth);
}

/* Takes fd. */
static int empty_dir(struct removal *rm, int fd, int depth)
{
	int r = check_not_mount(fd);
	auto_closedir DIR *d = r < 0 ? NULL : fdopendir(fd);

	if (!d) {
		r = r < 0 ? r : -errno;
		close(fd);
		return r;
	}
	for (;;) {
		errno = 0;

		const struct dirent *e = readdir(d);

		if (!e)
			return -errno;
		if (str_eq(e->d_name, ".") || str_eq(e->d_name, ".."))
			continue;
		r = remove_entry(rm, dirfd(d), e->d_name, depth);
		if (r < 0)
			return r;
	}
}

static int empty_top(int top)
{
	struct removal rm = {.top = top};

	do {
		int fd = openat(top, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (fd < 0)
			return -errno;
		rm.again = false;

		int r = empty_dir(&rm, fd, 0);

		if (r < 0)
			return r;
	} while (rm.again);
	return 0;
}

int io_remove_tree(const char *path)
{
	auto_close int top = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (top < 0 && errno == ENOENT)
		return 0;
	if (top < 0 && errno != ENOTDIR && errno != ELOOP)
		return -errno;
	if (top < 0)
		return unlink(path) < 0 && errno != ENOENT ? -errno : 0;

	int r = empty_top(top);

	if (r < 0)
		return r;
	return rmdir(path) < 0 && errno != ENOENT ? -errno : 0;
}
