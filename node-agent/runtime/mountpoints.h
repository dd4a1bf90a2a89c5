/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the mounts of a container's spec land in its root. Noted when runc has made the container, and
 * compared once the files of a dump are in place: a dump could hold a symbolic link where a mount point was,
 * and a restore that follows it would mount elsewhere.
 */
#ifndef ESCAPE_RUNTIME_MOUNTPOINTS_H
#define ESCAPE_RUNTIME_MOUNTPOINTS_H

#include <stddef.h>

#include <base/err.h>

#include "node-agent/runtime/bundle.h"

struct mountpoints {
	size_t count;
	char **resolved; /* by index in bundle.mounts; NULL: was not there */
};

/* Freed by mountpoints_free. */
int mountpoints_note(const struct bundle *b, struct mountpoints *ret, struct err *e);
/* 0 when each mount point that was there still is where it was, else -ELOOP. */
int mountpoints_compare(const struct bundle *b, const struct mountpoints *noted, struct err *e);
void mountpoints_free(struct mountpoints *m);

#endif
