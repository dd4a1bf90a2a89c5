/* SPDX-License-Identifier: Apache-2.0 */
#include "status.h"

#include <base/cleanup.h>

/* What is not known is left out rather than given as a number that looks like one. */
static int set_known(struct json *obj, const char *key, double value)
{
	return value < 0 ? 0 : json_set_num(obj, key, value);
}

static int set_told(struct json *obj, const char *key, const char *text)
{
	return *text ? json_set_str(obj, key, text) : 0;
}

static int set_age(struct json *obj, const char *key, int64_t at_ms, int64_t now_ms)
{
	if (!at_ms)
		return 0;
	return json_set_num(obj, key, now_ms > at_ms ? (double)(now_ms - at_ms) : 0);
}

static struct json *problem_json(const struct status_problem *p)
{
	auto_json struct json *j = json_new_obj();

	if (json_set_str(j, "type", p->type) || json_set_str(j, "status", p->status) ||
		json_set_str(j, "reason", p->reason) || json_set_str(j, "message", p->message))
		return NULL;
	return TAKE_PTR(j);
}

static struct json *problems_json(const struct status_problems *p)
{
	auto_json struct json *all = json_new_arr();

	for (size_t i = 0; i < p->n; i++)
		if (json_add(all, problem_json(&p->items[i])))
			return NULL;
	return TAKE_PTR(all);
}

static struct json *growth_json(const struct status_policy *p)
{
	auto_json struct json *j = json_new_obj();

	if (json_set_str(j, "model", p->growth) || json_set_num(j, "rate", p->growth_rate) ||
		json_set_num(j, "capacity", p->growth_capacity) ||
		json_set_num(j, "hackedAhead", p->hacked_ahead))
		return NULL;
	return TAKE_PTR(j);
}

static struct json *policy_json(const struct status_policy *p)
{
	auto_json struct json *j = json_new_obj();

	if (json_set_str(j, "namespace", p->namespace_) || json_set_str(j, "name", p->name) ||
		json_set_str(j, "mode", p->mode) || json_set_bool(j, "dryRun", p->dry_run) ||
		json_set_bool(j, "behind", p->behind) ||
		set_known(j, "protectedPods", (double)p->protected_pods) ||
		set_known(j, "unprotectedPods", (double)p->unprotected_pods) ||
		set_known(j, "learningPods", (double)p->learning_pods) ||
		set_known(j, "learnedPercent", (double)p->learned_percent) ||
		set_known(j, "secondsLeft", (double)p->learning_s) ||
		set_known(j, "hackedNodes", (double)p->hacked_nodes) ||
		set_known(j, "suspectNodes", (double)p->suspect_nodes) ||
		set_known(j, "nodes", (double)p->nodes) || set_known(j, "density", p->density) ||
		(*p->growth && json_set(j, "growth", growth_json(p))) ||
		set_known(j, "survivalStatic", p->survival_static) ||
		set_known(j, "survivalMobile", p->survival_mobile) ||
		json_set(j, "problems", problems_json(&p->problems)))
		return NULL;
	return TAKE_PTR(j);
}

static struct json *node_json(const struct status_node *n, int64_t now_ms)
{
	auto_json struct json *j = json_new_obj();

	if (json_set_str(j, "name", n->name) || set_told(j, "state", n->state) ||
		set_age(j, "reportAgeMs", n->heartbeat_ms, now_ms) ||
		json_set_bool(j, "canDetect", n->can_detect) ||
		json_set_bool(j, "canRestore", n->can_restore) ||
		json_set_num(j, "alarms", (double)n->alarms) ||
		set_age(j, "lastAlarmAgeMs", n->last_alarm_ms, now_ms) || set_told(j, "kernel", n->kernel) ||
		set_told(j, "cgroups", n->cgroups) || set_told(j, "cgroupDriver", n->cgroup_driver) ||
		set_told(j, "criuVersion", n->criu) || json_set(j, "problems", problems_json(&n->problems)))
		return NULL;
	return TAKE_PTR(j);
}

static struct json *escape_json(const struct status_escape *x, int64_t now_ms)
{
	auto_json struct json *j = json_new_obj();

	if (json_set_str(j, "namespace", x->namespace_) || json_set_str(j, "name", x->name) ||
		json_set_str(j, "kind", x->kind) || json_set_str(j, "pod", x->pod) ||
		json_set_str(j, "from", x->from) || json_set_str(j, "to", x->to) ||
		json_set_str(j, "phase", x->phase) || json_set_bool(j, "stuck", x->stuck) ||
		set_age(j, "phaseAgeMs", x->since_ms, now_ms) || json_set_str(j, "reason", x->reason) ||
		json_set_str(j, "message", x->message))
		return NULL;
	return TAKE_PTR(j);
}

struct json *status_json(const struct status_view *v, int64_t now_ms)
{
	auto_json struct json *root = json_new_obj();
	struct json *policies = json_new_arr(), *nodes = json_new_arr(), *escapes = json_new_arr();

	/* Each array is owned by root before anything else can fail. */
	int rc = json_set(root, "policies", policies);

	rc |= json_set(root, "nodes", nodes);
	rc |= json_set(root, "escapes", escapes);
	if (!rc && v->nodes_hidden)
		rc = json_set_str(root, "nodesHidden", v->nodes_hidden);
	for (size_t i = 0; !rc && i < v->n_policies; i++)
		rc = json_add(policies, policy_json(&v->policies[i]));
	for (size_t i = 0; !rc && i < v->n_nodes; i++)
		rc = json_add(nodes, node_json(&v->nodes[i], now_ms));
	for (size_t i = 0; !rc && i < v->n_escapes; i++)
		rc = json_add(escapes, escape_json(&v->escapes[i], now_ms));
	return rc ? NULL : TAKE_PTR(root);
}
