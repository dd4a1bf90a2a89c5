/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/runtime/rootfs.h"

#include <errno.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <base/cleanup.h>
#include <base/clock.h>
#include <base/io.h>
#include <base/str.h>

#include "node-agent/runtime/runc.h"

#define MOUNTINFO_MAX (8u << 20)
#define STAGED ".escape-new"
#define SWAPPED_OUT ".escape-old"
#define UMOUNT_WAIT_MS 2000
#define UMOUNT_TRY_MS 2

static bool lower_exists_under(const char *base, const char *lower)
{
	char dir[PATH_MAX], path[PATH_MAX];
	struct stat st;
	int n;

	while ((n = overlay_next_lower(&lower, dir, sizeof(dir))) > 0) {
		if (*dir == '/')
			continue;
		if (str_fmt(path, sizeof(path), "%s/%s", base, dir) || stat(path, &st) ||
			!S_ISDIR(st.st_mode))
			return false;
	}
	return n == 0;
}

static bool lower_is_relative(const char *lower)
{
	char dir[PATH_MAX];

	while (overlay_next_lower(&lower, dir, sizeof(dir)) > 0) {
		if (*dir != '/')
			return true;
	}
	return false;
}

/*
 * mount(2) takes one page of options, so engines with many layers change to the layers' common directory and
 * mount with relative paths; the kernel does not tell which directory that was, but the upper directory lies
 * in it too.
 */
int rootfs_lower_base(const char *lower, const char *upper, char dst[static PATH_MAX])
{
	char base[PATH_MAX];
	int r = str_copy(base, sizeof(base), upper);

	for (char *slash = r ? NULL : strrchr(base, '/'); slash; slash = strrchr(base, '/')) {
		*slash = 0;
		if (lower_exists_under(*base ? base : "/", lower))
			return str_copy(dst, PATH_MAX, *base ? base : "/");
	}
	return r ? r : -ENOENT;
}

static int read_overlay(char *mounts, const char *target, struct rootfs *ret, struct err *e)
{
	struct mount_entry m;

	if (mountinfo_find(mounts, target, &m))
		return err_set(e, -ENOENT, "FilesFailed", "nothing is mounted at %s", target);
	if (!str_eq(m.fstype, "overlay"))
		return err_set(e, -EOPNOTSUPP, "FilesFailed", "%s is %s, only overlay can be rolled back",
			target, m.fstype);
	if (overlay_options_parse(m.super, &ret->overlay))
		return err_set(
			e, -EOPNOTSUPP, "FilesFailed", "the overlay at %s has no upper directory", target);
	ret->flags = mountinfo_flags(m.options);
	return 0;
}

int rootfs_find(const char *target, struct rootfs *ret, struct err *e)
{
	auto_free char *mounts = NULL, *real = realpath(target, NULL);
	struct rootfs fs = {0};

	if (!real || str_copy(fs.target, sizeof(fs.target), real))
		return err_set(e, -errno, "FilesFailed", "%s: %s", target, strerror(errno));
	int r = io_read_file("/proc/self/mountinfo", MOUNTINFO_MAX, &mounts, NULL);
	if (r)
		return err_set(e, r, "FilesFailed", "/proc/self/mountinfo: %s", strerror(-r));
	r = read_overlay(mounts, real, &fs, e);
	if (r)
		return r;
	if (lower_is_relative(fs.overlay.lower) &&
		rootfs_lower_base(fs.overlay.lower, fs.overlay.upper, fs.base)) {
		rootfs_free(&fs);
		return err_set(
			e, -ENOENT, "FilesFailed", "the lower directories of %s cannot be found", target);
	}
	*ret = fs;
	return 0;
}

void rootfs_free(struct rootfs *r)
{
	if (r)
		overlay_options_free(&r->overlay);
}

static int run_tar(char *const *options, int64_t deadline_at, const struct pump *pump, struct err *e)
{
	auto_free char *tar = NULL;
	auto_buf struct buf out = BUF_INIT(PROC_OUTPUT_MAX);
	char *argv[16] = {NULL};
	int status;
	int r = runc_find("tar", &tar, e);

	if (r)
		return r;
	argv[0] = tar;
	for (size_t i = 0; options[i] && i + 2 < ARRAY_LEN(argv); i++)
		argv[i + 1] = options[i];
	struct proc p = {.argv = argv, .output = &out, .deadline_at = deadline_at};
	r = proc_run(&p, pump, &status);
	if (r)
		return err_set(e, r, "FilesFailed", "tar: %s", strerror(-r));
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return err_set(
			e, -EIO, "FilesFailed", "tar failed: %.300s", out.len ? out.data : "no message");
	return 0;
}

