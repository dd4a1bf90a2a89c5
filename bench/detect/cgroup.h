/* SPDX-License-Identifier: Apache-2.0 */
/* A cgroup of our own, of the v1 freezer or of v2. Like worker.h, what fails ends the program. */
#ifndef ESCAPE_BENCH_DETECT_CGROUP_H
#define ESCAPE_BENCH_DETECT_CGROUP_H

#include <sys/types.h>

struct cgroup_own {
	char dir[128];
};

void cgroup_make(struct cgroup_own *c);
void cgroup_put(const struct cgroup_own *c, pid_t pid);
/* Waits until it is empty. */
void cgroup_remove(const struct cgroup_own *c);

#endif
