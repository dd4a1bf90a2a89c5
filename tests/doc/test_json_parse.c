/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <base/buf.h>
#include <base/cleanup.h>
#include <doc/json.h>
#include <errno.h>
#include <math.h>
#include <string.h>

static int parse(const char *text, size_t len, struct json **ret, struct err *e)
{
	/* From a heap block of exactly this size: a read beyond it is seen by the sanitizer. */
	char *exact = malloc(len ? len : 1);

	assert_non_null(exact);
	memcpy(exact, text, len);

	int r = json_parse(exact, len, 1 << 20, ret, e);

	free(exact);
	return r;
}

static void assert_same(const char *text, const char *want)
{
	auto_json struct json *j = NULL;
	struct err e = {0};

	if (parse(text, strlen(text), &j, &e) != 0)
		fail_msg("%s: %s", text, e.message);

	auto_free char *printed = json_print(j);

	assert_string_equal(printed, want);
}

static void values_come_back(void **state)
{
	(void)state;
	assert_same("null", "null");
	assert_same(" true ", "true");
	assert_same("\t\r\n false", "false");
	assert_same("[]", "[]");
	assert_same("{}", "{}");
	assert_same("[ 1 , \"a\" , [ ] , { } , null ]", "[1,\"a\",[],{},null]");
	assert_same("{\"a\" : {\"b\":[1,2]},\"c\":\"d\"}", "{\"a\":{\"b\":[1,2]},\"c\":\"d\"}");
	assert_same("{\"\":1}", "{\"\":1}");
}

static void numbers_come_back(void **state)
{
	(void)state;
	assert_same("[0,-0,1,-1]", "[0,0,1,-1]");
	assert_same("1.5", "1.5");
	assert_same("0.1", "0.1");
	assert_same("1e3", "1000");
	assert_same("1E+3", "1000");
	assert_same("1e-3", "0.001");
	assert_same("1e15", "1000000000000000");
	assert_same("1795561179123", "1795561179123");
	assert_same("9007199254740992", "9007199254740992");
	assert_same("-9007199254740992", "-9007199254740992");
	assert_same("1e300", "1e+300");
	assert_same("1e-400", "0");
	assert_same("0.30000000000000004", "0.30000000000000004");
	/* The longest that is accepted. */
	assert_same("100000000000000000000000000000000000000000000000000000000000000", "1e+62");
}

static void strings_come_back(void **state)
{
	(void)state;
	assert_same("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\\"\\\\/\\b\\f\\n\\r\\t\"");
	assert_same("\"\\u0041\\u00e4\\u20AC\"", "\"A\xc3\xa4\xe2\x82\xac\"");
	assert_same("\"\\ud83d\\ude00\"", "\"\xf0\x9f\x98\x80\"");
	assert_same("\"\xf0\x9f\x98\x80\"", "\"\xf0\x9f\x98\x80\"");
	assert_same("\"\\u001f\\u007f\"", "\"\\u001f\\u007f\"");
}

static const struct {
	const char *text;
	const char *message;
} refused[] = {
	{"", "line 1, column 1: unexpected end"},
	{"  ", "line 1, column 3: unexpected end"},
	{"nul", "line 1, column 1: expected a value"},
	{"True", "line 1, column 1: expected a value"},
	{"{} x", "line 1, column 4: unexpected text after the value"},
	{"[1,]", "line 1, column 4: expected a value"},
	{"[1 2]", "line 1, column 4: expected ',' or ']'"},
	{"[1", "line 1, column 3: expected ',' or ']'"},
	{"{\n  \"a\": 1,\n}", "line 3, column 1: expected a string"},
	{"{\"a\" 1}", "line 1, column 6: expected ':'"},
	{"{a:1}", "line 1, column 2: expected a string"},
	{"{\"a\":1", "line 1, column 7: expected ',' or '}'"},
	{"{\"a\":}", "line 1, column 6: expected a value"},
	{"[1}", "line 1, column 3: expected ',' or ']'"},
	{"\xef\xbb\xbf{}", "line 1, column 1: expected a value"},
	{"/* c */ {}", "line 1, column 1: expected a value"},
	{"NaN", "line 1, column 1: expected a value"},
	{"01", "line 1, column 2: unexpected text after the value"},
	{"-", "line 1, column 2: expected a digit"},
	{"+1", "line 1, column 1: expected a value"},
	{".5", "line 1, column 1: expected a value"},
	{"1.", "line 1, column 3: expected a digit after the point"},
	{"1e", "line 1, column 3: expected a digit in the exponent"},
	{"1e+-1", "line 1, column 4: expected a digit in the exponent"},
	{"0x10", "line 1, column 2: unexpected text after the value"},
	{"1e999", "line 1, column 6: number out of range"},
	{"-1e999", "line 1, column 7: number out of range"},
	{"1000000000000000000000000000000000000000000000000000000000000000",
		"line 1, column 65: number of more than 63 characters"},
	{"\"a", "line 1, column 3: unfinished string"},
	{"\"a\nb\"", "line 1, column 3: control byte in string"},
	{"\"\\x41\"", "line 1, column 3: unknown escape in string"},
	{"\"\\", "line 1, column 3: unknown escape in string"},
	{"\"\\u12", "line 1, column 6: unfinished \\u escape"},
	{"\"\\u12g4\"", "line 1, column 6: expected four hex digits after \\u"},
	{"\"\\u0000\"", "line 1, column 8: \\u0000 is not supported in strings"},
	{"{\"a\\u0000b\":1}", "line 1, column 10: \\u0000 is not supported in strings"},
	{"\"\\ud83d\"", "line 1, column 8: surrogate without its other half"},
	{"\"\\ud83d\\u0041\"", "line 1, column 14: surrogate without its other half"},
	{"\"\\ude00\\ud83d\"", "line 1, column 8: surrogate without its other half"},
	{"\"\xff\"", "line 1, column 2: string is not UTF-8"},
	{"\"\xed\xa0\xbd\"", "line 1, column 2: string is not UTF-8"},
	{"\"\xc3", "line 1, column 2: string is not UTF-8"},
};

