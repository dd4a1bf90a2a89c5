/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/agent/escapes/job.h"

#include <base/clock.h>
#include <base/log.h>
#include <base/str.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "node-agent/agent/escapes/escapes.h"
#include "node-agent/agent/escapes/escapes_priv.h"

#define CONFLICTS_MAX 8

static void step_send(struct job *j);

struct job *job_new(struct agent *a, const char *key, const struct escape *x)
{
	struct job *j = calloc(1, sizeof(*j));

	if (!j)
		return NULL;
	j->agent = a;
	j->x = *x;
	str_copy(j->key, sizeof(j->key), key);
	return j;
}

void job_end(struct job *j, bool ok)
{
	struct agent *a = j->agent;

	if (j->free_state)
		j->free_state(j->state);
	json_free(j->extra);
	escapes_job_done(a->escapes, j->key, ok);
	free(j);
}

void job_note(struct job *j, const char *step, int64_t ms)
{
	struct escape_stepms *s;

	if (j->n_steps == ESCAPE_STEPS_MAX)
		return;
	s = &j->steps[j->n_steps++];
	str_copy(s->name, sizeof(s->name), step);
	s->ms = ms;
}

static void step_lost(struct job *j, const struct err *e)
{
	log_warn("escape step not taken", "escape", j->key, "to", ESCAPE_PHASE_NAMES[j->to], "reason",
		e->reason, "why", e->message);
	job_end(j, false);
}

/* After a conflict: the phase decides, not the resourceVersion; an annotation or a table of candidates hurts
 * nobody. */
static void on_read_again(void *arg, const struct json *object, const struct err *e)
{
	struct job *j = arg;
	struct escape *x;
	bool same;

	if (e && e->code == -ENOENT)
		escapes_forget(j->agent->escapes, j->x.namespace_, j->x.name);
	if (e || !(x = malloc(sizeof(*x)))) {
		job_end(j, e && e->code == -ENOENT);
		return;
	}
	escapes_observe(j->agent->escapes, object);
	same = !escape_decode(object, x, NULL) && x->status.phase == j->x.status.phase &&
	       str_eq(x->uid, j->x.uid);
	if (same)
		j->x = *x;
	free(x);
	if (same && ++j->conflicts < CONFLICTS_MAX)
		step_send(j);
	else
		job_end(j, !same);
}

static void on_patched(void *arg, const struct json *object, const struct err *e)
{
	struct job *j = arg;
	struct err bad = {0};

	if (e && e->code == -EAGAIN && !j->agent->stopping &&
		!kube_get(j->agent->kube, &API_ESCAPES, j->x.namespace_, j->x.name, on_read_again, j))
		return;
	if (e) {
		step_lost(j, e);
		return;
	}
	if (escape_decode(object, &j->x, &bad)) {
		step_lost(j, &bad);
		return;
	}
	log_info("escape", "name", j->key, "phase", ESCAPE_PHASE_NAMES[j->to], "reason", j->reason);
	json_free(j->extra);
	j->extra = NULL;
	j->n_steps = 0;
	escapes_observe(j->agent->escapes, object);
	j->next(j);
}

static void step_send(struct job *j)
{
	auto_json struct json *patch =
		escape_patch_phase(&j->x, j->to, j->actor, clock_wall_ms(), *j->reason ? j->reason : NULL,
			*j->message ? j->message : NULL, j->steps, j->n_steps, json_dup(j->extra));
	struct err e;

	if (patch && !kube_patch(j->agent->kube, &API_ESCAPES, j->x.namespace_, j->x.name, "status",
			     KUBE_PATCH_MERGE, patch, on_patched, j))
		return;
	err_set(&e, -EINVAL, "StepRefused", "from phase %s the step is not ours, or memory is out",
		ESCAPE_PHASE_NAMES[j->x.status.phase]);
	step_lost(j, &e);
}

void job_step(struct job *j, enum escape_phase to, enum escape_actor actor, const char *reason,
	const char *message, struct json *extra, void (*next)(struct job *j))
{
	j->to = to;
	j->actor = actor;
	j->next = next;
	j->conflicts = 0;
	json_free(j->extra);
	j->extra = extra;
	snprintf(j->reason, sizeof(j->reason), "%s", reason ? reason : "");
	snprintf(j->message, sizeof(j->message), "%s", message ? message : "");
	step_send(j);
}

static void finish_end(struct job *j)
{
	job_end(j, true);
}

void job_finish(struct job *j, enum escape_phase to, enum escape_actor actor, const char *reason,
	const char *message, struct json *extra)
{
	job_step(j, to, actor, reason, message, extra, finish_end);
}
