/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/plan/round.h"
#include "operator/plan/view.h"

#include <base/cleanup.h>
#include <base/str.h>
#include <errno.h>
#include <string.h>

/* Who makes the node of a pod hacked, beside the pod itself. */
struct threat {
	const struct report_anomaly *anomaly; /* NULL: the NodeVerdict says it */
	char cause[96];
	char why[400];
};

/* Tries of this pod do not share a name: each is another occasion. */
static size_t tries(const struct round *r, const struct world_pod *p)
{
	size_t n = 0;

	for (const struct world_escape *i = r->w->escapes; i; i = i->hh.next)
		n += str_eq(i->x.spec.pod_uid, p->uid);
	return n;
}

static void threat_by_verdict(
	const struct round *r, const struct world_pod *p, const struct verdict_cause *k, struct threat *ret)
{
	str_fmt(ret->cause, sizeof(ret->cause), "verdict-%016llx-%lld-%zu",
		(unsigned long long)str_hash64(p->node, strlen(p->node)), (long long)k->first_ms,
		tries(r, p));
	str_fmt(ret->why, sizeof(ret->why), "%s: %.120s%s%.200s", VERDICT_SOURCE_NAMES[k->source], k->reason,
		*k->message ? ", " : "", k->message);
}

static bool threat_find(
	const struct round *r, const struct world_node *n, const struct world_pod *p, struct threat *ret)
{
	const struct verdict_cause *k;

	memset(ret, 0, sizeof(*ret));
	ret->anomaly = view_hacked_by_other(n, p->uid, r->c, r->now_ms);
	if (ret->anomaly) {
		str_copy(ret->cause, sizeof(ret->cause), ret->anomaly->id);
		str_fmt(ret->why, sizeof(ret->why), "alarm in container %s of %s/%.120s",
			ret->anomaly->container, ret->anomaly->namespace_, ret->anomaly->pod);
		return true;
	}
	k = view_cause_beside(n, p->uid, r->c, r->now_ms);
	if (k)
		threat_by_verdict(r, p, k, ret);
	return k;
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

static void stays_tell(
	const struct round *r, const struct world_pod *p, const struct threat *t, const struct err *why)
{
	char once[160];

	str_fmt(once, sizeof(once), "stays/%s/%s", p->uid, t->cause);
	action_event(r->out, "Pod", p->namespace_, p->name, p->uid, "Warning", "CannotEscape", once,
		"node %s is hacked (%.150s), and this pod cannot move: %.300s (%s)", p->node, t->why,
		why->message, why->reason);
}

static void dry_run_tell(const struct round *r, const struct world_pod *p, const struct threat *t)
{
	char once[160];

	str_fmt(once, sizeof(once), "dry/%s/%s", p->uid, t->cause);
	action_event(r->out, "Pod", p->namespace_, p->name, p->uid, "Normal", "DryRun", once,
		"node %s is hacked (%.200s): this pod would move", p->node, t->why);
}

static void pod_escape(struct round *r, const struct world_pod *p, const struct threat *t)
{
	struct err why = p->immovable;
	struct draft d = {.pod = p,
		.anomaly = t->anomaly,
		.cause = t->cause,
		.container = "",
		.state = round_state(p->policy, STATE_LIVE),
		.reason = "NodeHacked"};
	int rc = why.code;

	str_fmt(d.message, sizeof(d.message), "node %.120s is hacked: %.300s", p->node, t->why);
	if (!rc)
		rc = round_move(r, &d, &why);
	if (rc == -ENOMEM)
		r->out->failed = true;
	else if (rc)
		stays_tell(r, p, t, &why);
}

/* Whether what is against it counts is for threat_find to say. */
static bool has_something(const struct world_node *n)
{
	return n->n_anomalies || n->verdict;
}

void plan_alarms_beside(struct round *r)
{
	auto_free const struct world_pod **prey = NULL;
	size_t n = round_prey(r, has_something, &prey);

	for (size_t i = 0; i < n; i++) {
		const struct world_pod *p = prey[i];
		struct threat t;

		if (!threat_find(r, p->on, p, &t) || !round_pod_clean(r, p) || round_pod_busy(r, p))
			continue;
		if (p->policy->response.dry_run) {
			dry_run_tell(r, p, &t);
			continue;
		}
		if (pod_cools_down(r, p) || round_moves_full(r, p->policy) || round_braked(r, p, t.cause))
			continue;
		pod_escape(r, p, &t);
	}
}
