/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The freezer of one container's cgroup, v1 (freezer.state) or v2 (cgroup.freeze), as the reflex needs it:
 * found once from /proc/<init>/cgroup, kept open, one write to freeze. Not the keeper's order FREEZE, which
 * follows for the books. The owner of a struct freezer closes it. No thread of its own; writes do not block.
 */
#ifndef ESCAPE_AGENT_FREEZER_H
#define ESCAPE_AGENT_FREEZER_H

#include <base/err.h>
#include <stdbool.h>
#include <stddef.h>

#define FREEZER_PATH_MAX 1024

struct freezer {
	int fd;       /* freezer.state or cgroup.freeze; -1: closed */
	int state_fd; /* v2: cgroup.events; v1: -1, the state is read from fd */
	bool v2;
	char dir[FREEZER_PATH_MAX];
};
#define FREEZER_CLOSED ((struct freezer){.fd = -1, .state_fd = -1})

/*
 * Directory of the cgroup that freezes a process, from the text of its /proc/<pid>/cgroup. -ENOENT CgroupRoot
 * for the root cgroup (freezing that would freeze the node), -EINVAL for what is not such a text.
 */
int freezer_path(const char *proc_cgroup, const char *root, char dst[static FREEZER_PATH_MAX], bool *ret_v2,
	struct err *e);
/* The same for a process of the node. */
int freezer_find(const char *root, int pid, char dst[static FREEZER_PATH_MAX], struct err *e);
/* Refuses a cgroup that we are in ourselves. */
int freezer_open(const char *root, int pid, struct freezer *ret, struct err *e);
void freezer_close(struct freezer *f);
/* Begins to freeze or thaws; tasks stop within microseconds to milliseconds, see freezer_frozen. */
int freezer_set(const struct freezer *f, bool frozen);
/* 1: every task stands still; 0: not (yet); -errno. */
int freezer_frozen(const struct freezer *f);

#endif
