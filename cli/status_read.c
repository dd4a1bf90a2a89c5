/* SPDX-License-Identifier: Apache-2.0 */
#include "status.h"

#include <api/escape.h>
#include <api/verdict.h>
#include <base/clock.h>
#include <base/str.h>
#include <errno.h>
#include <stdlib.h>

static int64_t time_at(const struct json *j, const char *path)
{
	const char *text = json_str_at(j, path, NULL);
	int64_t ms;

	return text && !clock_parse(text, &ms) ? ms : 0;
}

static void problem_add(struct status_problems *p, const struct json *condition)
{
	if (p->n == STATUS_PROBLEMS_MAX)
		return;
	p->items[p->n++] = (struct status_problem){
		.type = json_str_at(condition, "type", "?"),
		.status = json_str_at(condition, "status", "Unknown"),
		.reason = json_str_at(condition, "reason", "?"),
		.message = json_str_at(condition, "message", ""),
	};
}

/* On a policy Learning says how far it is, and Degraded is bad when it is True. */
static bool is_policy_problem(const struct json *condition)
{
	const char *type = json_str_at(condition, "type", "");
	const char *status = json_str_at(condition, "status", "");

	if (str_eq(type, "Learning"))
		return false;
	return str_eq(status, "True") == str_eq(type, "Degraded");
}

static bool is_node_problem(const struct json *condition)
{
	return !str_eq(json_str_at(condition, "status", ""), "True");
}

static void problems_read(
	const struct json *obj, bool (*is_problem)(const struct json *condition), struct status_problems *ret)
{
	json_foreach(condition, json_at(obj, "status.conditions"))
	{
		if (is_problem(condition))
			problem_add(ret, condition);
	}
}

static double share_at(const struct json *obj, const char *path)
{
	double p = json_num_at(obj, path, -1);

	return p >= 0 && p <= 1 ? p : -1;
}

static void policy_read(const struct json *obj, struct status_policy *ret)
{
	*ret = (struct status_policy){
		.namespace_ = json_str_at(obj, "metadata.namespace", "?"),
		.name = json_str_at(obj, "metadata.name", "?"),
		.mode = json_str_at(obj, "spec.detection.mode", "Learn"),
		.dry_run = json_bool_at(obj, "spec.response.dryRun", false),
		.behind = json_int_at(obj, "status.observedGeneration", 0) <
			  json_int_at(obj, "metadata.generation", 0),
		.protected_pods = json_int_at(obj, "status.protectedPods", -1),
		.unprotected_pods = json_int_at(obj, "status.unprotectedPods", -1),
		.learning_pods = json_int_at(obj, "status.learningPods", -1),
		.hacked_nodes = json_int_at(obj, "status.hackedNodes", -1),
		.suspect_nodes = json_int_at(obj, "status.suspectNodes", -1),
		.nodes = json_int_at(obj, "status.nodes", -1),
		.density = share_at(obj, "status.density"),
		.growth = json_str_at(obj, "status.growth.model", ""),
		.growth_rate = json_num_at(obj, "status.growth.rate", 0),
		.growth_capacity = json_num_at(obj, "status.growth.capacity", 0),
		.hacked_ahead = json_num_at(obj, "status.growth.hackedAhead", 0),
		.survival_static = share_at(obj, "status.survivalStatic"),
		.survival_mobile = share_at(obj, "status.survivalMobile"),
	};
	problems_read(obj, is_policy_problem, &ret->problems);
}

static void learning_note(const struct json *container, struct status_policy *p)
{
	int64_t percent = json_int_at(container, "learnedPercent", 0);
	int64_t left = json_int_at(container, "secondsLeft", -1);

	if (p->learned_percent < 0 || percent < p->learned_percent)
		p->learned_percent = percent;
	if (left > p->learning_s)
		p->learning_s = left;
}

/* What the nodes say of the containers that a policy governs. */
static void learning_read(const struct json *reports, struct status_policy *p)
{
	p->learned_percent = p->learning_s = -1;
	json_foreach(report, reports)
	{
		json_foreach(c, json_at(report, "status.containers"))
		{
			if (str_eq(json_str_at(c, "state", ""), "Learning") &&
				str_eq(json_str_at(c, "namespace", ""), p->namespace_) &&
				str_eq(json_str_at(c, "policy", ""), p->name))
				learning_note(c, p);
		}
	}
}

/* What a feature of the node is, e.g. "v2" of cgroups. */
static const char *feature_detail(const struct json *report, const char *name)
{
	json_foreach(feature, json_at(report, "status.features"))
	{
		if (str_eq(json_str_at(feature, "name", ""), name))
			return json_str_at(feature, "detail", "");
	}
	return "";
}

