/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Escapes as this agent knows them: from the informer, and, newer still, from the answers to its own
 * patches. Each is worked on through a queue, one job at a time per Escape, level-triggered from its phase
 * and the keepers' states. What a job does and who else is told of a change is given by escapes_ops. Loop
 * thread only.
 */
#ifndef ESCAPE_AGENT_ESCAPES_H
#define ESCAPE_AGENT_ESCAPES_H

#include <api/escape.h>
#include <api/report.h>

#include "node-agent/agent/core/agent.h"

struct escapes;
struct job;

struct escapes_ops {
	/* Something new is known of it, or it is gone. */
	void (*on_change)(struct agent *a, const struct escape *x);
	/* Works on it; ends with job_end. */
	void (*run)(struct job *j);
};

int escapes_new(struct agent *a, const struct escapes_ops *ops, struct escapes **ret);
void escapes_free(struct escapes *es);
void escapes_on_change(void *arg, enum kube_change change, const struct json *object, const struct json *old);
bool escapes_synced(const struct escapes *es);

/* Takes the object in when it is newer than what is known. */
void escapes_observe(struct escapes *es, const struct json *object);
/* The API server says that there is none of that name. */
void escapes_forget(struct escapes *es, const char *namespace_, const char *name);
/* Borrowed until the next turn of the loop. */
const struct escape *escapes_get(const struct escapes *es, const char *namespace_, const char *name);
typedef void (*escapes_visit)(void *arg, const struct escape *x);
void escapes_each(const struct escapes *es, escapes_visit visit, void *arg);
/* Is there an Escape in progress from or to this pod? */
bool escapes_open_for_pod(const struct escapes *es, const char *pod_uid);
/* Has the operator answered this anomaly, or is it at work on that pod anyway? */
bool escapes_answer(const struct escapes *es, const struct report_anomaly *a);
/* Works on the Escapes of that pod soon, or on one. */
void escapes_kick_pod(struct escapes *es, const char *pod_uid);
/* All that are in progress: something that each of them may have waited for is there. */
void escapes_kick_open(struct escapes *es);
void escapes_kick(struct escapes *es, const char *namespace_, const char *name, uint64_t after_ms);

#endif
