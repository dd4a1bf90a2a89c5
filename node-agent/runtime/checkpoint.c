/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <base/cleanup.h>
#include <base/clock.h>
#include <base/io.h>
#include <base/str.h>

#include "node-agent/runtime/criu.h"
#include "node-agent/runtime/keeper.h"
#include "node-agent/runtime/rootfs.h"
#include "node-agent/runtime/statedir.h"

#define LOCK_MS 10000
#define GRACE_MS 30000
#define STRANGER_MS 2000 /* an exec probe is over sooner */

static uint32_t lap(int64_t *since)
{
	int64_t before = *since;

	*since = clock_monotonic_ms();
	return (uint32_t)(*since - before);
}

static int64_t sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static void describe_stranger(pid_t pid, struct err *e)
{
	char path[64];
	auto_free char *name = NULL;

	str_fmt(path, sizeof(path), "/proc/%d/comm", pid);
	if (!io_read_file(path, 64, &name, NULL))
		name[strcspn(name, "\n")] = 0;
	err_set(e, -EBUSY, "BusyExec",
		"process %d (%s) was started in the container from outside and does not end", pid,
		name ? name : "gone");
}

/*
 * CRIU dumps the tree below init, and fails when the freezer holds others: processes of `exec`. They are over
 * soon as a rule; a container that was frozen by order is not thawed for their sake.
 */
static int freeze_without_strangers(struct keeper *k, bool frozen_before, int64_t deadline_at, struct err *e)
{
	int64_t until = sooner(deadline_at, clock_monotonic_ms() + STRANGER_MS);

	for (;;) {
		int r = frozen_before ? 0 : container_freeze(k, deadline_at, e);
		pid_t stranger = r ? 0 : container_stranger(k);
		if (r || !stranger)
			return r;
		if (frozen_before) {
			describe_stranger(stranger, e);
			return -EBUSY;
		}
		container_thaw(k, deadline_at, NULL);
		if (proc_wait_gone(stranger, until, &k->pump)) {
			describe_stranger(stranger, e);
			return -EBUSY;
		}
	}
}

static int dump_failed(const struct keeper *k, const struct buf *out, int code, struct err *e)
{
	char log[PATH_MAX], why[ERR_MESSAGE_MAX];

	statedir_path(log, k->id, "dump.log");
	criu_errors_of(log, why, sizeof(why));
	if (code == -ETIMEDOUT)
		return err_set(e, code, "DumpFailed", "the dump did not end before the order's deadline");
	return err_set(e, code, "DumpFailed", "%.480s", *why ? why : out->len ? out->data : strerror(-code));
}

/*
 * A CRIU that is killed leaves its code in the processes it was dumping, and their connections unusable. With
 * nowhere to write to it fails, and leaves them as it found them.
 */
static void take_images_away(void *images)
{
	io_remove_tree(images);
}

static int tree_dump(struct keeper *k, const char *dir, int64_t deadline_at, struct err *e)
{
	char work[PATH_MAX], images[PATH_MAX];
	auto_buf struct buf out = BUF_INIT(PROC_OUTPUT_MAX);
	struct proc p = {.output = &out,
		.deadline_at = deadline_at,
		.give_up = take_images_away,
		.ctx = images,
		.grace_ms = GRACE_MS};
	int status = 0;

	statedir_path(work, k->id, NULL);
	if (str_fmt(images, sizeof(images), "%s/img", dir) || mkdir(images, 0700))
		return err_set(e, -errno, "DumpFailed", "%s/img: %s", dir, strerror(errno));
	char *const argv[] = {(char *)"checkpoint", (char *)"--leave-running", (char *)"--image-path", images,
		(char *)"--work-path", work, (char *)"--tcp-established", (char *)"--file-locks",
		(char *)"--manage-cgroups-mode", (char *)"ignore", (char *)k->id, NULL};
	int r = criu_configure(k->id, CRIU_DUMP);
	if (!r)
		r = keeper_run_runc(k, argv, &p, &status, e);
	criu_unconfigure(k->id);
	if (r || status)
		return dump_failed(k, &out, r ? r : -EIO, e);
	return 0;
}

static int save_files(struct keeper *k, const char *dir, int64_t deadline_at, struct err *e)
{
	struct rootfs fs;
	char tar[PATH_MAX];
	int r = rootfs_find(k->bundle->rootfs, &fs, e);

	if (r)
		return r;
	str_fmt(tar, sizeof(tar), "%s/upper.tar", dir);
	r = rootfs_save(&fs, tar, deadline_at, &k->pump, e);
	rootfs_free(&fs);
	return r;
}

static int take_frozen(
	struct keeper *k, const char *dir, int64_t deadline_at, struct keeper_reply *r, struct err *e)
{
	int64_t since = clock_monotonic_ms();
	int n = tree_dump(k, dir, deadline_at, e);

	r->ms[KEEPER_MS_DUMP] = lap(&since);
	if (n)
		return n;
	n = save_files(k, dir, deadline_at, e);
	r->ms[KEEPER_MS_FILES] = lap(&since);
	return n;
}

int checkpoint_take(struct keeper *k, const struct keeper_order *o, int64_t deadline_at,
	struct keeper_reply *r, struct err *e)
{
	int64_t since = clock_monotonic_ms();

	if (k->bundle->terminal)
		return err_set(e, -EOPNOTSUPP, "Terminal", "a container with a terminal cannot be dumped");
	/* An `exec` that comes now waits, rather than find the container paused. */
	auto_close int lock = statedir_lock(k->id, true, sooner(deadline_at, since + LOCK_MS));
	if (lock < 0)
		return err_set(e, lock, "Locked", "a verb of the runtime does not end: %s", strerror(-lock));
	bool frozen_before = cgroup_is_frozen(&k->cgroup) == 1;
	int n = freeze_without_strangers(k, frozen_before, deadline_at, e);
	r->ms[KEEPER_MS_FREEZE] = lap(&since);
	if (!n)
		n = take_frozen(k, o->dir, deadline_at, r, e);
	if (!frozen_before && !(o->flags & KEEPER_F_KEEP_FROZEN) && !sock_order_waits(k, KEEPER_FREEZE)) {
		int thawed = container_thaw(k, clock_monotonic_ms() + LOCK_MS, n ? NULL : e);
		n = n ? n : thawed;
	}
	return n;
}