/* A node without a verdict is clean, unless verdicts may not be seen. */
static const char *state_of(const struct json *verdicts, const char *node)
{
	json_foreach(obj, json_member(verdicts, "items"))
	{
		if (str_eq(json_str_at(obj, "metadata.name", ""), node))
			return json_str_at(obj, "status.state", "");
	}
	return verdicts ? VERDICT_STATE_NAMES[VERDICT_CLEAN] : "";
}

static void node_read(const struct json *obj, const struct json *verdicts, struct status_node *ret)
{
	*ret = (struct status_node){
		.name = json_str_at(obj, "metadata.name", "?"),
		.state = state_of(verdicts, json_str_at(obj, "metadata.name", "?")),
		.heartbeat_ms = time_at(obj, "status.heartbeat"),
		.can_detect = json_bool_at(obj, "status.canDetect", false),
		.can_restore = json_bool_at(obj, "status.canRestore", false),
		.kernel = json_str_at(obj, "status.kernel", ""),
		.cgroups = feature_detail(obj, "cgroups"),
		.cgroup_driver = feature_detail(obj, "cgroupDriver"),
		.criu = json_str_at(obj, "status.criuVersion", ""),
	};
	json_foreach(anomaly, json_at(obj, "status.anomalies"))
	{
		int64_t at_ms = time_at(anomaly, "detectedAt");

		ret->alarms++;
		if (at_ms > ret->last_alarm_ms)
			ret->last_alarm_ms = at_ms;
	}
	problems_read(obj, is_node_problem, &ret->problems);
}

/* The last entry of the timeline is the beginning of the present phase. */
static int64_t phase_since(const struct json *obj)
{
	int64_t ms = time_at(obj, "metadata.creationTimestamp");

	json_foreach(entry, json_at(obj, "status.timeline"))
	{
		int64_t at_ms = time_at(entry, "at");

		if (at_ms)
			ms = at_ms;
	}
	return ms;
}

static const char *phase_of(const struct json *obj)
{
	return json_str_at(obj, "status.phase", ESCAPE_PHASE_NAMES[PHASE_PENDING]);
}

static bool has_ended(const struct json *obj)
{
	for (int i = 0; ESCAPE_PHASE_NAMES[i]; i++)
		if (str_eq(phase_of(obj), ESCAPE_PHASE_NAMES[i]))
			return escape_phase_final((enum escape_phase)i);
	return false;
}

static void escape_read(const struct json *obj, struct status_escape *ret)
{
	const char *from = json_str_at(obj, "spec.sourceNode", "?");

	*ret = (struct status_escape){
		.namespace_ = json_str_at(obj, "metadata.namespace", "?"),
		.name = json_str_at(obj, "metadata.name", "?"),
		.kind = json_str_at(obj, "spec.kind", "?"),
		.pod = json_str_at(obj, "spec.podName", "?"),
		.from = from,
		.to = json_str_at(obj, "spec.destinationNode", from),
		.phase = phase_of(obj),
		.reason = json_str_at(obj, "spec.reason", "-"),
		.message = json_str_at(obj, "status.message", ""),
		.stuck = json_bool_at(obj, "status.stuck", false),
		.since_ms = phase_since(obj),
	};
}

static const struct json *items_of(const struct json *list)
{
	return json_member(list, "items");
}

static void *rows_new(const struct json *list, size_t size)
{
	return calloc(json_len(items_of(list)) + 1, size);
}

int status_read(const struct status_lists *lists, struct status_view *ret, struct err *e)
{
	struct status_view v = {
		.policies = rows_new(lists->policies, sizeof(*v.policies)),
		.nodes = rows_new(lists->reports, sizeof(*v.nodes)),
		.escapes = rows_new(lists->escapes, sizeof(*v.escapes)),
		.namespace_ = lists->namespace_,
		.nodes_hidden = lists->nodes_hidden,
	};

	if (!v.policies || !v.nodes || !v.escapes) {
		status_free(&v);
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for the objects of the cluster");
	}
	json_foreach(obj, items_of(lists->policies))
	{
		policy_read(obj, &v.policies[v.n_policies]);
		learning_read(items_of(lists->reports), &v.policies[v.n_policies++]);
	}
	json_foreach(obj, items_of(lists->reports))
	{
		node_read(obj, lists->verdicts, &v.nodes[v.n_nodes++]);
	}
	json_foreach(obj, items_of(lists->escapes))
	{
		if (!has_ended(obj))
			escape_read(obj, &v.escapes[v.n_escapes++]);
	}
	*ret = v;
	return 0;
}

void status_free(struct status_view *v)
{
	free(v->policies);
	free(v->nodes);
	free(v->escapes);
	*v = (struct status_view){0};
}
