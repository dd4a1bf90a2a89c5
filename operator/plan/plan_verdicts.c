/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/plan/plan_verdicts.h"

#include "operator/plan/judge.h"
#include "operator/plan/plan_cordon.h"

#include <base/cleanup.h>
#include <base/str.h>
#include <string.h>

/* A cause that comes again and again is written anew only when so much of its quiet time is at stake. */
#define REFRESH_SHARE 10

static size_t nodes_known(const struct world *w)
{
	size_t n = 0;

	for (const struct world_node *i = w->nodes; i; i = i->hh.next)
		n += i->known;
	return n;
}

size_t plan_foreign_limit(const struct world *w, const struct plan_config *c)
{
	size_t limit = (size_t)(c->foreign_share * (double)nodes_known(w));

	return limit ? limit : 1;
}

size_t plan_foreign_limited(const struct world *w, const struct plan_config *c, int64_t now_ms)
{
	size_t n = 0;

	for (const struct world_node *i = w->nodes; i; i = i->hh.next) {
		bool limited = false;

		for (size_t k = 0; i->verdict && k < i->verdict->status.n_causes; k++)
			limited |= i->verdict->status.causes[k].limited &&
				   judge_counts(i, i->verdict->status.causes[k].last_ms, c, now_ms);
		n += limited;
	}
	return n;
}

static size_t foreign_marked(const struct world *w, const struct plan_config *c, int64_t now_ms)
{
	size_t n = 0;

	for (const struct world_node *i = w->nodes; i; i = i->hh.next)
		n += judge_by_foreign(i, c, now_ms);
	return n;
}

static bool same_causes(
	const struct verdict_status *a, const struct verdict_status *b, const struct plan_config *c)
{
	int64_t refresh_ms = c->forgive_ms / REFRESH_SHARE;

	if (a->n_causes != b->n_causes)
		return false;
	for (size_t i = 0; i < a->n_causes; i++) {
		const struct verdict_cause *x = &a->causes[i], *y = &b->causes[i];

		if (x->source != y->source || x->weight != y->weight || !str_eq(x->reason, y->reason) ||
			!str_eq(x->pod_uid, y->pod_uid) || y->last_ms - x->last_ms >= refresh_ms)
			return false;
	}
	return true;
}

static bool is_news(
	const struct verdict_status *before, const struct verdict_status *now, const struct plan_config *c)
{
	return before->state != now->state || before->cordoned != now->cordoned ||
	       before->observed_generation != now->observed_generation || !same_causes(before, now, c);
}

/* The state in the form that `kubectl wait` understands. */
static void condition_fill(struct verdict_status *s, int64_t now_ms)
{
	static const char *const HELD[] = {
		[VERDICT_CLEAN] = "False", [VERDICT_SUSPECT] = "Unknown", [VERDICT_HACKED] = "True"};
	struct report_condition *c = &s->conditions[0];

	s->n_conditions = 1;
	str_copy(c->type, sizeof(c->type), "Hacked");
	if (!str_eq(c->status, HELD[s->state]))
		c->since_ms = now_ms;
	str_copy(c->status, sizeof(c->status), HELD[s->state]);
	str_copy(c->reason, sizeof(c->reason),
		s->n_causes ? VERDICT_SOURCE_NAMES[s->causes[0].source] : "NothingKnown");
	str_copy(c->message, sizeof(c->message),
		s->n_causes ? s->causes[0].message : "nothing is known against this node");
}

/* {"status": {...}}: what is absent is taken out of what is there. */
static struct json *status_patch(const struct world_node *n, const struct verdict_status *s)
{
	auto_json struct json *status = encode(VERDICT_STATUS_FIELDS, s);
	auto_json struct json *patch = json_new_obj();
	struct json *meta = json_obj_at(patch, "metadata");

	if (!status || !meta)
		return NULL;
	for (const struct field *f = VERDICT_STATUS_FIELDS; f->key; f++)
		if (!json_member(status, f->key) && json_set(status, f->key, json_new_null()))
			return NULL;
	if (n->verdict && json_set_str(meta, "resourceVersion", n->verdict->resource_version))
		return NULL;
	if (json_set(patch, "status", TAKE_PTR(status)))
		return NULL;
	return TAKE_PTR(patch);
}

static struct json *verdict_new(const char *node)
{
	auto_json struct json *obj = json_new_obj();
	struct json *meta = json_obj_at(obj, "metadata");

	if (!meta || json_set_str(obj, "apiVersion", API_GROUP_VERSION) ||
		json_set_str(obj, "kind", API_VERDICTS.kind) || json_set_str(meta, "name", node))
		return NULL;
	return TAKE_PTR(obj);
}