int rootfs_save(const struct rootfs *r, const char *tar_file, int64_t deadline_at, const struct pump *pump,
	struct err *e)
{
	char *const options[] = {(char *)"--create", (char *)"--sparse", (char *)"--xattrs",
		(char *)"--xattrs-include=*", (char *)"--numeric-owner", (char *)"--file", (char *)tar_file,
		(char *)"--directory", r->overlay.upper, (char *)".", NULL};

	return run_tar(options, deadline_at, pump, e);
}

static int staged_name(const struct rootfs *r, const char *suffix, char dst[static PATH_MAX])
{
	return str_fmt(dst, PATH_MAX, "%s%s", r->overlay.upper, suffix);
}

int rootfs_stage(const struct rootfs *r, const char *tar_file, int64_t deadline_at, const struct pump *pump,
	struct err *e)
{
	char staged[PATH_MAX];
	int n = staged_name(r, STAGED, staged);

	rootfs_clean(r);
	if (!n && mkdir(staged, 0700))
		n = -errno;
	if (n)
		return err_set(e, n, "FilesFailed", "%s%s: %s", r->overlay.upper, STAGED, strerror(-n));
	char *const options[] = {(char *)"--extract", (char *)"--preserve-permissions",
		(char *)"--same-owner", (char *)"--xattrs", (char *)"--xattrs-include=*",
		(char *)"--numeric-owner", (char *)"--file", (char *)tar_file, (char *)"--directory", staged,
		NULL};
	n = run_tar(options, deadline_at, pump, e);
	if (n)
		rootfs_clean(r);
	return n;
}

/* The namespaces of processes that just died let go of the mount a moment later, and nothing tells when. */
static int unmount(const char *target)
{
	int64_t until = clock_monotonic_ms() + UMOUNT_WAIT_MS;

	while (umount2(target, UMOUNT_NOFOLLOW)) {
		if (errno != EBUSY)
			return -errno;
		if (!proc_time_left(until, -1))
			return umount2(target, UMOUNT_NOFOLLOW | MNT_DETACH) ? -errno : 0;
		pump_wait(NULL, NULL, 0, UMOUNT_TRY_MS);
	}
	return 0;
}

/* Another directory under the same name: the kernel may still count the old one as in use by the old mount.
 */
static int renew_work(const char *work)
{
	char old[PATH_MAX];
	struct stat st;

	if (str_fmt(old, sizeof(old), "%s%s", work, SWAPPED_OUT))
		return -ENAMETOOLONG;
	if (stat(work, &st) || rename(work, old) || mkdir(work, st.st_mode & 07777))
		return -errno;
	return chown(work, st.st_uid, st.st_gid) ? -errno : 0;
}

static int exchange_upper(const struct rootfs *r)
{
	char staged[PATH_MAX], old[PATH_MAX];

	if (staged_name(r, STAGED, staged) || staged_name(r, SWAPPED_OUT, old))
		return -ENAMETOOLONG;
	return rename(r->overlay.upper, old) || rename(staged, r->overlay.upper) ? -errno : 0;
}

static int mount_again(const struct rootfs *r)
{
	int n = 0;

	if (*r->base && chdir(r->base))
		return -errno;
	if (mount("overlay", r->target, "overlay", r->flags, r->overlay.data))
		n = -errno;
	if (*r->base && chdir("/"))
		return -errno;
	return n;
}

int rootfs_swap(const struct rootfs *r, struct err *e)
{
	int n;

	n = unmount(r->target);
	if (n)
		return err_set(e, n, "FilesFailed", "unmounting %s: %s", r->target, strerror(-n));
	n = exchange_upper(r);
	if (!n)
		n = renew_work(r->overlay.work);
	if (n)
		return err_set(e, n, "FilesFailed", "exchanging %s: %s", r->overlay.upper, strerror(-n));
	n = mount_again(r);
	return n ? err_set(e, n, "FilesFailed", "mounting %s: %s", r->target, strerror(-n)) : 0;
}

void rootfs_clean(const struct rootfs *r)
{
	char path[PATH_MAX];

	if (!staged_name(r, STAGED, path))
		io_remove_tree(path);
	if (!staged_name(r, SWAPPED_OUT, path))
		io_remove_tree(path);
	if (!str_fmt(path, sizeof(path), "%s%s", r->overlay.work, SWAPPED_OUT))
		io_remove_tree(path);
}
