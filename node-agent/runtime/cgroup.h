/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cgroups of a container, v1 (one directory per hierarchy) or v2: joined by the keeper until the
 * container starts, frozen, thawed, and emptied. Never creates or removes a cgroup: that is runc's.
 */
#ifndef ESCAPE_RUNTIME_CGROUP_H
#define ESCAPE_RUNTIME_CGROUP_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <base/err.h>

#define CGROUP_HIERARCHIES 20
#define CGROUP_PIDS_MAX 4096

struct cgroup_ops;

struct cgroup {
	const struct cgroup_ops *ops; /* NULL: there is no freezer */
	char freezer[PATH_MAX];       /* directory of the hierarchy that freezes, "" when there is none */
	size_t count;
	char dirs[CGROUP_HIERARCHIES][PATH_MAX]; /* "": that hierarchy is mounted nowhere */
};

/* Texts of /proc/PID/cgroup and of /proc/self/mountinfo; the latter is cut in place. -ENOENT when nothing is
 * mounted. */
int cgroup_parse(const char *memberships, char *mountinfo, struct cgroup *ret);
int cgroup_of(pid_t pid, struct cgroup *ret, struct err *e);
/* Does the container have a freezer cgroup of its own, apart from ours? Without one, nothing is frozen nor
 * emptied. */
bool cgroup_is_own(const struct cgroup *c, const struct cgroup *ours);
/* Moves the caller into every hierarchy of c that takes it. */
void cgroup_join(const struct cgroup *c);
/* Asks for it; cgroup_is_frozen says whether it came. */
int cgroup_set_frozen(const struct cgroup *c, bool frozen);
/* 1: frozen, 0: not at all, -EAGAIN: on its way, else -errno. */
int cgroup_is_frozen(const struct cgroup *c);
/* All processes in it and below: their number (at most CGROUP_PIDS_MAX) or -errno. */
int cgroup_pids(const struct cgroup *c, pid_t pids[static CGROUP_PIDS_MAX]);
/* SIGKILL to every process in it and below; frozen ones die when thawed. */
int cgroup_kill(const struct cgroup *c);

#endif
