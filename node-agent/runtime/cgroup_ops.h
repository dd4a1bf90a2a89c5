/* SPDX-License-Identifier: Apache-2.0 */
/* What differs between cgroup v1 and v2. Private to cgroup*.c; `dir` is the directory of the hierarchy that
 * freezes. */
#ifndef ESCAPE_RUNTIME_CGROUP_OPS_H
#define ESCAPE_RUNTIME_CGROUP_OPS_H

#include <stdbool.h>

struct cgroup_ops {
	int (*set_frozen)(const char *dir, bool frozen);
	int (*is_frozen)(const char *dir);
	int (*kill)(const char *dir); /* NULL, or -ENOENT from it: one by one */
};

extern const struct cgroup_ops cgroup_v1_ops, cgroup_v2_ops;

#endif
