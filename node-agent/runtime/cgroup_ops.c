/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/runtime/cgroup_ops.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <base/cleanup.h>
#include <base/io.h>
#include <base/str.h>

#define KNOB_MAX 4096

static int write_knob(const char *dir, const char *name, const char *value)
{
	char path[PATH_MAX];
	int r = str_fmt(path, sizeof(path), "%s/%s", dir, name);

	return r ? r : io_write_knob(path, value);
}

static int read_knob(const char *dir, const char *name, char **ret)
{
	char path[PATH_MAX];
	int r = str_fmt(path, sizeof(path), "%s/%s", dir, name);

	return r ? r : io_read_file(path, KNOB_MAX, ret, NULL);
}

static int v1_set_frozen(const char *dir, bool frozen)
{
	return write_knob(dir, "freezer.state", frozen ? "FROZEN" : "THAWED");
}

static int v1_is_frozen(const char *dir)
{
	auto_free char *state = NULL;
	int r = read_knob(dir, "freezer.state", &state);

	if (r)
		return r;
	if (str_starts(state, "FROZEN"))
		return 1;
	return str_starts(state, "THAWED") ? 0 : -EAGAIN;
}

static int v2_set_frozen(const char *dir, bool frozen)
{
	return write_knob(dir, "cgroup.freeze", frozen ? "1" : "0");
}

static int v2_is_frozen(const char *dir)
{
	auto_free char *events = NULL, *wanted = NULL;
	int r = read_knob(dir, "cgroup.events", &events);

	if (!r)
		r = read_knob(dir, "cgroup.freeze", &wanted);
	if (r)
		return r;
	if (strstr(events, "frozen 1"))
		return 1;
	return wanted[0] == '1' ? -EAGAIN : 0;
}

static int v2_kill(const char *dir)
{
	return write_knob(dir, "cgroup.kill", "1");
}

const struct cgroup_ops cgroup_v1_ops = {.set_frozen = v1_set_frozen, .is_frozen = v1_is_frozen};
const struct cgroup_ops cgroup_v2_ops = {
	.set_frozen = v2_set_frozen, .is_frozen = v2_is_frozen, .kill = v2_kill};
