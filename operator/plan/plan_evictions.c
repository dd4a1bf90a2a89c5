/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/plan/plan_evictions.h"

#include "operator/plan/view.h"

#include <base/cleanup.h>
#include <base/str.h>
#include <errno.h>
#include <inttypes.h>

static const char REASON[] = "Evicted";

/* The wish is older than any drain that made it: what is asked now is another one. */
static bool wish_is_stale(const struct world_pod *p, const struct plan_config *c, int64_t now_ms)
{
	return now_ms - p->evicted_ms > 2 * c->eviction_patience_ms;
}

/* The move that this wish led to, ended or not. Escapes have whole seconds of age. */
static const struct world_escape *answer_to(const struct world *w, const struct world_pod *p)
{
	for (const struct world_escape *i = w->escapes; i; i = i->hh.next)
		if (str_eq(i->x.spec.pod_uid, p->uid) && str_eq(i->x.spec.reason, REASON) &&
			i->x.created_ms + 999 >= p->evicted_ms)
			return i;
	return NULL;
}

/* A move in which the pod is one of the two, and which has not ended. */
static const struct world_escape *move_of(const struct world *w, const struct world_pod *p)
{
	for (const struct world_escape *i = w->escapes; i; i = i->hh.next)
		if (i->x.spec.kind == ESCAPE_MOVE && !escape_phase_final(i->x.status.phase) &&
			(str_eq(i->x.spec.pod_uid, p->uid) ||
				(*i->x.status.successor_uid && str_eq(i->x.status.successor_uid, p->uid))))
			return i;
	return NULL;
}

/* -ENOTSUP: it will not, -ENOENT and others: it cannot now. */
static int pod_can_move(const struct world *w, const struct plan_config *c, const struct world_pod *p,
	int64_t now_ms, struct err *why)
{
	auto_free struct placement *place = NULL;

	if (p->immovable.code) {
		*why = p->immovable;
		return why->code;
	}
	if (!p->guarded)
		return err_set(why, -ENOTSUP, "NotGuarded", "it does not run under RuntimeClass %s",
			API_RUNTIME_CLASS);
	if (!view_enforced(p) || p->policy->response.dry_run)
		return err_set(why, -ENOTSUP, "PolicyOnlyWatches", "policy %s observes, or is a dry run",
			p->policy->name);
	if (!view_agent_alive(world_node(w, p->node), c, now_ms))
		return err_set(
			why, -EHOSTDOWN, "AgentSilent", "the agent of node %s does not answer", p->node);
	place = calloc(1, sizeof(*place));
	if (!place)
		return err_set(why, -ENOMEM, "OutOfMemory", "no memory for a placement");
	return placement_choose(w, c, p, NULL, 0, now_ms, place, why);
}

static enum eviction waits_told(const struct world_escape *x, struct err *why)
{
	err_set(why, -EBUSY, "Moving", "pod %s moves from node %s to %s (Escape %s, %s)", x->x.spec.pod_name,
		x->x.spec.source_node, x->x.spec.destination_node, x->x.name,
		ESCAPE_PHASE_NAMES[x->x.status.phase]);
	return EVICTION_WAITS;
}

/* What became of a wish that is written down. */
static enum eviction wish_judge(const struct world *w, const struct plan_config *c, const struct world_pod *p,
	int64_t now_ms, struct err *why)
{
	const struct world_escape *answer = answer_to(w, p);

	if (answer && escape_phase_final(answer->x.status.phase) &&
		answer->x.status.phase != PHASE_SUCCEEDED) {
		err_set(why, -ECANCELED, "MoveFailed", "its move %s ended as %s: %s", answer->x.name,
			ESCAPE_PHASE_NAMES[answer->x.status.phase], answer->x.status.message);
		return EVICTION_PASSES;
	}
	if (!answer && now_ms - p->evicted_ms > c->eviction_patience_ms) {
		err_set(why, -ETIMEDOUT, "MoveNotBegun", "it waited %lld s for its move",
			(long long)((now_ms - p->evicted_ms) / 1000));
		return EVICTION_PASSES;
	}
	err_set(why, -EBUSY, "Moving", "pod %s waits for its move to another node", p->name);
	return EVICTION_WAITS;
}

enum eviction eviction_judge(const struct world *w, const struct plan_config *c, const struct world_pod *p,
	int64_t now_ms, struct err *why)
{
	const struct world_escape *under_way;

	err_clear(why);
	if (!p->policy || p->policy->response.on_eviction != ON_EVICTION_MOVE || p->ended || p->deleting)
		return EVICTION_PASSES;
	under_way = move_of(w, p);
	if (under_way)
		return waits_told(under_way, why);
	if (!p->running || pod_can_move(w, c, p, now_ms, why))
		return EVICTION_PASSES;
	if (p->evicted_ms && !wish_is_stale(p, c, now_ms))
		return wish_judge(w, c, p, now_ms, why);
	err_set(why, -EBUSY, "Moving", "pod %s will move to another node instead", p->name);
	return EVICTION_ASKS;
}

static bool wish_is_open(const struct round *r, const struct world_pod *p)
{
	return p->evicted_ms && p->policy->response.on_eviction == ON_EVICTION_MOVE &&
	       !p->policy->response.dry_run && r->now_ms - p->evicted_ms <= r->c->eviction_patience_ms &&
	       !answer_to(r->w, p) && !round_pod_busy(r, p) && round_pod_clean(r, p);
}

static void cannot_tell(
	const struct round *r, const struct world_pod *p, const char *cause, const struct err *why)
{
	char once[160];

	str_fmt(once, sizeof(once), "stays/%s/%s", p->uid, cause);
	action_event(r->out, "Pod", p->namespace_, p->name, p->uid, "Warning", "CannotEscape", once,
		"it was to be evicted and to move instead, but cannot: %.300s (%s)", why->message,
		why->reason);
}

static void pod_move(struct round *r, const struct world_pod *p, const char *cause)
{
	struct err why = p->immovable;
	struct draft d = {.pod = p,
		.cause = cause,
		.container = "",
		.state = round_state(p->policy, STATE_LIVE),
		.reason = REASON};
	int rc = why.code;

	str_fmt(d.message, sizeof(d.message), "evicted from node %.120s", p->node);
	if (!rc)
		rc = round_move(r, &d, &why);
	if (rc == -ENOMEM)
		r->out->failed = true;
	else if (rc)
		cannot_tell(r, p, cause, &why);
}

static bool anywhere(const struct world_node *n)
{
	return n;
}

void plan_evictions(struct round *r)
{
	auto_free const struct world_pod **prey = NULL;
	size_t n = r->w->n_evicted ? round_prey(r, anywhere, &prey) : 0;

	for (size_t i = 0; i < n; i++) {
		char cause[32];

		if (!wish_is_open(r, prey[i]))
			continue;
		str_fmt(cause, sizeof(cause), "evicted-%" PRId64, prey[i]->evicted_ms);
		if (!round_moves_full(r, prey[i]->policy) && !round_braked(r, prey[i], cause))
			pod_move(r, prey[i], cause);
	}
}
