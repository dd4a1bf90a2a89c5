/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/plan/judge.h"

#include <base/cleanup.h>
#include <base/str.h>
#include <stdlib.h>
#include <string.h>

/* How far ahead of ours a node's clock may be; a later alarm is taken to be of that time. */
#define SKEW_MS 300000
/* A node whose agent is made anew again and again is not given more time than so many deadlines. */
#define RESTARTS_STRETCH 3

bool judge_marked(const struct world_node *n, int64_t now_ms)
{
	const struct verdict_spec *s = n->verdict ? &n->verdict->spec : NULL;

	return s && s->has_mark && s->mark == MARK_HACKED && (!s->until_ms || now_ms < s->until_ms);
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* When this word of the admin was given, by himself or else as we saw it. */
static int64_t word_ms(const struct verdict *v, int64_t now_ms)
{
	if (v->spec.at_ms)
		return earlier(v->spec.at_ms, now_ms);
	return v->status.observed_generation == v->generation && v->status.marked_ms ? v->status.marked_ms
										     : now_ms;
}

int64_t judge_cleared_ms(const struct world_node *n, int64_t now_ms)
{
	const struct verdict *v = n->verdict;

	return v && v->spec.has_mark && v->spec.mark == MARK_CLEAN ? word_ms(v, now_ms) : INT64_MIN;
}

bool judge_counts(const struct world_node *n, int64_t last_ms, const struct plan_config *c, int64_t now_ms)
{
	return now_ms - last_ms < c->forgive_ms && last_ms > judge_cleared_ms(n, now_ms);
}

int64_t judge_silent_since(const struct world_node *n, const struct plan_config *c, int64_t now_ms)
{
	int64_t spoke_ms = n->heard_ms;

	if (!spoke_ms || !n->leased || now_ms - n->lease_ms >= WORLD_LEASE_MS || !*n->agent_uid)
		return 0;
	if (n->agent_created_ms > spoke_ms)
		spoke_ms = earlier(n->agent_created_ms, spoke_ms + RESTARTS_STRETCH * c->silence_hacked_ms);
	spoke_ms = later(spoke_ms, n->lease_since_ms);
	return now_ms - spoke_ms >= c->agent_silent_ms ? spoke_ms + c->agent_silent_ms : 0;
}

static bool same(const struct verdict_cause *a, const struct verdict_cause *b)
{
	return a->source == b->source && str_eq(a->reason, b->reason) && str_eq(a->pod_uid, b->pod_uid);
}

static bool lighter(const struct verdict_cause *a, const struct verdict_cause *b)
{
	return a->weight != b->weight ? a->weight < b->weight : a->last_ms < b->last_ms;
}

/* Room for one more: at the end, or in place of the lightest and oldest if that is lighter. NULL: none. */
static struct verdict_cause *room(struct verdict_status *s, const struct verdict_cause *c)
{
	struct verdict_cause *least = s->causes;

	if (s->n_causes < VERDICT_CAUSES_MAX)
		return &s->causes[s->n_causes++];
	for (size_t i = 1; i < s->n_causes; i++)
		if (lighter(&s->causes[i], least))
			least = &s->causes[i];
	return lighter(least, c) ? least : NULL;
}

static void merge(struct verdict_status *s, const struct verdict_cause *c)
{
	struct verdict_cause *at = NULL, before;

	for (size_t i = 0; i < s->n_causes; i++)
		if (same(&s->causes[i], c))
			at = &s->causes[i];
	if (!at) {
		at = room(s, c);
		if (at)
			*at = *c;
		return;
	}
	before = *at;
	*at = *c;
	at->first_ms = earlier(before.first_ms, c->first_ms);
	at->last_ms = later(before.last_ms, c->last_ms);
	at->count = before.count + c->count;
	at->weight = before.weight > c->weight ? before.weight : c->weight;
	at->limited = at->weight < VERDICT_HACKED && (before.limited || c->limited);
}

static void alarm_fill(struct verdict_cause *c, const struct report_anomaly *a, int64_t now_ms)
{
	*c = (struct verdict_cause){.source = SOURCE_ALARM, .weight = VERDICT_HACKED};
	c->first_ms = c->last_ms = earlier(a->detected_ms, now_ms + SKEW_MS);
	str_copy(c->reason, sizeof(c->reason), "UnknownBehaviour");
	str_copy(c->pod_uid, sizeof(c->pod_uid), a->pod_uid);
	str_fmt(c->pod, sizeof(c->pod), "%s/%s", a->namespace_, a->pod);
	str_fmt(c->message, sizeof(c->message), "container %s: %lld mismatches in epoch %lld, threshold %lld",
		a->container, (long long)a->mismatches, (long long)a->epoch, (long long)a->threshold);
}

static int64_t known_until(const struct verdict *v, const struct verdict_cause *c)
{
	for (size_t i = 0; v && i < v->status.n_causes; i++)
		if (same(&v->status.causes[i], c))
			return v->status.causes[i].last_ms;
	return INT64_MIN;
}

static void alarms_merge(
	struct verdict_status *s, const struct world_node *n, const struct plan_config *c, int64_t now_ms)
{
	for (size_t i = 0; i < n->n_anomalies; i++) {
		struct verdict_cause cause;

		alarm_fill(&cause, &n->anomalies[i], now_ms);
		cause.count = cause.last_ms > known_until(n->verdict, &cause);
		if (judge_counts(n, cause.last_ms, c, now_ms))
			merge(s, &cause);
	}
}

static void foreign_merge(struct verdict_status *s, const struct world_node *n, const struct plan_config *c,
	int64_t now_ms, bool allowed)
{
	for (size_t i = 0; i < n->n_foreign; i++) {
		struct verdict_cause cause = n->foreign[i];

		if (!judge_counts(n, cause.last_ms, c, now_ms))
			continue;
		if (!allowed && cause.weight == VERDICT_HACKED) {
			cause.weight = VERDICT_SUSPECT;
			cause.limited = true;
		}
		merge(s, &cause);
	}
}

static void silence_fill(struct verdict_cause *c, int64_t since_ms, int64_t now_ms)
{
	*c = (struct verdict_cause){.source = SOURCE_SILENCE,
		.weight = VERDICT_SUSPECT,
		.first_ms = since_ms,
		.last_ms = now_ms,
		.count = 1};
	str_copy(c->reason, sizeof(c->reason), "AgentSilenced");
	str_fmt(c->message, sizeof(c->message),
		"the agent says nothing, while its pod exists and the kubelet beside it goes on: was it "
		"stopped? Look at the node's processes, then at the log of the agent's pod");
}

static void silence_merge(
	struct verdict_status *s, const struct world_node *n, const struct plan_config *c, int64_t now_ms)
{
	int64_t since_ms = judge_silent_since(n, c, now_ms);
	struct verdict_cause cause;

	if (!since_ms || !judge_counts(n, now_ms, c, now_ms))
		return;
	silence_fill(&cause, since_ms, now_ms);
	/* One silence, however often it is looked at; another operator may have seen it begin. */
	for (size_t i = 0; i < s->n_causes; i++)
		if (same(&s->causes[i], &cause)) {
			cause.count = 0;
			cause.first_ms = earlier(cause.first_ms, s->causes[i].first_ms);
		}
	cause.first_ms = later(cause.first_ms, judge_cleared_ms(n, now_ms));
	if (now_ms - cause.first_ms >= c->silence_hacked_ms)
		cause.weight = VERDICT_HACKED;
	merge(s, &cause);
}

static void admin_merge(struct verdict_status *s, const struct world_node *n, int64_t now_ms)
{
	struct verdict_cause cause = {.source = SOURCE_ADMIN, .weight = VERDICT_HACKED, .count = 1};

	if (!judge_marked(n, now_ms))
		return;
	cause.first_ms = cause.last_ms = word_ms(n->verdict, now_ms);
	str_copy(cause.reason, sizeof(cause.reason), "Marked");
	str_copy(cause.message, sizeof(cause.message), n->verdict->spec.reason);
	merge(s, &cause);
}

static void earlier_causes_keep(
	struct verdict_status *s, const struct world_node *n, const struct plan_config *c, int64_t now_ms)
{
	for (size_t i = 0; n->verdict && i < n->verdict->status.n_causes; i++) {
		const struct verdict_cause *old = &n->verdict->status.causes[i];

		if (old->source != SOURCE_ADMIN && judge_counts(n, old->last_ms, c, now_ms))
			s->causes[s->n_causes++] = *old;
	}
}

static int heavier_first(const void *a, const void *b)
{
	return lighter(a, b) - lighter(b, a);
}

static void state_fill(
	struct verdict_status *s, const struct world_node *n, const struct plan_config *c, int64_t now_ms)
{
	const struct verdict *v = n->verdict;
	enum verdict_state before = v ? v->status.state : VERDICT_CLEAN;
	int64_t first_ms = now_ms, quiet_ms = 0;

	s->state = s->n_causes ? s->causes[0].weight : VERDICT_CLEAN;
	for (size_t i = 0; i < s->n_causes && s->causes[i].weight == s->state; i++) {
		first_ms = earlier(first_ms, s->causes[i].first_ms);
		if (s->causes[i].source != SOURCE_ADMIN)
			quiet_ms = later(quiet_ms, s->causes[i].last_ms + c->forgive_ms);
	}
	if (judge_marked(n, now_ms))
		quiet_ms = v->spec.until_ms ? later(quiet_ms, v->spec.until_ms) : 0;
	s->quiet_until_ms = quiet_ms;
	if (v && s->state == before)
		s->since_ms = v->status.since_ms;
	else
		s->since_ms = s->state > before ? first_ms : now_ms;
}

void judge_node(const struct world_node *n, const struct plan_config *c, int64_t now_ms, bool foreign,
	struct verdict_status *ret)
{
	const struct verdict *v = n->verdict;

	memset(ret, 0, sizeof(*ret));
	earlier_causes_keep(ret, n, c, now_ms);
	alarms_merge(ret, n, c, now_ms);
	foreign_merge(ret, n, c, now_ms, foreign);
	silence_merge(ret, n, c, now_ms);
	admin_merge(ret, n, now_ms);
	qsort(ret->causes, ret->n_causes, sizeof(*ret->causes), heavier_first);
	state_fill(ret, n, c, now_ms);
	if (!v)
		return;
	ret->observed_generation = v->generation;
	ret->marked_ms = v->status.observed_generation == v->generation ? v->status.marked_ms : now_ms;
	ret->cordoned = v->status.cordoned;
	memcpy(ret->conditions, v->status.conditions, sizeof(ret->conditions));
	ret->n_conditions = v->status.n_conditions;
}

bool judge_asks_foreign(const struct world_node *n, const struct plan_config *c, int64_t now_ms)
{
	for (size_t i = 0; i < n->n_foreign; i++)
		if (n->foreign[i].weight == VERDICT_HACKED &&
			judge_counts(n, n->foreign[i].last_ms, c, now_ms))
			return true;
	return false;
}

bool judge_by_foreign(const struct world_node *n, const struct plan_config *c, int64_t now_ms)
{
	for (size_t i = 0; n->verdict && i < n->verdict->status.n_causes; i++) {
		const struct verdict_cause *k = &n->verdict->status.causes[i];

		if ((k->source == SOURCE_FALCO || k->source == SOURCE_TETRAGON) &&
			k->weight == VERDICT_HACKED && judge_counts(n, k->last_ms, c, now_ms))
			return true;
	}
	return false;
}
