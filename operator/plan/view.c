/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/plan/view.h"

#include "operator/plan/judge.h"

#include <base/str.h>

bool view_anomaly_counts(const struct report_anomaly *a, const struct plan_config *c, int64_t now_ms)
{
	return now_ms - a->detected_ms < c->forgive_ms;
}

/* What is not yet written into the NodeVerdict counts already, but for foreign words, which are limited. */
enum verdict_state view_node_state(const struct world_node *n, const struct plan_config *c, int64_t now_ms)
{
	enum verdict_state state = VERDICT_CLEAN;

	if (!n)
		return VERDICT_CLEAN;
	if (judge_marked(n, now_ms) || view_hacked_by_other(n, "", c, now_ms))
		return VERDICT_HACKED;
	for (size_t i = 0; n->verdict && i < n->verdict->status.n_causes; i++) {
		const struct verdict_cause *k = &n->verdict->status.causes[i];

		if (k->source != SOURCE_ADMIN && k->weight > state && judge_counts(n, k->last_ms, c, now_ms))
			state = k->weight;
	}
	if (state == VERDICT_CLEAN && judge_silent_since(n, c, now_ms))
		state = VERDICT_SUSPECT;
	return state;
}

bool view_node_hacked(const struct world_node *n, const struct plan_config *c, int64_t now_ms)
{
	return view_node_state(n, c, now_ms) == VERDICT_HACKED;
}

const struct report_anomaly *view_hacked_by_other(
	const struct world_node *n, const char *pod_uid, const struct plan_config *c, int64_t now_ms)
{
	const struct report_anomaly *oldest = NULL;

	for (size_t i = 0; n && i < n->n_anomalies; i++) {
		const struct report_anomaly *a = &n->anomalies[i];

		if (str_eq(a->pod_uid, pod_uid) || !judge_counts(n, a->detected_ms, c, now_ms))
			continue;
		if (!oldest || a->detected_ms < oldest->detected_ms)
			oldest = a;
	}
	return oldest;
}

const struct verdict_cause *view_cause_beside(
	const struct world_node *n, const char *pod_uid, const struct plan_config *c, int64_t now_ms)
{
	for (size_t i = 0; n && n->verdict && i < n->verdict->status.n_causes; i++) {
		const struct verdict_cause *k = &n->verdict->status.causes[i];
		bool counts = k->source == SOURCE_ADMIN ? judge_marked(n, now_ms)
							: judge_counts(n, k->last_ms, c, now_ms);

		if (k->weight == VERDICT_HACKED && counts && (!*pod_uid || !str_eq(k->pod_uid, pod_uid)))
			return k;
	}
	return NULL;
}

bool view_pod_accused(
	const struct world_node *n, const char *pod_uid, const struct plan_config *c, int64_t now_ms)
{
	for (size_t i = 0; n && n->verdict && i < n->verdict->status.n_causes; i++) {
		const struct verdict_cause *k = &n->verdict->status.causes[i];

		if (k->source != SOURCE_ALARM && str_eq(k->pod_uid, pod_uid) &&
			judge_counts(n, k->last_ms, c, now_ms))
			return true;
	}
	return false;
}

bool view_agent_alive(const struct world_node *n, const struct plan_config *c, int64_t now_ms)
{
	return n && n->reported && now_ms - n->heartbeat_ms < c->agent_silent_ms;
}

bool view_pod_learning(const struct world *w, const struct world_pod *p)
{
	const struct world_node *n = world_node(w, p->node);

	for (size_t i = 0; n && i < n->n_guarded; i++)
		if (n->guarded[i].learning && str_eq(n->guarded[i].pod_uid, p->uid))
			return true;
	return false;
}

bool view_pod_full(const struct world *w, const struct world_pod *p)
{
	const struct world_node *n = world_node(w, p->node);

	for (size_t i = 0; n && i < n->n_guarded; i++)
		if (n->guarded[i].full && str_eq(n->guarded[i].pod_uid, p->uid))
			return true;
	return false;
}

bool view_enforced(const struct world_pod *p)
{
	return p->policy && p->guarded && p->policy->detection.mode != MODE_OBSERVE;
}

const struct world_escape *view_active_of_pod(const struct world *w, const char *pod_uid)
{
	for (const struct world_escape *i = w->escapes; i; i = i->hh.next)
		if (!escape_phase_final(i->x.status.phase) && str_eq(i->x.spec.pod_uid, pod_uid))
			return i;
	return NULL;
}

static bool is_about(const struct escape *x, const char *pod_uid, const char *anomaly)
{
	return str_eq(x->spec.pod_uid, pod_uid) && str_eq(x->spec.anomaly, anomaly);
}

const struct world_escape *view_answer(const struct world *w, const char *pod_uid, const char *anomaly)
{
	for (const struct world_escape *i = w->escapes; i; i = i->hh.next)
		if (is_about(&i->x, pod_uid, anomaly) &&
			!(i->x.status.phase == PHASE_FAILED && str_eq(i->x.status.reason, "AgentSilent")))
			return i;
	return NULL;
}

size_t view_attempts(const struct world *w, const char *pod_uid, const char *anomaly)
{
	size_t n = 0;

	for (const struct world_escape *i = w->escapes; i; i = i->hh.next)
		n += is_about(&i->x, pod_uid, anomaly);
	return n;
}

size_t view_rollbacks_since(const struct world *w, const char *pod_uid, int64_t since_ms)
{
	size_t n = 0;

	for (const struct world_escape *i = w->escapes; i; i = i->hh.next)
		n += i->x.spec.kind == ESCAPE_ROLLBACK && i->x.status.phase == PHASE_SUCCEEDED &&
		     i->x.created_ms >= since_ms && str_eq(i->x.spec.pod_uid, pod_uid);
	return n;
}

int64_t view_last_move_ms(const struct world *w, const struct world_pod *p)
{
	int64_t last = -1;

	for (const struct world_escape *i = w->escapes; i; i = i->hh.next) {
		if (i->x.spec.kind != ESCAPE_MOVE)
			continue;
		if (!str_eq(i->x.status.successor_uid, p->uid) && !str_eq(i->x.spec.pod_uid, p->uid))
			continue;
		if (i->x.created_ms > last)
			last = i->x.created_ms;
	}
	return last;
}

size_t view_active(const struct world *w, const char *node)
{
	size_t n = 0;

	for (const struct world_escape *i = w->escapes; i; i = i->hh.next)
		n += !escape_phase_final(i->x.status.phase) && (!node || str_eq(i->x.spec.source_node, node));
	return n;
}

size_t view_active_moves(const struct world *w, const struct policy *p)
{
	size_t n = 0;

	for (const struct world_escape *i = w->escapes; i; i = i->hh.next)
		n += i->x.spec.kind == ESCAPE_MOVE && !escape_phase_final(i->x.status.phase) &&
		     str_eq(i->x.namespace_, p->namespace_) && str_eq(i->x.spec.policy, p->name);
	return n;
}

bool view_anomaly_reported(const struct world *w, const char *anomaly)
{
	for (const struct world_node *n = w->nodes; n; n = n->hh.next)
		for (size_t i = 0; i < n->n_anomalies; i++)
			if (str_eq(n->anomalies[i].id, anomaly))
				return true;
	return false;
}
