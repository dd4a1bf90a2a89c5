/* SPDX-License-Identifier: Apache-2.0 */
#include <base/log.h>
#include <base/str.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "node-agent/agent/guard/orders.h"
#include "node-agent/agent/move/move_source_priv.h"
#include "node-agent/agent/rollback/inplace.h"
#include "node-agent/agent/rollback/rollback.h"
#include "node-agent/agent/snapshots/snapshots.h"

static bool is_alarmed(const struct guard *g)
{
	return g->alarmed;
}

/* What stands frozen because of an alarm of its own stays so: the operator answers it with a rollback. */
static bool may_thaw(const struct guard *g)
{
	return !g->alarmed &&
	       (g->keeper->last.state == KEEPER_FROZEN || g->keeper->last.state == KEEPER_RUNNING);
}

static void retry(struct job *j, const struct err *e)
{
	log_warn("abort not complete yet", "escape", j->key, "reason", e->reason, "why", e->message);
	job_end(j, false);
}

/* The phase keeps the reason it was aborted for; the message says how the pod goes on. */
static void aborted(struct job *j, const char *how)
{
	char message[ERR_MESSAGE_MAX];

	snprintf(message, sizeof(message), "%.400s%s%s", j->x.status.message,
		*j->x.status.message ? "; " : "", how);
	agent_event(j->agent, j->x.namespace_, j->x.spec.pod_name, j->x.spec.pod_uid, "Warning",
		"MoveAborted", "%s: %s", *j->x.status.reason ? j->x.status.reason : "Aborted", how);
	job_finish(j, PHASE_ABORTED, ACTOR_SOURCE, NULL, message, NULL);
}

/* The agent froze by the cgroup itself; the keeper's thaw writes the same file, this makes sure of a keeper
 * that thought it running. */
static void thaw_directly(struct job *j)
{
	for (struct guard *g = j->agent->guards; g; g = g->next) {
		if (!str_eq(g->keeper->last.pod_uid, j->x.spec.pod_uid) || !may_thaw(g) || g->freezer.fd < 0)
			continue;
		if (g->watch)
			monitor_watch_rearm(g->watch);
		if (freezer_set(&g->freezer, false))
			log_error("container not thawed", "container", g->keeper->id);
	}
}

struct thaw {
	struct job *job;
	void (*next)(struct job *j);
};

static void on_thawed(void *arg, const struct err *e)
{
	struct thaw *t = arg;
	struct job *j = t->job;
	void (*next)(struct job *) = t->next;

	free(t);
	if (e) {
		retry(j, e);
		return;
	}
	thaw_directly(j);
	next(j);
}

void source_thaw(struct job *j, void (*next)(struct job *j))
{
	struct thaw *t = malloc(sizeof(*t));
	struct err e;

	if (!t) {
		job_end(j, false);
		return;
	}
	*t = (struct thaw){.job = j, .next = next};
	if (orders_to_pod(j->agent, j->x.spec.pod_uid, may_thaw, KEEPER_THAW, on_thawed, t, &e)) {
		free(t);
		retry(j, &e);
	}
}

static void aborted_thawed(struct job *j)
{
	/* What was sealed is older than the pod that now runs on. */
	if (j->x.spec.state == STATE_LIVE && *j->x.status.generation)
		snapshots_forget(j->agent, j->x.spec.pod_uid, j->x.status.generation);
	aborted(j, "the pod goes on where it was stopped");
}

static void on_killed(void *arg, const struct err *e)
{
	struct job *j = arg;

	if (e && !str_eq(e->reason, "KeeperLost") && !str_eq(e->reason, "KeeperGone"))
		retry(j, e);
	else
		aborted(j, "there was no safe snapshot: the container was killed and starts again from its "
			   "image");
}

static void kill_alarmed(struct job *j)
{
	struct err e;

	if (orders_to_pod(j->agent, j->x.spec.pod_uid, is_alarmed, KEEPER_KILL, on_killed, j, &e))
		retry(j, &e);
}

static void on_inplace(void *arg, const struct inplace_result *r)
{
	struct job *j = arg;

	if (!r->err.code) {
		rollback_note_steps(j, r);
		aborted(j, "the pod was rolled back in place");
	} else if (str_eq(r->err.reason, "NoSafeSnapshot")) {
		kill_alarmed(j);
	} else if (rollback_is_uncertain(&r->err)) {
		retry(j, &r->err);
	} else {
		aborted(j, r->err.message);
	}
}

static void roll_back(struct job *j)
{
	struct err e = {0};
	int rc = inplace_restore(
		j->agent, j->x.spec.pod_uid, j->x.status.generation, j->x.uid, on_inplace, j, &e);

	if (rc == -ENOENT)
		kill_alarmed(j);
	else if (rc)
		retry(j, &e);
}

static bool pod_has_alarm(const struct job *j)
{
	for (const struct guard *g = j->agent->guards; g; g = g->next)
		if (str_eq(g->keeper->last.pod_uid, j->x.spec.pod_uid) && g->alarmed)
			return true;
	return false;
}

void source_abort(struct job *j)
{
	struct guard *guards[GUARDS_OF_POD_MAX];
	struct err e = {0};
	size_t n = 0;

	if (source_open(j, &e)) {
		retry(j, &e);
		return;
	}
	guards_of_pod(j->agent, j->x.spec.pod_uid, guards, GUARDS_OF_POD_MAX, &n);
	if (!n)
		aborted(j, "the pod has no container on its node any more");
	else if (j->x.spec.state != STATE_LIVE && pod_has_alarm(j))
		roll_back(j);
	else
		source_thaw(j, aborted_thawed);
}
