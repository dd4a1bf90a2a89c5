/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sample.h"

#include <base/cleanup.h>
#include <errno.h>
#include <string.h>

static int read_sample(const char *text, struct sample *s, struct err *e)
{
	auto_json struct json *j = NULL;

	assert_int_equal(json_parse(text, strlen(text), 4096, &j, NULL), 0);
	/* What is not filled would show. */
	memset(s, 0xa5, sizeof(*s));
	return decode(j, sample_fields, s, e);
}

static void everything_given(void **state)
{
	struct sample s;

	(void)state;
	assert_int_equal(
		read_sample("{\"name\":\"seven77\",\"note\":\"\",\"kind\":\"Stateless\",\"dryRun\":false,"
			    "\"count\":-5,"
			    "\"share\":0.25,\"within\":\"1h30m\",\"since\":\"2026-11-24T22:59:39.5Z\","
			    "\"detection\":{\"windowSize\":2,\"ratio\":1,\"mode\":\"Enforce\"},"
			    "\"items\":[{\"name\":\"a\"},{\"name\":\"b\",\"weight\":10}],\"zones\":[\"x\","
			    "\"y\",\"z\"],"
			    "\"unknown\":{\"ignored\":[1]}}",
			&s, NULL),
		0);
	assert_string_equal(s.name, "seven77");
	assert_string_equal(s.note, "");
	assert_int_equal(s.kind, 2);
	assert_true(s.has_dry_run);
	assert_false(s.dry_run);
	assert_int_equal(s.count, -5);
	assert_true(s.share == 0.25);
	assert_int_equal(s.within_ms, 5400000);
	assert_int_equal(s.since_ms, 1795561179500);
	assert_int_equal(s.detection.window_size, 2);
	assert_true(s.detection.ratio == 1);
	assert_int_equal(s.detection.mode, 2);
	assert_int_equal(s.items_len, 2);
	assert_string_equal(s.items[0].name, "a");
	assert_int_equal(s.items[0].weight, 1);
	assert_int_equal(s.items[1].weight, 10);
	assert_int_equal(s.zones_len, 3);
	assert_string_equal(s.zones[2], "z");
}

static void assert_defaults(const struct sample *s)
{
	assert_string_equal(s->note, "none");
	assert_int_equal(s->kind, 1);
	assert_false(s->has_dry_run);
	assert_true(s->dry_run);
	assert_int_equal(s->count, 0);
	assert_true(s->share == 0);
	assert_int_equal(s->within_ms, 600000);
	assert_int_equal(s->since_ms, 0);
	assert_int_equal(s->detection.window_size, 10);
	assert_true(s->detection.ratio == 0.5);
	assert_int_equal(s->detection.mode, 0);
	assert_int_equal(s->items_len, 0);
	assert_int_equal(s->zones_len, 0);
}

static void defaults_where_nothing_is(void **state)
{
	struct sample s;

	(void)state;
	assert_int_equal(read_sample("{\"name\":\"x\"}", &s, NULL), 0);
	assert_defaults(&s);
	/* null says the same as nothing. */
	assert_int_equal(
		read_sample("{\"name\":\"x\",\"note\":null,\"kind\":null,\"dryRun\":null,\"count\":null,"
			    "\"within\":null,\"detection\":null,\"items\":null,\"zones\":null}",
			&s, NULL),
		0);
	assert_defaults(&s);
	/* No object at all: the defaults, and nothing is required. */
	memset(&s, 0xa5, sizeof(s));
	assert_int_equal(decode(NULL, sample_fields, &s, NULL), 0);
	assert_defaults(&s);
	assert_string_equal(s.name, "");
}

