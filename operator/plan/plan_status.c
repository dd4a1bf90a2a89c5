/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/plan/plan_status.h"

#include "operator/plan/forecast.h"
#include "operator/plan/plan_profiles.h"
#include "operator/plan/plan_verdicts.h"
#include "operator/plan/view.h"

#include <base/cleanup.h>
#include <base/clock.h>
#include <base/str.h>
#include <math.h>

struct tally {
	size_t guarded, unguarded, learning, full;
	size_t agentless; /* guarded, but the node's agent is silent */
	const struct world_pod *unguarded_pod, *agentless_pod, *full_pod; /* one of them, as an example */
	const struct world_profile *held;                                 /* one that waits for an admin */
};

struct condition {
	const char *type;
	bool holds;
	const char *reason;
	char message[ERR_MESSAGE_MAX];
};

static void tally_pods(const struct world *w, const struct plan_config *c, const struct policy *p,
	int64_t now_ms, struct tally *t)
{
	for (const struct world_pod *i = w->pods; i; i = i->hh.next) {
		if (i->policy != p || i->ended || i->deleting)
			continue;
		if (!i->guarded) {
			t->unguarded++;
			t->unguarded_pod = i;
			continue;
		}
		t->guarded++;
		t->learning += view_pod_learning(w, i);
		if (view_pod_full(w, i)) {
			t->full++;
			t->full_pod = i;
		}
		if (*i->node && !view_agent_alive(world_node(w, i->node), c, now_ms)) {
			t->agentless++;
			t->agentless_pod = i;
		}
	}
}

static void tally_profiles(const struct world *w, const struct policy *p, struct tally *t)
{
	for (const struct world_profile *i = w->profiles; i; i = i->hh.next)
		if (i->state == PROFILE_HELD && profile_is_used(w, p, i))
			t->held = i;
}

static void ready_fill(struct condition *c, const struct tally *t)
{
	c->type = "Ready";
	c->holds = true;
	c->reason = t->guarded + t->unguarded ? "InForce" : "NoPods";
	if (t->guarded + t->unguarded)
		str_fmt(c->message, sizeof(c->message), "%zu of %zu selected pods are protected",
			t->guarded - t->agentless, t->guarded + t->unguarded);
	else
		str_fmt(c->message, sizeof(c->message),
			"no running pod is selected; new ones will be protected");
}

static void learning_fill(struct condition *c, const struct tally *t)
{
	c->type = "Learning";
	c->holds = t->learning > 0;
	c->reason = t->held ? "LearningHeld" : c->holds ? "LearningBehaviour" : "Learned";
	if (t->held)
		str_fmt(c->message, sizeof(c->message), "profile %.150s waits for an admin: %.250s",
			t->held->name, t->held->held);
	else if (c->holds)
		str_fmt(c->message, sizeof(c->message),
			"the normal behaviour of %zu pods is still being learned", t->learning);
	else
		str_fmt(c->message, sizeof(c->message), "no pod is learning");
}

static void degraded_fill(struct condition *c, const struct tally *t, size_t limited)
{
	c->type = "Degraded";
	c->holds = t->unguarded || t->agentless || t->held || t->full || limited;
	c->reason = t->unguarded   ? "NotGuarded"
		    : t->agentless ? "AgentMissing"
		    : t->held      ? "LearningHeld"
		    : t->full      ? "ProfileFull"
		    : limited      ? "ReportsLimited"
				   : "AsExpected";
	if (t->unguarded)
		str_fmt(c->message, sizeof(c->message),
			"%zu selected pods run without RuntimeClass %s, e.g. %.200s: delete them, so that "
			"their "
			"owner makes them anew",
			t->unguarded, API_RUNTIME_CLASS, t->unguarded_pod->name);
	else if (t->agentless)
		str_fmt(c->message, sizeof(c->message),
			"%zu pods are on nodes whose agent is silent, e.g. %.120s on %.120s: look at the "
			"pods of "
			"DaemonSet escape-agent there",
			t->agentless, t->agentless_pod->name, t->agentless_pod->node);
	else if (t->held)
		str_fmt(c->message, sizeof(c->message), "profile %.150s waits for an admin: %.250s",
			t->held->name, t->held->held);
	else if (t->full)
		str_fmt(c->message, sizeof(c->message),
			"%zu pods do more different things than a profile holds, e.g. %.150s: they are not "
			"protected; a smaller detection.windowSize makes fewer bags",
			t->full, t->full_pod->name);
	else if (limited)
		str_fmt(c->message, sizeof(c->message),
			"foreign detectors report more hacked nodes than they may mark: %zu are only "
			"suspect; look at them (kubectl escape node list) and mark them, or clear them all",
			limited);
	else
		str_fmt(c->message, sizeof(c->message), "all selected pods are protected");
}

static const struct json *condition_find(const struct json *conditions, const char *type)
{
	json_foreach(i, conditions)
	{
		if (str_eq(json_str_at(i, "type", NULL), type))
			return i;
	}
	return NULL;
}

