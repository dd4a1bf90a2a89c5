/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <base/cleanup.h>
#include <base/clock.h>
#include <base/io.h>
#include <base/str.h>

#include "node-agent/runtime/criu.h"
#include "node-agent/runtime/keeper.h"
#include "node-agent/runtime/restored.h"
#include "node-agent/runtime/rootfs.h"
#include "node-agent/runtime/statedir.h"

#define LOCK_MS 10000
#define KILL_MS 10000
/* Once the old processes are gone, giving up helps nobody: the restore gets at least this long. */
#define RESTORE_AT_LEAST_MS 30000

static uint32_t lap(int64_t *since)
{
	int64_t before = *since;

	*since = clock_monotonic_ms();
	return (uint32_t)(*since - before);
}

static int look_at_dump(
	const char *dir, char images[static PATH_MAX], char tar[static PATH_MAX], struct err *e)
{
	struct stat st;

	if (str_fmt(images, PATH_MAX, "%s/img", dir) || str_fmt(tar, PATH_MAX, "%s/upper.tar", dir))
		return err_set(e, -ENAMETOOLONG, "DumpIncomplete", "%s is too long", dir);
	if (lstat(images, &st) || !S_ISDIR(st.st_mode))
		return err_set(e, -ENOENT, "DumpIncomplete", "%s is no directory", images);
	if (lstat(tar, &st) || !S_ISREG(st.st_mode))
		return err_set(e, -ENOENT, "DumpIncomplete", "%s is no file", tar);
	return 0;
}

/*
 * The state directory goes, the cgroup stays: `runc delete` would take it too, and the engine's statistics
 * with it. A restore that was cut short leaves the container's root mounted in there, which must not be
 * emptied along with it.
 */
static int forget_runc_state(const struct keeper *k)
{
	char state[PATH_MAX], mounted[PATH_MAX];

	if (str_fmt(state, sizeof(state), "%s/%s", k->root, k->id) ||
		str_fmt(mounted, sizeof(mounted), "%s/criu-root", state))
		return -ENAMETOOLONG;
	while (umount2(mounted, UMOUNT_NOFOLLOW | MNT_DETACH) == 0)
		;
	if (errno != EINVAL && errno != ENOENT)
		return -errno;
	return io_remove_tree(state);
}

static int restore_failed(const struct keeper *k, int code, struct err *e)
{
	char path[PATH_MAX], why[ERR_MESSAGE_MAX];

	statedir_path(path, k->id, "restore.log");
	if (code == -ETIMEDOUT)
		return err_set(e, code, "RestoreFailed", "the restore did not end in time");
	criu_errors_of(path, why, sizeof(why));
	if (!*why) {
		auto_free char *log = NULL;
		statedir_path(path, k->id, "runc.log");
		if (!io_read_file(path, PROC_OUTPUT_MAX, &log, NULL))
			return err_set(e, code, "RestoreFailed", "%.480s", log);
	}
	return err_set(e, code, "RestoreFailed", "%.480s", *why ? why : strerror(-code));
}

/*
 * CRIU hangs the old root on /tmp of the new one, and makes a directory for it where there is none: which a
 * read-only root refuses. This one is gone before the container sees it. True when there is one to be
 * removed.
 */
static bool tmp_lend(const struct bundle *b, char path[static PATH_MAX])
{
	return !str_fmt(path, PATH_MAX, "%s/tmp", b->rootfs) && !mkdir(path, 0700);
}

static int run_restore(struct keeper *k, char *images, bool connected, int64_t deadline_at, struct err *e)
{
	char work[PATH_MAX], pid_file[PATH_MAX], tmp[PATH_MAX];
	char *const argv[] = {(char *)"restore", (char *)"--detach", (char *)"--no-subreaper",
		(char *)"--manage-cgroups-mode", (char *)"ignore", (char *)"--image-path", images,
		(char *)"--work-path", work, (char *)"--bundle", k->bundle->path, (char *)"--pid-file",
		pid_file, (char *)"--file-locks", k->args->no_pivot ? (char *)"--no-pivot" : (char *)k->id,
		k->args->no_pivot ? (char *)k->id : NULL, NULL};
	struct proc p = {.keep_stdio = true, .deadline_at = deadline_at};
	int status = 0;

	statedir_path(work, k->id, NULL);
	statedir_path(pid_file, k->id, "runc.pid");
	unlink(pid_file);
	bool lent = tmp_lend(k->bundle, tmp);
	int r = criu_configure(k->id, connected ? CRIU_RESTORE_CONNECTED : CRIU_RESTORE_CLOSE);
	if (!r)
		r = keeper_run_runc(k, argv, &p, &status, e);
	criu_unconfigure(k->id);
	if (lent)
		rmdir(tmp);
	k->init_pid = statedir_read_pid(k->id, "runc.pid");
	if (r || status || k->init_pid <= 0)
		return restore_failed(k, r ? r : -EIO, e);
	return 0;
}

