/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/plan/plan_escape.h"

#include "operator/plan/plan_priv.h"
#include "operator/plan/view.h"

#include <base/str.h>

bool step_overdue_after(const struct step *s, int64_t deadline_ms)
{
	int64_t until = s->entry->since_ms + deadline_ms;

	if (s->now_ms >= until)
		return true;
	actions_wake(s->out, until);
	return false;
}

bool step_overdue(const struct step *s)
{
	return step_overdue_after(s, s->c->step_deadline_ms);
}

struct action *step_to(const struct step *s, enum escape_phase to, const char *reason, const char *message)
{
	return action_step(s->out, s->x, to, s->now_ms, reason, message, NULL);
}

struct action *step_to_when_gone(
	const struct step *s, enum escape_phase to, const char *reason, const char *message)
{
	struct action *a = step_to(s, to, reason, message);

	action_need_gone(a, s->x->spec.pod_name, s->x->spec.pod_uid);
	return a;
}

/* Deadlines that an agent with a heartbeat has to begin a rollback: it may be busy with others. */
#define PATIENCE 5

static void plan_rollback(const struct step *s)
{
	const struct world_node *n = world_node(s->w, s->x->spec.source_node);

	if (!s->old) {
		step_to_when_gone(
			s, PHASE_FAILED, "PodGone", "the pod was deleted before it was rolled back");
		return;
	}
	if (s->x->status.phase != PHASE_PENDING || !step_overdue(s))
		return;
	if (!view_agent_alive(n, s->c, s->now_ms)) {
		step_to(s, PHASE_FAILED, "AgentSilent", "the agent of the pod's node does not answer");
		return;
	}
	/* It lives and does not take it up: what it holds back must not brake the rest of the cluster for
	 * ever. */
	if (s->now_ms - s->entry->since_ms >= PATIENCE * s->c->step_deadline_ms)
		step_to(s, PHASE_FAILED, "NotTakenUp",
			"the agent of the pod's node lives, but did not begin");
	else
		actions_wake(s->out, s->now_ms + s->c->step_deadline_ms);
}

static void plan_restart(const struct step *s)
{
	/* Its owner makes a new one; the old pod's end is all that is asked for. */
	if (!s->old) {
		step_to_when_gone(
			s, PHASE_SUCCEEDED, "Restarted", "the pod was deleted; its owner makes a new one");
		return;
	}
	if (!s->old->deleting)
		action_delete_pod(s->out, s->old);
	step_to(s, PHASE_SUCCEEDED, "Restarted", "the pod is deleted; its owner makes a new one");
}

/* The annotation alone proves nothing: name and namespace are the Escape's own, the uid is checked where it
 * is known. */
static const struct world_pod *successor_of(const struct world *w, const struct escape *x)
{
	const struct world_pod *p;

	if (x->spec.kind != ESCAPE_MOVE)
		return NULL;
	p = world_pod(w, x->namespace_, x->spec.successor);
	if (!p || !str_eq(p->escape, x->name))
		return NULL;
	if (*x->status.successor_uid && !str_eq(x->status.successor_uid, p->uid))
		return NULL;
	return p;
}

void plan_escape(const struct world *w, const struct plan_config *c, const struct world_escape *e,
	int64_t now_ms, struct actions *out)
{
	const struct escape *x = &e->x;
	const struct step s = {.w = w,
		.c = c,
		.entry = e,
		.x = x,
		.old = world_pod_by_uid(w, x->spec.pod_uid),
		.successor = successor_of(w, x),
		.now_ms = now_ms,
		.out = out};

	if (x->deleting)
		return;
	if (x->spec.kind == ESCAPE_MOVE) {
		plan_move(&s);
		return;
	}
	if (escape_phase_final(x->status.phase))
		return;
	if (x->spec.kind == ESCAPE_ROLLBACK)
		plan_rollback(&s);
	else
		plan_restart(&s);
}