static const struct {
	const char *text;
	const char *message;
} refused[] = {
	{"{}", "name: is required"},
	{"{\"name\":null}", "name: is required"},
	{"[]", "expected an object, got an array"},
	{"\"x\"", "expected an object, got a string"},
	{"{\"name\":1}", "name: expected a string, got a number"},
	{"{\"name\":{}}", "name: expected a string, got an object"},
	{"{\"name\":\"12345678\"}", "name: longer than 7 bytes"},
	{"{\"name\":\"x\",\"kind\":\"auto\"}", "kind: \"auto\" is not one of Auto, Stateful, Stateless"},
	{"{\"name\":\"x\",\"kind\":\"\"}", "kind: \"\" is not one of Auto, Stateful, Stateless"},
	{"{\"name\":\"x\",\"kind\":\"\\u001b[31m\\n\\u00e4\"}",
		"kind: \"?[31m?\xc3\xa4\" is not one of Auto, Stateful, Stateless"},
	{"{\"name\":\"x\",\"kind\":"
	 "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}",
		"kind: \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...\" is not one of Auto, "
		"Stateful, "
		"Stateless"},
	{"{\"name\":\"x\",\"kind\":1}", "kind: expected a string, got a number"},
	{"{\"name\":\"x\",\"dryRun\":\"true\"}", "dryRun: expected a boolean, got a string"},
	{"{\"name\":\"x\",\"dryRun\":1}", "dryRun: expected a boolean, got a number"},
	{"{\"name\":\"x\",\"count\":\"1\"}", "count: expected a number, got a string"},
	{"{\"name\":\"x\",\"count\":1.5}", "count: 1.5 is not a whole number"},
	{"{\"name\":\"x\",\"count\":1e300}", "count: 1e+300 is not a whole number"},
	{"{\"name\":\"x\",\"count\":true}", "count: expected a number, got a boolean"},
	{"{\"name\":\"x\",\"share\":[]}", "share: expected a number, got an array"},
	{"{\"name\":\"x\",\"within\":10}", "within: expected a string, got a number"},
	{"{\"name\":\"x\",\"within\":\"ten\"}",
		"within: \"ten\" is not a duration such as 500ms, 30s, 10m or 1h30m"},
	{"{\"name\":\"x\",\"within\":\"-1s\"}",
		"within: \"-1s\" is not a duration such as 500ms, 30s, 10m or 1h30m"},
	{"{\"name\":\"x\",\"within\":\"1ms\"}", "within: 1ms is below the minimum 1000ms"},
	{"{\"name\":\"x\",\"within\":\"25h\"}", "within: 25h is above the maximum 86400000ms"},
	{"{\"name\":\"x\",\"since\":\"yesterday\"}",
		"since: \"yesterday\" is not a time such as 2026-01-31T12:00:00Z"},
	{"{\"name\":\"x\",\"detection\":[]}", "detection: expected an object, got an array"},
	{"{\"name\":\"x\",\"detection\":{}}", "detection.windowSize: is required"},
	{"{\"name\":\"x\",\"detection\":{\"windowSize\":0}}",
		"detection.windowSize: 0 is below the minimum 2"},
	{"{\"name\":\"x\",\"detection\":{\"windowSize\":65}}",
		"detection.windowSize: 65 is above the maximum 64"},
	{"{\"name\":\"x\",\"detection\":{\"windowSize\":2,\"ratio\":1.01}}",
		"detection.ratio: 1.01 is above the maximum 1"},
	{"{\"name\":\"x\",\"items\":{}}", "items: expected an array, got an object"},
	{"{\"name\":\"x\",\"items\":[\"a\"]}", "items[0]: expected an object, got a string"},
	{"{\"name\":\"x\",\"items\":[{\"name\":\"a\"},{}]}", "items[1].name: is required"},
	{"{\"name\":\"x\",\"items\":[{\"name\":\"a\"},null]}", "items[1]: expected an object, got null"},
	{"{\"name\":\"x\",\"items\":[{\"name\":\"a\",\"weight\":11}]}",
		"items[0].weight: 11 is above the maximum 10"},
	{"{\"name\":\"x\",\"items\":[{\"name\":\"a\"},{\"name\":\"a\"},{\"name\":\"a\"},{\"name\":\"a\"}]}",
		"items: more than 3 items"},
	{"{\"name\":\"x\",\"zones\":[\"a\",1]}", "zones[1]: expected a string, got a number"},
	{"{\"name\":\"x\",\"zones\":[\"12345678\"]}", "zones[0]: longer than 7 bytes"},
	{"{\"name\":\"x\",\"zones\":[\"1\",\"2\",\"3\",\"4\"]}", "zones: more than 3 items"},
};

static void messages_name_the_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		struct sample s;
		struct err e = {0};

		assert_int_equal(read_sample(refused[i].text, &s, &e), -EINVAL);
		assert_string_equal(e.reason, "InvalidField");
		assert_string_equal(e.message, refused[i].message);
		assert_int_equal(read_sample(refused[i].text, &s, NULL), -EINVAL);
	}
}

/* A table whose own default breaks its rules is found by the first test that reads an empty object. */
static void bad_defaults_are_found(void **state)
{
	const struct field wrong[] = {
		{.key = "n", .type = FIELD_INT, .min = 2, .max = 5, .dflt = "1"}, {.key = NULL}};
	auto_json struct json *j = json_new_obj();
	int64_t n;
	struct err e;

	(void)state;
	assert_int_equal(decode(j, wrong, &n, &e), -EINVAL);
	assert_string_equal(e.message, "n: 1 is below the minimum 2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_given),
		cmocka_unit_test(defaults_where_nothing_is),
		cmocka_unit_test(messages_name_the_place),
		cmocka_unit_test(bad_defaults_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
