/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fences: a file named by a pod UID makes escape-runc refuse to create containers of that pod on this node,
 * because the pod's state is leaving or has left. The file holds the Escape's namespace/name, for an admin to
 * read.
 */
#ifndef ESCAPE_AGENT_FENCE_H
#define ESCAPE_AGENT_FENCE_H

#include <base/err.h>
#include <stdbool.h>

int fence_set(const char *dir, const char *pod_uid, const char *escape, struct err *e);
int fence_remove(const char *dir, const char *pod_uid, struct err *e);
bool fence_stands(const char *dir, const char *pod_uid);
/* Calls gone(arg, uid) for each fence and removes it when that says true. */
void fence_sweep(const char *dir, bool (*gone)(void *arg, const char *pod_uid), void *arg);

#endif
