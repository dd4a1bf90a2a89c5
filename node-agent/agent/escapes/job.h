/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One run of work on one Escape: its copy of the object, the milliseconds of its steps, and the
 * compare-and-swap that takes the Escape to its next phase. Ends exactly once, by job_end or by a job_step
 * that failed. Loop thread only.
 */
#ifndef ESCAPE_AGENT_JOB_H
#define ESCAPE_AGENT_JOB_H

#include <api/escape.h>

#include "node-agent/agent/core/agent.h"

struct job {
	struct agent *agent;
	char key[API_LABEL_MAX + API_NAME_MAX + 2];
	struct escape x; /* as of the last read or patch */
	struct escape_stepms steps[ESCAPE_STEPS_MAX];
	size_t n_steps;
	void *state; /* of the work; free_state(state) at the end */
	void (*free_state)(void *state);
	/* Private: the step under way */
	enum escape_phase to;
	enum escape_actor actor;
	char reason[ERR_REASON_MAX], message[ERR_MESSAGE_MAX];
	struct json *extra;
	void (*next)(struct job *j);
	unsigned conflicts;
};

/* x is copied. NULL: out of memory. */
struct job *job_new(struct agent *a, const char *key, const struct escape *x);
/* ok: nothing more to do until something changes. Else the same work comes again after a back-off. */
void job_end(struct job *j, bool ok);
void job_note(struct job *j, const char *step, int64_t ms);
/*
 * Takes the Escape to phase `to` by compare-and-swap, then runs next. When somebody else changed the Escape
 * but left its phase, tries again on what is there now; when the phase is another, or the API server does not
 * answer, the job ends and comes again by itself. reason and message may be NULL; extra (may be NULL) is
 * taken.
 */
void job_step(struct job *j, enum escape_phase to, enum escape_actor actor, const char *reason,
	const char *message, struct json *extra, void (*next)(struct job *j));
/* job_step whose last act is job_end. */
void job_finish(struct job *j, enum escape_phase to, enum escape_actor actor, const char *reason,
	const char *message, struct json *extra);

#endif
