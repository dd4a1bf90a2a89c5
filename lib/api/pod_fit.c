/* SPDX-License-Identifier: Apache-2.0 */
#include <api/pod_fit.h>
#include <base/str.h>

static bool toleration_matches(const struct json *t, const char *key, const char *value, const char *effect)
{
	const char *its_effect = json_str_at(t, "effect", ""), *its_key = json_str_at(t, "key", "");
	const char *op = json_str_at(t, "operator", "");

	if (*its_effect && !str_eq(its_effect, effect))
		return false;
	if (*its_key && !str_eq(its_key, key))
		return false;
	if (!*op || str_eq(op, "Equal"))
		return str_eq(json_str_at(t, "value", ""), value);
	return str_eq(op, "Exists");
}

bool pod_fit_tolerates(const struct json *pod, const char *key, const char *value, const char *effect)
{
	json_foreach(t, json_at(pod, "spec.tolerations"))
	{
		if (toleration_matches(t, key, value, effect))
			return true;
	}
	return false;
}

const struct json *pod_fit_taint(const struct json *pod, const struct json *node)
{
	json_foreach(t, json_at(node, "spec.taints"))
	{
		const char *effect = json_str_at(t, "effect", "");

		if (!str_eq(effect, "NoSchedule") && !str_eq(effect, "NoExecute"))
			continue;
		if (!pod_fit_tolerates(pod, json_str_at(t, "key", ""), json_str_at(t, "value", ""), effect))
			return t;
	}
	return NULL;
}

bool pod_fit_selector(const struct json *pod, const struct json *node)
{
	const struct json *labels = json_at(node, "metadata.labels");

	json_foreach(want, json_at(pod, "spec.nodeSelector"))
	{
		const char *has = json_str(json_member(labels, json_key(want)));

		if (!has || !str_eq(has, json_str(want)))
			return false;
	}
	return true;
}

static bool is_listed(const struct json *values, const char *value)
{
	json_foreach(v, values)
	{
		if (str_eq(json_str(v), value))
			return true;
	}
	return false;
}

/* Gt and Lt: both are whole numbers. */
static bool compares(const struct json *values, const char *value, bool greater)
{
	int64_t has, limit;

	if (json_len(values) != 1 || str_parse_i64(value, INT64_MIN, INT64_MAX, &has) ||
		str_parse_i64(json_str(json_first(values)), INT64_MIN, INT64_MAX, &limit))
		return false;
	return greater ? has > limit : has < limit;
}

/* value: NULL when the node lacks it, and NotIn is then true, as in Kubernetes. */
static bool requirement_holds(const struct json *r, const char *value)
{
	const struct json *values = json_member(r, "values");
	const char *op = json_str_at(r, "operator", "");

	if (str_eq(op, "In"))
		return value && is_listed(values, value);
	if (str_eq(op, "NotIn"))
		return !value || !is_listed(values, value);
	if (str_eq(op, "Exists"))
		return value;
	if (str_eq(op, "DoesNotExist"))
		return !value;
	if (str_eq(op, "Gt") || str_eq(op, "Lt"))
		return value && compares(values, value, *op == 'G');
	return false;
}

bool pod_fit_is_pin(const struct json *requirement)
{
	return str_eq(json_str_at(requirement, "key", ""), "metadata.name") &&
	       str_eq(json_str_at(requirement, "operator", ""), "In");
}

static bool field_holds(const struct json *r, const struct json *node, bool pinned)
{
	if (pinned && pod_fit_is_pin(r))
		return true;
	return str_eq(json_str_at(r, "key", ""), "metadata.name") &&
	       requirement_holds(r, json_str_at(node, "metadata.name", NULL));
}

/* An empty term matches no node. */
static bool term_matches(const struct json *term, const struct json *node, bool pinned)
{
	const struct json *labels = json_at(node, "metadata.labels");
	const struct json *expressions = json_member(term, "matchExpressions");
	const struct json *fields = json_member(term, "matchFields");

	json_foreach(r, expressions)
	{
		if (!requirement_holds(r, json_str(json_member(labels, json_str_at(r, "key", "")))))
			return false;
	}
	json_foreach(r, fields)
	{
		if (!field_holds(r, node, pinned))
			return false;
	}
	return json_len(expressions) || json_len(fields);
}

bool pod_fit_affinity(const struct json *pod, const struct json *node, bool pinned)
{
	const struct json *required =
		json_at(pod, "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution");

	if (!required || json_is_null(required))
		return true;
	json_foreach(term, json_member(required, "nodeSelectorTerms"))
	{
		if (term_matches(term, node, pinned))
			return true;
	}
	return false;
}
