/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Snapshots of the pods of this node: taken at the policy's interval, all containers of a pod with the same
 * generation, kept as the policy says, dropped when an alarm makes them suspect. Also answers which
 * generation is the newest safe one. Snapshots on disk are found again after a restart. Loop thread only.
 */
#ifndef ESCAPE_AGENT_SNAPSHOTS_H
#define ESCAPE_AGENT_SNAPSHOTS_H

#include "node-agent/agent/guard/guard.h"
#include "node-agent/agent/snapshots/storage.h"

struct snapshots;

int snapshots_new(struct agent *a, struct snapshots **ret);
void snapshots_free(struct snapshots *ss);
/* From guard_sync. */
void snapshots_sync(struct agent *a, struct guard *g);
/* Each second: what is due begins; pods that are gone for good lose their snapshots. */
void snapshots_tick(struct agent *a);
/* Drops what the alarm makes suspect, now and when it finishes. */
void snapshots_on_alarm(struct agent *a, const char *pod_uid, int64_t detected_ms);
bool snapshots_busy(const struct agent *a, const char *pod_uid);
/* The newest safe generation older than `below` ("": any). -ENOENT NoSafeSnapshot; -EAGAIN: the store is not
 * read yet. */
int snapshots_safe(const struct agent *a, const char *pod_uid, const char *below,
	char dst[static STORAGE_GENERATION_MAX], struct err *e);
size_t snapshots_count(const struct agent *a, const char *pod_uid);
/* A pod that left this node by a move: what the store has of it goes once the pod is gone. */
void snapshots_adopt(struct agent *a, const char *namespace_, const char *pod_uid);
/* A generation that must never be restored any more is removed from the store. */
void snapshots_forget(struct agent *a, const char *pod_uid, const char *generation);
/* One that proved bad is not offered again, but stays to be looked at. */
void snapshots_distrust(struct agent *a, const char *pod_uid, const char *generation);

#endif
