/* SPDX-License-Identifier: Apache-2.0 */
#include "helper.h"

#include <api/selector.h>
#include <base/cleanup.h>
#include <base/str.h>
#include <errno.h>

static bool matches(const char *selector, const char *labels)
{
	auto_json struct json *s = q(selector), *l = labels ? q(labels) : NULL;
	struct selector sel;
	struct err e = {0};

	if (selector_decode(s, &sel, &e))
		fail_msg("%s", e.message);
	return selector_matches(&sel, l);
}

static void test_empty_matches_everything(void **state)
{
	(void)state;
	assert_true(matches("{}", NULL));
	assert_true(matches("{'matchLabels':{}, 'matchExpressions':[]}", "{'a':'b'}"));
}

static void test_labels(void **state)
{
	(void)state;
	assert_true(
		matches("{'matchLabels':{'app':'web','tier':'x'}}", "{'tier':'x','app':'web','more':'1'}"));
	assert_false(matches("{'matchLabels':{'app':'web','tier':'x'}}", "{'app':'web'}"));
	assert_false(matches("{'matchLabels':{'app':'web'}}", NULL));
	/* Keys have dots: they are one key, not a path. */
	assert_true(
		matches("{'matchLabels':{'app.kubernetes.io/name':'x'}}", "{'app.kubernetes.io/name':'x'}"));
	assert_false(matches("{'matchLabels':{'a.b':'x'}}", "{'a':{'b':'x'}}"));
}

static void test_expressions(void **state)
{
#define EXPR(op, values) "{'matchExpressions':[{'key':'k','operator':'" op "'" values "}]}"
	(void)state;
	assert_true(matches(EXPR("In", ",'values':['a','b']"), "{'k':'b'}"));
	assert_false(matches(EXPR("In", ",'values':['a','b']"), "{'k':'c'}"));
	assert_false(matches(EXPR("In", ",'values':['a','b']"), "{}"));
	assert_true(matches(EXPR("NotIn", ",'values':['a']"), "{'k':'b'}"));
	assert_false(matches(EXPR("NotIn", ",'values':['a']"), "{'k':'a'}"));
	assert_true(matches(EXPR("NotIn", ",'values':['a']"), "{}"));
	assert_true(matches(EXPR("Exists", ""), "{'k':''}"));
	assert_false(matches(EXPR("Exists", ""), "{'j':''}"));
	assert_true(matches(EXPR("DoesNotExist", ""), "{'j':''}"));
	assert_false(matches(EXPR("DoesNotExist", ",'values':[]"), "{'k':''}"));
}

static void test_refused(void **state)
{
	static const char *const bad[] = {
		"[]",
		"{'matchLabels':[]}",
		"{'matchLabels':{'a':1}}",
		"{'matchLabels':{'':'x'}}",
		"{'matchLabels':{'a':'0123456789012345678901234567890123456789012345678901234567890123'}}",
		"{'matchExpressions':{}}",
		"{'matchExpressions':[1]}",
		"{'matchExpressions':[{'operator':'Exists'}]}",
		"{'matchExpressions':[{'key':'a'}]}",
		EXPR("Like", ",'values':['a']"),
		EXPR("In", ""),
		EXPR("In", ",'values':'a'"),
		EXPR("NotIn", ",'values':[]"),
		EXPR("In", ",'values':[1]"),
		EXPR("Exists", ",'values':['a']"),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		auto_json struct json *j = q(bad[i]);
		struct selector s;
		struct err e = {0};

		if (selector_decode(j, &s, &e) != -EINVAL)
			fail_msg("accepted: %s", bad[i]);
		assert_string_equal(e.reason, "BadSelector");
	}
	assert_int_equal(selector_decode(NULL, &(struct selector){0}, NULL), -EINVAL);
}

static void test_limits(void **state)
{
	auto_json struct json *s = json_new_obj();
	struct json *labels = json_obj_at(s, "matchLabels");
	struct selector sel;
	struct err e = {0};

	(void)state;
	for (int i = 0; i < SELECTOR_REQS_MAX; i++) {
		char key[16];

		str_fmt(key, sizeof(key), "k%d", i);
		assert_int_equal(json_set_str(labels, key, "v"), 0);
	}
	assert_int_equal(selector_decode(s, &sel, &e), 0);
	assert_int_equal(sel.n_reqs, SELECTOR_REQS_MAX);
	assert_int_equal(json_set_str(labels, "more", "v"), 0);
	assert_int_equal(selector_decode(s, &sel, &e), -E2BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty_matches_everything),
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_expressions),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
