/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of a container: an overlay mounted at its root, whose upper directory holds all that it changed.
 * Saved as a tar of that directory (of the node's GNU tar: whiteouts, xattrs, owners by number); put back by
 * unpacking beside it, unmounting, exchanging the directories, and mounting again with the same options.
 * Memory and files are of one instant only if the caller sees to it that nothing runs meanwhile.
 */
#ifndef ESCAPE_RUNTIME_ROOTFS_H
#define ESCAPE_RUNTIME_ROOTFS_H

#include <limits.h>
#include <stdint.h>

#include <base/err.h>

#include "node-agent/runtime/mountinfo.h"
#include "node-agent/runtime/proc.h"

struct rootfs {
	char target[PATH_MAX];
	unsigned long flags;
	struct overlay_options overlay;
	char base[PATH_MAX]; /* what relative lower directories are relative to; "" when all are absolute */
};

/* Looks at the mount now. Freed by rootfs_free. */
int rootfs_find(const char *target, struct rootfs *ret, struct err *e);
void rootfs_free(struct rootfs *r);
/* The upper directory to a new file. */
int rootfs_save(const struct rootfs *r, const char *tar_file, int64_t deadline_at, const struct pump *pump,
	struct err *e);
/* Unpacks beside the upper directory; the container may still run. */
int rootfs_stage(const struct rootfs *r, const char *tar_file, int64_t deadline_at, const struct pump *pump,
	struct err *e);
/* Puts what was staged in place. Nothing of the container may run. After a failure the root is not usable. */
int rootfs_swap(const struct rootfs *r, struct err *e);
/* Removes what was staged, or what was swapped out. */
void rootfs_clean(const struct rootfs *r);

/* The ancestor of `upper` under which every one of the relative directories in `lower` exists, to dst of
 * PATH_MAX. */
int rootfs_lower_base(const char *lower, const char *upper, char dst[static PATH_MAX]);

#endif
