/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/agent/rollback/rollback.h"

#include <base/log.h>
#include <base/str.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node-agent/agent/guard/guard.h"
#include "node-agent/agent/guard/orders.h"
#include "node-agent/agent/snapshots/snapshots.h"

bool rollback_is_uncertain(const struct err *e)
{
	static const char *const reasons[] = {"KeeperLost", "KeeperSilent", "KeeperBusy", "KeeperGone",
		"ContainerGone", "WrongState", "Locked", "Busy", "StoreNotReady", "Stopping", "OutOfMemory",
		NULL};

	for (size_t i = 0; reasons[i]; i++)
		if (str_eq(e->reason, reasons[i]))
			return true;
	return false;
}

void rollback_note_steps(struct job *j, const struct inplace_result *r)
{
	for (size_t i = 0; i < r->n_steps; i++)
		job_note(j, r->steps[i].name, r->steps[i].ms);
}

static struct json *generation_extra(const char *generation)
{
	struct json *extra = *generation ? json_new_obj() : NULL;

	json_set_str(extra, "generation", generation);
	return extra;
}

static void note_freeze(struct job *j)
{
	for (struct guard *g = j->agent->guards; g; g = g->next)
		if (g->alarmed && g->alarm.frozen_ms && str_eq(g->keeper->last.pod_uid, j->x.spec.pod_uid)) {
			job_note(j, "freeze", g->alarm.frozen_ms - g->alarm.detected_ms);
			return;
		}
}

static void on_killed(void *arg, const struct err *e)
{
	struct job *j = arg;
	const struct err *why = j->state;

	/* A keeper that was killed with its container answers by closing the connection. */
	if (e && !str_eq(e->reason, "KeeperLost") && !str_eq(e->reason, "KeeperGone")) {
		log_warn("container not killed", "escape", j->key, "reason", e->reason, "why", e->message);
		job_end(j, false);
		return;
	}
	agent_event(j->agent, j->x.namespace_, j->x.spec.pod_name, j->x.spec.pod_uid, "Warning", why->reason,
		"Killed, to start again from its image: %s", why->message);
	job_finish(j, PHASE_FAILED, ACTOR_SOURCE, why->reason, why->message, NULL);
}

static bool is_alarmed(const struct guard *g)
{
	return g->alarmed;
}

/* What cannot be given a safe state must not stand frozen for ever: kubelet starts it from its image. */
static void kill_pod(struct job *j, const char *reason, const char *message)
{
	struct err e, *why = calloc(1, sizeof(*why));

	if (!why) {
		job_end(j, false);
		return;
	}
	err_set(why, -EIO, reason, "%s", message);
	j->state = why;
	j->free_state = free;
	if (orders_to_pod(j->agent, j->x.spec.pod_uid, is_alarmed, KEEPER_KILL, on_killed, j, &e)) {
		log_warn("container not killed", "escape", j->key, "why", e.message);
		job_end(j, false);
	}
}

static void rolled_back(struct job *j, const struct inplace_result *r)
{
	char message[ERR_MESSAGE_MAX];
	int64_t ms = 0;

	rollback_note_steps(j, r);
	for (size_t i = 0; i < r->n_steps; i++)
		ms += r->steps[i].ms;
	snprintf(message, sizeof(message), "restored %s in %lld ms%s%s", r->generation, (long long)ms,
		*r->note ? "; " : "", r->note);
	agent_event(j->agent, j->x.namespace_, j->x.spec.pod_name, j->x.spec.pod_uid, "Normal", "RolledBack",
		"Rolled back in place to snapshot %s in %lld ms.", r->generation, (long long)ms);
	job_finish(j, PHASE_SUCCEEDED, ACTOR_SOURCE, "RolledBack", message, generation_extra(r->generation));
}

static void on_inplace(void *arg, const struct inplace_result *r)
{
	struct job *j = arg;
	char message[ERR_MESSAGE_MAX];

	if (!r->err.code) {
		rolled_back(j, r);
	} else if (rollback_is_uncertain(&r->err)) {
		job_end(j, false);
	} else if (str_eq(r->err.reason, "NoSafeSnapshot")) {
		kill_pod(j, r->err.reason, r->err.message);
	} else {
		/* The two are cut so that the note is never lost behind a long log of CRIU. */
		snprintf(message, sizeof(message), "%.240s%s%.220s", r->note, *r->note ? "; " : "",
			r->err.message);
		kill_pod(j, r->err.reason, message);
	}
}

static void restoring(struct job *j)
{
	struct err e = {0};
	int rc;

	note_freeze(j);
	rc = inplace_restore(
		j->agent, j->x.spec.pod_uid, j->x.status.generation, j->x.uid, on_inplace, j, &e);
	if (rc == -ENOENT)
		kill_pod(j, e.reason, e.message);
	else if (rc)
		job_end(j, false);
}

static void succeed_local(struct job *j)
{
	job_finish(j, PHASE_SUCCEEDED, ACTOR_SOURCE, "RolledBackLocally",
		"the agent had rolled the container back while the API server could not be reached", NULL);
}

static bool was_local(const struct job *j)
{
	for (const struct guard *g = j->agent->guards; g; g = g->next)
		if (str_eq(g->keeper->last.pod_uid, j->x.spec.pod_uid) && !g->alarmed && *j->x.spec.anomaly &&
			str_eq(g->local_anomaly, j->x.spec.anomaly))
			return true;
	return false;
}

static void pending(struct job *j)
{
	char generation[STORAGE_GENERATION_MAX] = "";
	struct guard *guards[GUARDS_OF_POD_MAX];
	size_t n = 0;
	int rc;

	if (was_local(j)) {
		job_step(j, PHASE_RESTORING, ACTOR_SOURCE, NULL, NULL, NULL, succeed_local);
		return;
	}
	/* A pod without containers here: it is ending, or starting. The operator gives up on it, or a
	 * keeper's event comes. */
	if (guards_of_pod(j->agent, j->x.spec.pod_uid, guards, GUARDS_OF_POD_MAX, &n) || !n) {
		job_end(j, true);
		return;
	}
	rc = snapshots_safe(j->agent, j->x.spec.pod_uid, "", generation, NULL);
	if (rc == -EAGAIN)
		job_end(j, false);
	else
		job_step(j, PHASE_RESTORING, ACTOR_SOURCE, NULL, NULL, generation_extra(generation),
			restoring);
}

void rollback_run(struct job *j)
{
	if (j->x.status.phase == PHASE_PENDING)
		pending(j);
	else if (j->x.status.phase == PHASE_RESTORING)
		restoring(j);
	else
		job_end(j, true);
}
