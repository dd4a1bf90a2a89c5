/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup.h"

#include "worker.h"

#include <base/io.h>
#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static bool try_root(struct cgroup_own *c, const char *root, const char *knob)
{
	static unsigned made;
	char path[192];

	snprintf(c->dir, sizeof(c->dir), "%s/escape-bench-%d-%u", root, getpid(), made++);
	if (mkdir(c->dir, 0755) < 0)
		return false;
	snprintf(path, sizeof(path), "%s/%s", c->dir, knob);
	if (access(path, W_OK) == 0)
		return true;
	rmdir(c->dir);
	return false;
}

void cgroup_make(struct cgroup_own *c)
{
	if (!try_root(c, "/sys/fs/cgroup/freezer", "freezer.state") &&
		!try_root(c, "/sys/fs/cgroup", "cgroup.freeze"))
		bench_fail("cannot make a cgroup in /sys/fs/cgroup", EPERM);
}

void cgroup_put(const struct cgroup_own *c, pid_t pid)
{
	char path[192], text[16];

	snprintf(path, sizeof(path), "%s/cgroup.procs", c->dir);
	snprintf(text, sizeof(text), "%d", pid);
	if (io_write_knob(path, text) < 0)
		bench_fail(path, EPERM);
}

void cgroup_remove(const struct cgroup_own *c)
{
	while (rmdir(c->dir) < 0 && errno == EBUSY)
		sched_yield();
}
