/* SPDX-License-Identifier: Apache-2.0 */
#include <api/selector.h>
#include <base/cleanup.h>
#include <base/str.h>
#include <errno.h>
#include <string.h>

static const char *const OPERATORS[] = {
	[SELECTOR_IN] = "In",
	[SELECTOR_NOT_IN] = "NotIn",
	[SELECTOR_EXISTS] = "Exists",
	[SELECTOR_NOT_EXISTS] = "DoesNotExist",
};

static int bad(struct err *e, const char *what)
{
	return err_set(e, -EINVAL, "BadSelector", "selector: %s", what);
}

static int requirement_new(struct selector *s, const char *key, struct selector_req **ret, struct err *e)
{
	struct selector_req *r;

	if (s->n_reqs == SELECTOR_REQS_MAX)
		return err_set(e, -E2BIG, "BadSelector",
			"selector: more than %d labels and expressions together; use fewer",
			SELECTOR_REQS_MAX);
	r = &s->reqs[s->n_reqs];
	memset(r, 0, sizeof(*r));
	if (!key || !*key || str_copy(r->key, sizeof(r->key), key))
		return bad(e, "a label key is missing or longer than 317 characters");
	s->n_reqs++;
	*ret = r;
	return 0;
}

static int value_add(struct selector_req *r, const struct json *value, struct err *e)
{
	if (r->n_values == SELECTOR_VALUES_MAX)
		return err_set(e, -E2BIG, "BadSelector", "selector: more than %d values for label %s",
			SELECTOR_VALUES_MAX, r->key);
	if (!json_is_str(value) || str_copy(r->values[r->n_values], sizeof(r->values[0]), json_str(value)))
		return err_set(e, -EINVAL, "BadSelector",
			"selector: a value of label %s is not a string of at most 63 characters", r->key);
	r->n_values++;
	return 0;
}

static int labels_decode(const struct json *labels, struct selector *s, struct err *e)
{
	if (labels && !json_is_obj(labels))
		return bad(e, "matchLabels must be an object of label: value");
	json_foreach(item, labels)
	{
		struct selector_req *r = NULL;
		int rc = requirement_new(s, json_key(item), &r, e);

		if (r) {
			r->op = SELECTOR_IN;
			rc = value_add(r, item, e);
		}
		if (rc)
			return rc;
	}
	return 0;
}

static int operator_decode(const char *name, enum selector_op *ret, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(OPERATORS); i++)
		if (str_eq(name, OPERATORS[i])) {
			*ret = (enum selector_op)i;
			return 0;
		}
	return bad(e, "operator must be one of In, NotIn, Exists, DoesNotExist");
}

static int expression_decode(const struct json *x, struct selector *s, struct err *e)
{
	const struct json *values = json_member(x, "values");
	struct selector_req *r = NULL;
	bool wants_values;
	int rc;

	rc = requirement_new(s, json_str_at(x, "key", NULL), &r, e);
	if (!r)
		return rc;
	rc = operator_decode(json_str_at(x, "operator", NULL), &r->op, e);
	if (rc)
		return rc;
	if (values && !json_is_arr(values) && !json_is_null(values))
		return bad(e, "values must be a list of strings");
	wants_values = r->op == SELECTOR_IN || r->op == SELECTOR_NOT_IN;
	if (wants_values != (json_len(values) > 0))
		return err_set(e, -EINVAL, "BadSelector", "selector: operator %s of label %s %s values",
			OPERATORS[r->op], r->key, wants_values ? "needs at least one of" : "must have no");
	json_foreach(v, values)
	{
		rc = value_add(r, v, e);
		if (rc)
			return rc;
	}
	return 0;
}

int selector_decode(const struct json *obj, struct selector *ret, struct err *e)
{
	const struct json *expressions;
	struct selector s = {0};
	int rc;

	if (!json_is_obj(obj))
		return bad(e, "it is missing; an empty one ({}) selects every pod of the namespace");
	rc = labels_decode(json_member(obj, "matchLabels"), &s, e);
	if (rc)
		return rc;
	expressions = json_member(obj, "matchExpressions");
	if (expressions && !json_is_arr(expressions))
		return bad(e, "matchExpressions must be a list");
	json_foreach(x, expressions)
	{
		rc = expression_decode(x, &s, e);
		if (rc)
			return rc;
	}
	*ret = s;
	return 0;
}

static bool value_listed(const struct selector_req *r, const char *value)
{
	for (size_t i = 0; i < r->n_values; i++)
		if (str_eq(r->values[i], value))
			return true;
	return false;
}

/* As in Kubernetes, NotIn is also true for a pod that lacks the label. */
static bool requirement_matches(const struct selector_req *r, const struct json *labels)
{
	const char *value = json_str(json_member(labels, r->key));

	switch (r->op) {
	case SELECTOR_IN:
		return value && value_listed(r, value);
	case SELECTOR_NOT_IN:
		return !value || !value_listed(r, value);
	case SELECTOR_EXISTS:
		return value;
	case SELECTOR_NOT_EXISTS:
		return !value;
	}
	return false;
}

bool selector_matches(const struct selector *s, const struct json *labels)
{
	for (size_t i = 0; i < s->n_reqs; i++)
		if (!requirement_matches(&s->reqs[i], labels))
			return false;
	return true;
}
