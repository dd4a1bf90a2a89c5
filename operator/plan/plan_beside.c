/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/plan/round.h"
#include "operator/plan/view.h"

#include <base/cleanup.h>
#include <base/str.h>
#include <errno.h>

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
	auto_free const struct world_pod **prey = NULL;
	size_t n = round_prey(r, &prey);

	for (size_t i = 0; i < n; i++) {
		const struct world_pod *p = prey[i];
		const struct report_anomaly *a =
			view_hacked_by_other(world_node(r->w, p->node), p->uid, r->c, r->now_ms);

		if (!a || !round_pod_clean(r, p) || round_pod_busy(r, p))
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
