/* SPDX-License-Identifier: Apache-2.0 */
/* Cgroups of a test's own, of the v1 freezer or of v2: what this machine has. */
#ifndef ESCAPE_TESTS_MONITOR_GROUP_H
#define ESCAPE_TESTS_MONITOR_GROUP_H

#include <stdbool.h>
#include <sys/types.h>

struct group {
	char dir[128];
	bool v2;
};

enum group_kind { GROUP_V1, GROUP_V2 };

/* False where this machine has no such hierarchy, or lets us make none in it. */
bool group_make_kind(struct group *g, enum group_kind kind);
/* Of whatever kind there is; the test fails when there is none. */
void group_make(struct group *g);
/* Below another. */
void group_make_in(struct group *g, const struct group *above);
void group_put(const struct group *g, pid_t pid);
/* Waits until the last process in it is gone. */
void group_remove(const struct group *g);
void group_freeze(const struct group *g, bool frozen);

#endif
