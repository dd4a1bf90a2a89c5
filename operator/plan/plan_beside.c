/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/plan/round.h"
#include "operator/plan/view.h"

#include <base/str.h>
#include <errno.h>

/* No alarm of its own, or each of them answered by an Escape that went well: its memory may be trusted. */
static bool pod_is_clean(const struct round *r, const struct world_node *n, const struct world_pod *p)
{
	for (size_t i = 0; i < n->n_anomalies; i++) {
		const struct report_anomaly *a = &n->anomalies[i];
		const struct world_escape *answer;

		if (!str_eq(a->pod_uid, p->uid) || !view_anomaly_counts(a, r->c, r->now_ms))
			continue;
		answer = view_answer(r->w, p->uid, a->id);
		if (!answer || answer->x.status.phase != PHASE_SUCCEEDED)
			return false;
	}
	return true;
}

static bool pod_is_prey(const struct world_pod *p)
{
	return view_enforced(p) && p->running && !p->deleting && *p->node;
}

/* A pod that moved, or tried to, a moment ago stays, or two predators would keep it running for ever. */
static bool pod_cools_down(const struct round *r, const struct world_pod *p)
{
	int64_t last = view_last_move_ms(r->w, p);
	int64_t until = last + p->policy->placement.cooldown_ms;

	if (last < 0 || r->now_ms >= until)
		return false;
	actions_wake(r->out, until);
	return true;
}

static void stays_tell(const struct round *r, const struct world_pod *p, const struct report_anomaly *a,
	const struct err *why)
{
	char once[160];

	str_fmt(once, sizeof(once), "stays/%s/%s", p->uid, a->id);
	action_event(r->out, "Pod", p->namespace_, p->name, p->uid, "Warning", "CannotEscape", once,
		"node %s is hacked (alarm in %s/%s), and this pod cannot move: %.300s (%s)", p->node,
		a->namespace_, a->pod, why->message, why->reason);
}

static void dry_run_tell(const struct round *r, const struct world_pod *p, const struct report_anomaly *a)
{
	char once[160];

	str_fmt(once, sizeof(once), "dry/%s/%s", p->uid, a->id);
	action_event(r->out, "Pod", p->namespace_, p->name, p->uid, "Normal", "DryRun", once,
		"node %s is hacked (alarm in %s/%s): this pod would move", p->node, a->namespace_, a->pod);
}

static void pod_escape(struct round *r, const struct world_pod *p, const struct report_anomaly *a)
{
	struct err why = p->immovable;
	struct draft d = {.pod = p,
		.anomaly = a,
		.container = "",
		.state = round_state(p->policy, STATE_LIVE),
		.reason = "NodeHacked"};
	int rc = why.code;

	str_fmt(d.message, sizeof(d.message), "node %.120s is hacked: alarm in container %s of %s/%.120s",
		p->node, a->container, a->namespace_, a->pod);
	if (!rc)
		rc = round_move(r, &d, &why);
	if (rc == -ENOMEM)
		r->out->failed = true;
	else if (rc)
		stays_tell(r, p, a, &why);
}

void plan_alarms_beside(struct round *r)
{
	for (const struct world_pod *p = r->w->pods; p; p = p->hh.next) {
		const struct world_node *n;
		const struct report_anomaly *a;

		if (!pod_is_prey(p))
			continue;
		n = world_node(r->w, p->node);
		a = view_hacked_by_other(n, p->uid, r->c, r->now_ms);
		if (!a || !pod_is_clean(r, n, p) || round_pod_busy(r, p))
			continue;
		if (p->policy->response.dry_run) {
			dry_run_tell(r, p, a);
			continue;
		}
		if (pod_cools_down(r, p) || round_moves_full(r, p->policy) || round_braked(r, p, a->id))
			continue;
		pod_escape(r, p, a);
	}
}
