/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pod is given its last safe state in place: the newest safe generation that proves whole and unaltered is
 * restored into all its containers; a bad one is said and the next older is tried. Used by a Rollback, by the
 * abort of a LastSafe move, and by the reflex when nobody answers. Asynchronous; one at a time per pod.
 */
#ifndef ESCAPE_AGENT_INPLACE_H
#define ESCAPE_AGENT_INPLACE_H

#include <api/escape.h>

#include "node-agent/agent/core/agent.h"
#include "node-agent/agent/snapshots/storage.h"

struct inplace_result {
	struct err err; /* code 0: done. NoSafeSnapshot: nothing was touched */
	char generation[STORAGE_GENERATION_MAX];
	char note[256]; /* which generations were bad, and why; or "" */
	struct escape_stepms steps[8];
	size_t n_steps;
};
typedef void (*inplace_done)(void *arg, const struct inplace_result *r);

/* For callers that are a guard: who asked. */
struct inplace_who {
	struct agent *agent;
	char container_id[80];
	char anomaly[API_UID_MAX];
};

/*
 * first: the generation to begin with (decided by an earlier run), or "". scope: makes the orders idempotent,
 * the Escape's uid or the anomaly. done runs exactly once, never from inside this call; not at all when this
 * fails.
 */
int inplace_restore(struct agent *a, const char *pod_uid, const char *first, const char *scope,
	inplace_done done, void *arg, struct err *e);

#endif
