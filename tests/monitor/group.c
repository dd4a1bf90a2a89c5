/* SPDX-License-Identifier: Apache-2.0 */
#include "group.h"

#include <base/io.h>
#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

static unsigned made;

static bool has_knob(const struct group *g, const char *name)
{
	char path[192];

	snprintf(path, sizeof(path), "%s/%s", g->dir, name);
	return access(path, W_OK) == 0;
}

static bool try_root(struct group *g, const char *root, const char *knob)
{
	snprintf(g->dir, sizeof(g->dir), "%s/escape-test-%d-%u", root, getpid(), made++);
	if (mkdir(g->dir, 0755) < 0)
		return false;
	if (has_knob(g, knob))
		return true;
	rmdir(g->dir);
	return false;
}

bool group_make_kind(struct group *g, enum group_kind kind)
{
	g->v2 = kind == GROUP_V2;
	if (!g->v2)
		return try_root(g, "/sys/fs/cgroup/freezer", "freezer.state");
	return try_root(g, "/sys/fs/cgroup/unified", "cgroup.freeze") ||
	       try_root(g, "/sys/fs/cgroup", "cgroup.freeze");
}

void group_make(struct group *g)
{
	if (!group_make_kind(g, GROUP_V1) && !group_make_kind(g, GROUP_V2))
		fail_msg("no cgroup can be made in /sys/fs/cgroup");
}

void group_make_in(struct group *g, const struct group *above)
{
	g->v2 = above->v2;
	assert_true(try_root(g, above->dir, g->v2 ? "cgroup.freeze" : "freezer.state"));
}

static void knob_set(const struct group *g, const char *name, const char *value)
{
	char path[192];

	snprintf(path, sizeof(path), "%s/%s", g->dir, name);
	assert_int_equal(io_write_knob(path, value), 0);
}

static void knob_await(const struct group *g, const char *name, const char *what)
{
	char path[192], *text;
	bool seen = false;

	snprintf(path, sizeof(path), "%s/%s", g->dir, name);
	while (!seen) {
		assert_int_equal(io_read_file(path, 4096, &text, NULL), 0);
		seen = strstr(text, what) != NULL;
		free(text);
		sched_yield();
	}
}

void group_put(const struct group *g, pid_t pid)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", pid);
	knob_set(g, "cgroup.procs", text);
}

void group_remove(const struct group *g)
{
	while (rmdir(g->dir) < 0 && errno == EBUSY)
		sched_yield();
}

void group_freeze(const struct group *g, bool frozen)
{
	if (g->v2) {
		knob_set(g, "cgroup.freeze", frozen ? "1" : "0");
		knob_await(g, "cgroup.events", frozen ? "frozen 1" : "frozen 0");
	} else {
		knob_set(g, "freezer.state", frozen ? "FROZEN" : "THAWED");
		knob_await(g, "freezer.state", frozen ? "FROZEN\n" : "THAWED");
	}
}