static void everything_else_is_refused_with_its_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		struct json *j = NULL;
		struct err e = {0};

		assert_int_equal(parse(refused[i].text, strlen(refused[i].text), &j, &e), -EINVAL);
		assert_null(j);
		assert_string_equal(e.reason, "InvalidJSON");
		assert_string_equal(e.message, refused[i].message);
		assert_int_equal(parse(refused[i].text, strlen(refused[i].text), &j, NULL), -EINVAL);
	}
}

static void nul_bytes_are_refused_anywhere(void **state)
{
	struct json *j = NULL;

	(void)state;
	assert_int_equal(parse("{}\0", 3, &j, NULL), -EINVAL);
	assert_int_equal(parse("\0{}", 3, &j, NULL), -EINVAL);
	assert_int_equal(parse("\"a\0b\"", 5, &j, NULL), -EINVAL);
	assert_int_equal(parse("\"\\\0\"", 4, &j, NULL), -EINVAL);
	assert_int_equal(parse("1\0", 2, &j, NULL), -EINVAL);
}

static void nested(struct buf *b, const char *open, const char *close, int depth)
{
	buf_reset(b);
	for (int i = 0; i < depth; i++)
		buf_adds(b, open);
	buf_adds(b, "1");
	for (int i = 0; i < depth; i++)
		buf_adds(b, close);
}

static void depth_is_limited(void **state)
{
	auto_buf struct buf b = BUF_INIT(1 << 20);
	auto_json struct json *arrays = NULL, *objects = NULL;
	struct json *j = NULL;
	struct err e;

	(void)state;
	nested(&b, "[", "]", 64);
	assert_int_equal(parse(b.data, b.len, &arrays, NULL), 0);
	nested(&b, "{\"a\":", "}", 64);
	assert_int_equal(parse(b.data, b.len, &objects, NULL), 0);
	nested(&b, "[", "]", 65);
	assert_int_equal(parse(b.data, b.len, &j, &e), -EINVAL);
	assert_string_equal(e.message, "line 1, column 65: nested deeper than 64");
	nested(&b, "[", "]", 100000);
	assert_int_equal(parse(b.data, b.len, &j, &e), -EINVAL);
	assert_null(j);
	/* Beside each other is not deep. */
	buf_reset(&b);
	buf_adds(&b, "[");
	for (int i = 0; i < 1000; i++)
		buf_adds(&b, "[],");
	buf_adds(&b, "{}]");
	assert_int_equal(parse(b.data, b.len, &j, NULL), 0);
	assert_int_equal(json_len(j), 1001);
	json_free(j);
}

static void size_is_limited(void **state)
{
	auto_json struct json *ok = NULL;
	struct json *j = NULL;
	struct err e;

	(void)state;
	assert_int_equal(json_parse("[1]", 3, 3, &ok, NULL), 0);
	assert_int_equal(json_parse("[1]", 3, 2, &j, &e), -EFBIG);
	assert_string_equal(e.message, "3 bytes of JSON, at most 2 are accepted");
	assert_null(j);
}

static void printing_makes_the_best_of_bad_values(void **state)
{
	auto_json struct json *arr = json_new_arr();

	(void)state;
	json_add(arr, json_new_num(NAN));
	json_add(arr, json_new_num(INFINITY));
	json_add(arr, json_new_num(-INFINITY));
	json_add(arr, json_new_str("a\xff\xc3"));
	json_add(arr, json_new_str(NULL));

	auto_free char *text = json_print(arr);

	assert_string_equal(text, "[null,null,null,\"a\xef\xbf\xbd\xef\xbf\xbd\",null]");
}

static void pretty_is_indented_by_two(void **state)
{
	auto_json struct json *j = NULL;

	(void)state;
	assert_int_equal(parse("{\"a\":[1,{\"b\":2}],\"c\":{},\"d\":[]}", 31, &j, NULL), 0);

	auto_free char *text = json_print_pretty(j), *nothing = json_print_pretty(NULL);

	assert_string_equal(text,
		"{\n  \"a\": [\n    1,\n    {\n      \"b\": 2\n    }\n  ],\n  \"c\": {},\n  \"d\": []\n}");
	assert_string_equal(nothing, "null");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_come_back),
		cmocka_unit_test(numbers_come_back),
		cmocka_unit_test(strings_come_back),
		cmocka_unit_test(everything_else_is_refused_with_its_place),
		cmocka_unit_test(nul_bytes_are_refused_anywhere),
		cmocka_unit_test(depth_is_limited),
		cmocka_unit_test(size_is_limited),
		cmocka_unit_test(printing_makes_the_best_of_bad_values),
		cmocka_unit_test(pretty_is_indented_by_two),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
