/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/plan/plan_alarms.h"

#include "operator/plan/plan_evictions.h"
#include "operator/plan/round.h"
#include "operator/plan/view.h"

#include <base/str.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct alarm {
	const struct report_anomaly *anomaly;
	const struct world_pod *pod;
};

/* A node speaks only for the pods that run on it. */
static const struct world_pod *alarm_pod(
	const struct round *r, const struct world_node *n, const struct report_anomaly *a)
{
	const struct world_pod *p = world_pod_by_uid(r->w, a->pod_uid);

	if (!p || !str_eq(p->node, n->name) || !str_eq(p->namespace_, a->namespace_))
		return NULL;
	if (!p->policy || p->deleting || p->ended || !view_anomaly_counts(a, r->c, r->now_ms))
		return NULL;
	return p;
}

static int alarm_compare(const void *va, const void *vb)
{
	const struct report_anomaly *a = ((const struct alarm *)va)->anomaly;
	const struct report_anomaly *b = ((const struct alarm *)vb)->anomaly;

	if (a->detected_ms != b->detected_ms)
		return a->detected_ms < b->detected_ms ? -1 : 1;
	return strcmp(a->id, b->id);
}

/* Oldest first. Caller frees *ret. */
static size_t alarms_collect(const struct round *r, struct alarm **ret)
{
	size_t n = 0, max = 0;
	struct alarm *list;

	for (const struct world_node *i = r->w->nodes; i; i = i->hh.next)
		max += i->n_anomalies;
	list = calloc(max + 1, sizeof(*list));
	*ret = list;
	if (!list) {
		r->out->failed = true;
		return 0;
	}
	for (const struct world_node *i = r->w->nodes; i; i = i->hh.next)
		for (size_t k = 0; k < i->n_anomalies; k++) {
			const struct world_pod *p = alarm_pod(r, i, &i->anomalies[k]);

			if (p)
				list[n++] = (struct alarm){.anomaly = &i->anomalies[k], .pod = p};
		}
	qsort(list, n, sizeof(*list), alarm_compare);
	return n;
}

/* The agent has told the alarm itself. */
static void alarm_tell(const struct round *r, const struct alarm *m)
{
	const struct report_anomaly *a = m->anomaly;
	const struct policy *policy = m->pod->policy;
	const char *why = policy->detection.mode == MODE_OBSERVE ? "the policy only observes"
			  : policy->response.dry_run             ? "dry run"
								 : NULL;
	char once[160];

	if (!why)
		return;
	str_fmt(once, sizeof(once), "alarm/%s/%s", a->pod_uid, a->id);
	action_event(r->out, "Pod", m->pod->namespace_, m->pod->name, m->pod->uid, "Warning", "AlarmSeen",
		once, "nothing is done about the alarm in container %s on node %s: %s", a->container,
		m->pod->node, why);
}

static bool alarm_is_open(const struct round *r, const struct alarm *m)
{
	if (m->pod->policy->response.dry_run || !view_enforced(m->pod))
		return false;
	return !round_pod_busy(r, m->pod) && !view_answer(r->w, m->pod->uid, m->anomaly->id);
}

static void draft_init(struct draft *d, const struct alarm *m, enum escape_kind kind)
{
	memset(d, 0, sizeof(*d));
	d->pod = m->pod;
	d->anomaly = m->anomaly;
	d->container = m->anomaly->container;
	d->kind = kind;
	d->state = STATE_LAST_SAFE;
	d->reason = "Alarm";
}

/* Only where somebody makes the pod again. */
static bool restarts(const struct world_pod *p)
{
	return policy_stateless(p->policy, p->obj) && *p->owner_kind;
}

static void rollback_add(struct round *r, const struct alarm *m, size_t before, const struct err *why_no_move)
{
	const struct policy *policy = m->pod->policy;
	struct draft d;

	draft_init(&d, m, ESCAPE_ROLLBACK);
	if (why_no_move)
		str_fmt(d.message, sizeof(d.message),
			"the attack persists, but the pod cannot move: %.300s (%s)", why_no_move->message,
			why_no_move->reason);
	else
		str_fmt(d.message, sizeof(d.message),
			"alarm in container %s; rollback %zu of %lld before the pod moves",
			m->anomaly->container, before + 1, (long long)policy->response.rollbacks);
	draft_add(r->w, &d, r->out);
}

static void restart_add(struct round *r, const struct alarm *m)
{
	struct draft d;

	draft_init(&d, m, ESCAPE_RESTART);
	str_fmt(d.message, sizeof(d.message), "alarm in container %s of a stateless workload",
		m->anomaly->container);
	draft_add(r->w, &d, r->out);
}

/* -EBUSY: it may move, but not now. */
static int persistent_move_add(struct round *r, const struct alarm *m, size_t rollbacks, struct err *why)
{
	const struct world_pod *p = m->pod;
	struct draft d;

	if (p->immovable.code) {
		*why = p->immovable;
		return why->code;
	}
	if (round_moves_full(r, p->policy))
		return err_set(why, -EBUSY, "MaxConcurrent", "%lld moves of the policy are under way",
			(long long)p->policy->placement.max_concurrent);
	draft_init(&d, m, ESCAPE_MOVE);
	d.state = round_state(p->policy, STATE_LAST_SAFE);
	d.reason = "PersistentAttack";
	str_fmt(d.message, sizeof(d.message), "alarm in container %s after %zu rollbacks within %lld s",
		m->anomaly->container, rollbacks, (long long)(p->policy->response.within_ms / 1000));
	return round_move(r, &d, why);
}

static void alarm_answer(struct round *r, const struct alarm *m)
{
	const struct policy *policy = m->pod->policy;
	size_t done = view_rollbacks_since(r->w, m->pod->uid, r->now_ms - policy->response.within_ms);
	struct err why = {0};
	int rc;

	if (restarts(m->pod)) {
		restart_add(r, m);
		return;
	}
	if ((int64_t)done < policy->response.rollbacks) {
		rollback_add(r, m, done, NULL);
		return;
	}
	rc = persistent_move_add(r, m, done, &why);
	if (rc == -ENOMEM)
		r->out->failed = true;
	else if (rc)
		/* A frozen container is not left waiting for another pod's move: back to the last safe state.
		 */
		rollback_add(r, m, done, &why);
}

void plan_alarms(const struct world *w, const struct plan_config *c, int64_t now_ms, uint64_t entropy,
	struct actions *out)
{
	struct round r = {.w = w, .c = c, .now_ms = now_ms, .entropy = entropy, .out = out};
	struct alarm *alarms;
	size_t n = alarms_collect(&r, &alarms);

	for (size_t i = 0; i < n; i++) {
		alarm_tell(&r, &alarms[i]);
		if (alarm_is_open(&r, &alarms[i]) && !round_braked(&r, alarms[i].pod, alarms[i].anomaly->id))
			alarm_answer(&r, &alarms[i]);
	}
	free(alarms);
	plan_alarms_beside(&r);
	plan_evictions(&r);
}