static void state_tell(const struct world_node *n, const struct verdict_status *s, struct actions *out)
{
	static const char *const REASONS[] = {[VERDICT_CLEAN] = "NodeForgiven",
		[VERDICT_SUSPECT] = "NodeSuspect",
		[VERDICT_HACKED] = "NodeHacked"};
	const struct verdict_cause *k = s->n_causes ? &s->causes[0] : NULL;
	char once[160];

	str_fmt(once, sizeof(once), "verdict/%016llx/%d/%lld",
		(unsigned long long)str_hash64(n->name, strlen(n->name)), (int)s->state,
		(long long)s->since_ms);
	action_event(out, "Node", "", n->name, json_str_at(n->obj, "metadata.uid", ""),
		s->state == VERDICT_CLEAN ? "Normal" : "Warning", REASONS[s->state], once,
		"the node is %s: %s%s%.128s%s%s%s%.200s", VERDICT_STATE_NAMES[s->state],
		k ? VERDICT_SOURCE_NAMES[k->source] : "nothing is known against it any more", k ? ", " : "",
		k ? k->reason : "", k && *k->pod ? ", pod " : "", k ? k->pod : "", k ? ": " : "",
		k ? k->message : "");
}

static void limit_tell(const struct world *w, const struct plan_config *c, const struct world_node *n,
	const struct verdict_status *s, struct actions *out)
{
	char once[160];

	for (size_t i = 0; i < s->n_causes; i++) {
		const struct verdict_cause *k = &s->causes[i];

		if (!k->limited)
			continue;
		str_fmt(once, sizeof(once), "limited/%016llx/%lld",
			(unsigned long long)str_hash64(n->name, strlen(n->name)), (long long)k->first_ms);
		action_event(out, "Node", "", n->name, json_str_at(n->obj, "metadata.uid", ""), "Warning",
			"ReportsLimited", once,
			"%s says that the node is hacked (%.128s), but foreign detectors have marked %zu "
			"nodes, as many as they may: it is only suspect",
			VERDICT_SOURCE_NAMES[k->source], k->reason, plan_foreign_limit(w, c));
	}
}

static void verdict_write(const struct world_node *n, const struct verdict_status *s, struct actions *out)
{
	struct action *a;

	if (!n->verdict) {
		a = action_add(out, ACTION_CREATE_VERDICT, "", n->name, "");
		a->object = verdict_new(n->name);
		out->failed |= !a->object;
	}
	a = action_add(out, ACTION_PATCH_VERDICT, "", n->name, n->verdict ? n->verdict->uid : "");
	a->object = status_patch(n, s);
	out->failed |= !a->object;
}

static bool is_left_over(const struct world_node *n, const struct verdict_status *s)
{
	return n->verdict && !n->known && s->state == VERDICT_CLEAN && !n->verdict->spec.has_mark;
}

static void node_plan(const struct world *w, const struct plan_config *c, int64_t now_ms,
	const struct world_node *n, bool foreign, struct verdict_status *s, struct actions *out)
{
	static const struct verdict_status NOTHING = {.state = VERDICT_CLEAN};
	const struct verdict_status *before = n->verdict ? &n->verdict->status : &NOTHING;

	judge_node(n, c, now_ms, foreign, s);
	if (is_left_over(n, s)) {
		action_add(out, ACTION_DELETE_VERDICT, "", n->name, n->verdict->uid);
		return;
	}
	plan_cordon_record(n, c, s);
	if (s->quiet_until_ms > now_ms)
		actions_wake(out, s->quiet_until_ms);
	if ((n->verdict || s->n_causes) && is_news(before, s, c)) {
		condition_fill(s, now_ms);
		verdict_write(n, s, out);
		limit_tell(w, c, n, s, out);
		if (before->state != s->state)
			state_tell(n, s, out);
	}
	plan_cordon(n, c, s, out);
}

void plan_verdicts(const struct world *w, const struct plan_config *c, int64_t now_ms, struct actions *out)
{
	auto_free struct verdict_status *s = malloc(sizeof(*s));
	size_t marked = foreign_marked(w, c, now_ms), limit = plan_foreign_limit(w, c);

	if (!s) {
		out->failed = true;
		return;
	}
	for (const struct world_node *n = w->nodes; n; n = n->hh.next) {
		bool mine = judge_by_foreign(n, c, now_ms);
		bool asks = judge_asks_foreign(n, c, now_ms);

		if (!n->verdict && !n->n_anomalies && !n->n_foreign && !judge_silent_since(n, c, now_ms))
			continue;
		if (asks && !mine && marked < limit) {
			marked++;
			mine = true;
		}
		node_plan(w, c, now_ms, n, mine, s, out);
	}
}