/* The time of the last change of status is kept as long as the status is. */
static struct json *condition_encode(
	const struct condition *c, const struct policy *p, const struct json *before, int64_t now_ms)
{
	const struct json *was = condition_find(before, c->type);
	const char *status = c->holds ? "True" : "False";
	auto_json struct json *made = json_new_obj();
	char since[CLOCK_RFC3339_MAX];

	clock_format(now_ms, since);
	if (json_set_str(made, "type", c->type) || json_set_str(made, "status", status) ||
		json_set_str(made, "reason", c->reason) || json_set_str(made, "message", c->message) ||
		json_set_num(made, "observedGeneration", (double)p->generation) ||
		json_set_str(made, "lastTransitionTime",
			str_eq(json_str_at(was, "status", NULL), status)
				? json_str_at(was, "lastTransitionTime", since)
				: since))
		return NULL;
	return TAKE_PTR(made);
}

static struct json *conditions_encode(const struct tally *t, size_t limited, const struct policy *p,
	const struct json *before, int64_t now_ms)
{
	auto_json struct json *list = json_new_arr();
	struct condition all[3] = {0};

	ready_fill(&all[0], t);
	learning_fill(&all[1], t);
	degraded_fill(&all[2], t, limited);
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (json_add(list, condition_encode(&all[i], p, before, now_ms)))
			return NULL;
	return TAKE_PTR(list);
}

/* Three digits: detection times differ from report to report, and each change would be a write. */
static double rounded(double p)
{
	return round(p * 1000) / 1000;
}

/* Two digits that count: the fit changes a little with each look. */
static double coarse(double x)
{
	double unit;

	if (x <= 0)
		return 0;
	unit = pow(10, floor(log10(x)) - 1);
	return round(x / unit) * unit;
}

static int growth_set(struct json *status, const struct forecast *f)
{
	struct json *growth = json_obj_at(status, "growth");

	if (!growth || json_set_str(growth, "model", MODEL_GROWTH_NAMES[f->growth.kind]) ||
		json_set_num(growth, "rate", coarse(f->growth.k)) ||
		json_set_num(growth, "capacity", round(f->growth.mu)) ||
		json_set_num(growth, "hackedAhead", round(f->hacked_ahead)))
		return -1;
	return 0;
}

/* Mode Learn goes from learning to enforcing by itself, as the profiles become Ready. */
static const char *detection_now(const struct tally *t, const struct policy *p)
{
	if (!t->guarded)
		return "None";
	if (t->held)
		return "Held";
	if (t->learning)
		return "Learning";
	return p->detection.mode == MODE_OBSERVE || p->response.dry_run ? "Observing" : "Enforcing";
}

static int numbers_set(
	struct json *status, const struct tally *t, const struct forecast *f, const struct policy *p)
{
	const struct {
		const char *key;
		double value;
	} numbers[] = {
		{"observedGeneration", (double)p->generation},
		{"protectedPods", (double)(t->guarded - t->agentless)},
		{"unprotectedPods", (double)(t->unguarded + t->agentless)},
		{"learningPods", (double)t->learning},
		{"hackedNodes", (double)f->hacked},
		{"suspectNodes", (double)f->suspect},
		{"nodes", (double)f->nodes},
		{"density", rounded(f->density)},
		{"survivalStatic", rounded(f->survival.survival_static)},
		{"survivalMobile", rounded(f->survival.survival_mobile)},
	};

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		if (json_set_num(status, numbers[i].key, numbers[i].value))
			return -1;
	return growth_set(status, f);
}

static bool status_is(const struct json *before, const struct json *wanted)
{
	json_foreach(i, wanted)
	{
		if (!json_equal(i, json_member(before, json_key(i))))
			return false;
	}
	return true;
}

static void unguarded_tell(const struct world *w, const struct policy *p, struct actions *out)
{
	for (const struct world_pod *i = w->pods; i; i = i->hh.next) {
		char once[160];

		if (i->policy != p || i->guarded || i->ended || i->deleting)
			continue;
		str_fmt(once, sizeof(once), "unguarded/%s", i->uid);
		action_event(out, "Pod", i->namespace_, i->name, i->uid, "Warning", "NotGuarded", once,
			"EscapePolicy %s selects this pod, but it runs without RuntimeClass %s: it is not "
			"protected",
			p->name, API_RUNTIME_CLASS);
	}
}

void plan_status(const struct world *w, const struct plan_config *c, const struct world_policy *p,
	int64_t now_ms, struct actions *out)
{
	const struct json *before = json_member(p->obj, "status");
	auto_json struct json *patch = json_new_obj();
	struct json *status = json_obj_at(patch, "status");
	struct forecast f = {0};
	struct tally t = {0};
	struct action *a;

	tally_pods(w, c, &p->policy, now_ms, &t);
	tally_profiles(w, &p->policy, &t);
	if (forecast_make(w, c, now_ms, &f, NULL))
		f.survival = (struct model_forecast){1, 1};
	unguarded_tell(w, &p->policy, out);
	if (!status || json_set_str(status, "detection", detection_now(&t, &p->policy)) ||
		numbers_set(status, &t, &f, &p->policy) ||
		json_set(status, "conditions",
			conditions_encode(&t, plan_foreign_limited(w, c, now_ms), &p->policy,
				json_member(before, "conditions"), now_ms))) {
		out->failed = true;
		return;
	}
	if (status_is(before, status))
		return;
	a = action_add(out, ACTION_PATCH_POLICY, p->policy.namespace_, p->policy.name, p->policy.uid);
	a->object = TAKE_PTR(patch);
}
