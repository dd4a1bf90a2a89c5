/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include <base/cleanup.h>
#include <base/clock.h>
#include <base/io.h>
#include <base/str.h>

#include "node-agent/runtime/keeper.h"

#define STAT_MAX 4096
#define DESCENT_MAX 4096
/* Neither version of the freezer tells when it is done in a way that holds for both: v1 has to be asked. */
#define FREEZER_ASK_MS 1
#define FREEZER_AGAIN 32

void container_reap(struct keeper *k)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != k->init_pid)
			continue;
		k->init_ended = true;
		k->init_status = status;
		k->init_pid = 0;
	}
}

static int wait_freezer(struct keeper *k, bool frozen, int64_t deadline_at)
{
	for (unsigned int tries = 0;; tries++) {
		/* A v1 freezer can stay FREEZING when a task forked at the wrong moment: writing again helps.
		 */
		int r = tries % FREEZER_AGAIN == 0 ? cgroup_set_frozen(&k->cgroup, frozen) : 0;
		if (r)
			return r;
		r = cgroup_is_frozen(&k->cgroup);
		if (r == (frozen ? 1 : 0))
			return 0;
		if (r < 0 && r != -EAGAIN)
			return r;
		int left = proc_time_left(deadline_at, FREEZER_ASK_MS);
		if (left == 0)
			return -ETIMEDOUT;
		pump_wait(&k->pump, NULL, 0, left);
	}
}

int container_freeze(struct keeper *k, int64_t deadline_at, struct err *e)
{
	if (!k->has_cgroup)
		return err_set(e, -EOPNOTSUPP, "NoCgroup", "the container has no freezer cgroup of its own");
	int r = wait_freezer(k, true, deadline_at);
	if (!r)
		return 0;
	cgroup_set_frozen(&k->cgroup, false);
	return err_set(e, r, "FreezeFailed", "the container did not freeze: %s", strerror(-r));
}

int container_thaw(struct keeper *k, int64_t deadline_at, struct err *e)
{
	if (!k->has_cgroup)
		return 0;
	int r = wait_freezer(k, false, deadline_at);
	return r ? err_set(e, r, "ThawFailed", "the container did not thaw: %s", strerror(-r)) : 0;
}

static void kill_all(struct keeper *k)
{
	/* Frozen first, so that nothing forks away from the list of those to be killed. */
	if (k->has_cgroup) {
		wait_freezer(k, true, clock_monotonic_ms() + 500);
		cgroup_kill(&k->cgroup);
	}
	if (k->init_pid > 0)
		kill(k->init_pid, SIGKILL);
	if (k->has_cgroup)
		cgroup_set_frozen(&k->cgroup, false);
}

/* One that is still there: init until it is reaped, then whatever the cgroup holds. */
static pid_t survivor(struct keeper *k)
{
	pid_t pids[CGROUP_PIDS_MAX];

	container_reap(k);
	if (k->init_pid > 0)
		return k->init_pid;
	return k->has_cgroup && cgroup_pids(&k->cgroup, pids) > 0 ? pids[0] : 0;
}

int container_kill(struct keeper *k, int64_t deadline_at, struct err *e)
{
	pid_t left;

	kill_all(k);
	while ((left = survivor(k)) > 0) {
		if (proc_wait_gone(left, deadline_at, &k->pump))
			return err_set(e, -ETIMEDOUT, "KillFailed", "process %d does not end", left);
		if (left != k->init_pid)
			kill_all(k);
	}
	return 0;
}

static pid_t parent_of(pid_t pid)
{
	char path[64];
	auto_free char *text = NULL;
	char *end = NULL;

	str_fmt(path, sizeof(path), "/proc/%d/stat", pid);
	if (io_read_file(path, STAT_MAX, &text, NULL))
		return 0;
	/* The name before it may hold anything, parentheses included. */
	const char *after_name = strrchr(text, ')');
	if (!after_name || strlen(after_name) < sizeof(") S "))
		return 0;
	long parent = strtol(after_name + strlen(") S "), &end, 10);
	return *end == ' ' && parent > 0 && parent <= INT_MAX ? (pid_t)parent : 0;
}

static bool descends_from(pid_t pid, pid_t ancestor)
{
	for (int depth = 0; depth < DESCENT_MAX && pid > 1; depth++) {
		if (pid == ancestor)
			return true;
		pid = parent_of(pid);
	}
	return false;
}

pid_t container_stranger(const struct keeper *k)
{
	pid_t pids[CGROUP_PIDS_MAX];
	int n = cgroup_pids(&k->cgroup, pids);

	for (int i = 0; i < n; i++) {
		if (!descends_from(pids[i], k->init_pid))
			return pids[i];
	}
	return 0;
}