/* From the first kill on there is no way back: what fails here ends the container. */
static int replace(struct keeper *k, const struct keeper_order *o, const struct rootfs *fs, char *images,
	int64_t deadline_at, struct keeper_reply *r, struct err *e)
{
	int64_t since = clock_monotonic_ms();
	int n = container_kill(k, since + KILL_MS, e);

	r->ms[KEEPER_MS_KILL] = lap(&since);
	if (n)
		return n;
	/* Its end was ours to bring about, not the container's own. */
	k->init_ended = false;
	n = rootfs_swap(fs, e);
	if (!n)
		n = mountpoints_compare(k->bundle, &k->mountpoints, e);
	r->ms[KEEPER_MS_FILES] += lap(&since);
	if (!n)
		n = forget_runc_state(k);
	if (!n)
		n = run_restore(k, images, o->flags & KEEPER_F_TCP_ESTABLISHED, deadline_at, e);
	if (!n)
		n = restored_check(k, e);
	if (!n)
		n = restored_continue(k, images, e);
	r->ms[KEEPER_MS_RESTORE] = lap(&since);
	return n;
}

static void clean_in_background(const struct rootfs *fs)
{
	pid_t pid = fork();

	if (pid != 0)
		return;
	/* Neither the lock, nor peers' connections, nor the container's output may live on in here. */
	int null = open("/dev/null", O_RDWR);
	for (int fd = 0; fd < 3; fd++)
		dup2(null, fd);
	close_range(3, ~0U, 0);
	rootfs_clean(fs);
	_exit(0);
}

static int restore_files_and_memory(struct keeper *k, const struct keeper_order *o, const struct rootfs *fs,
	char *images, int64_t deadline_at, struct keeper_reply *r, struct err *e)
{
	int64_t at_least = clock_monotonic_ms() + RESTORE_AT_LEAST_MS;
	int n = replace(k, o, fs, images, deadline_at > at_least ? deadline_at : at_least, r, e);

	clean_in_background(fs);
	if (!n) {
		k->state = KEEPER_RUNNING;
		k->rollbacks++;
		return 0;
	}
	/* Whatever CRIU left half-restored must not run. */
	container_kill(k, clock_monotonic_ms() + KILL_MS, NULL);
	forget_runc_state(k);
	k->exit_code = KEEPER_EXIT_KILLED;
	return n;
}

int restore_carry_out(struct keeper *k, const struct keeper_order *o, int64_t deadline_at,
	struct keeper_reply *r, struct err *e)
{
	char images[PATH_MAX], tar[PATH_MAX];
	struct rootfs fs;
	int64_t since = clock_monotonic_ms();
	int n = look_at_dump(o->dir, images, tar, e);

	if (!n && !k->has_cgroup)
		n = err_set(e, -EOPNOTSUPP, "NoCgroup", "the container has no freezer cgroup of its own");
	if (!n)
		n = rootfs_find(k->bundle->rootfs, &fs, e);
	if (n)
		return n;
	auto_close int lock =
		statedir_lock(k->id, true, deadline_at < since + LOCK_MS ? deadline_at : since + LOCK_MS);
	if (lock < 0)
		n = err_set(e, lock, "Locked", "a verb of the runtime does not end: %s", strerror(-lock));
	bool thaw_again = !n && k->state == KEEPER_RUNNING && cgroup_is_frozen(&k->cgroup) == 0 &&
			  !container_freeze(k, deadline_at, NULL);
	r->ms[KEEPER_MS_FREEZE] = lap(&since);
	if (!n)
		n = rootfs_stage(&fs, tar, deadline_at, &k->pump, e);
	r->ms[KEEPER_MS_FILES] = lap(&since);
	if (!n)
		n = restore_files_and_memory(k, o, &fs, images, deadline_at, r, e);
	else if (thaw_again)
		container_thaw(k, clock_monotonic_ms() + LOCK_MS, NULL);
	rootfs_free(&fs);
	return n;
}
