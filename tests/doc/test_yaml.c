/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <base/buf.h>
#include <base/cleanup.h>
#include <doc/yaml.h>
#include <errno.h>
#include <string.h>

#define MAX_TEXT (8 << 20)

static void assert_reads(const char *text, const char *want)
{
	auto_json struct json *j = NULL;
	struct err e = {0};

	if (yaml_parse(text, strlen(text), MAX_TEXT, &j, &e) != 0)
		fail_msg("%s: %s", text, e.message);

	auto_free char *printed = json_print(j);

	assert_string_equal(printed, want);
}

static void assert_refused(const char *text, size_t len, const char *message)
{
	struct json *j = NULL;
	struct err e = {0};

	assert_int_equal(yaml_parse(text, len, MAX_TEXT, &j, &e), -EINVAL);
	assert_null(j);
	assert_string_equal(e.reason, "InvalidYAML");
	assert_string_equal(e.message, message);
	assert_int_equal(yaml_parse_all(text, len, MAX_TEXT, &j, &e), -EINVAL);
	assert_null(j);
}

static void a_policy(void **state)
{
	(void)state;
	assert_reads("apiVersion: escape.dev/v1alpha1\n"
		     "kind: EscapePolicy\n"
		     "metadata: {name: shop, namespace: prod}\n"
		     "spec:\n"
		     "  selector:\n"
		     "    matchLabels:\n"
		     "      app.kubernetes.io/name: shop\n"
		     "  response:\n"
		     "    rollbacks: 3   # then it moves\n"
		     "    within: 10m\n"
		     "  list:\n"
		     "  - a\n"
		     "  - b: 1\n"
		     "    c: true\n"
		     "  text: |\n"
		     "    two\n"
		     "    lines\n",
		"{\"apiVersion\":\"escape.dev/v1alpha1\",\"kind\":\"EscapePolicy\","
		"\"metadata\":{\"name\":\"shop\",\"namespace\":\"prod\"},"
		"\"spec\":{\"selector\":{\"matchLabels\":{\"app.kubernetes.io/name\":\"shop\"}},"
		"\"response\":{\"rollbacks\":3,\"within\":\"10m\"},\"list\":[\"a\",{\"b\":1,\"c\":true}],"
		"\"text\":\"two\\nlines\\n\"}}");
}

static void plain_scalars_by_the_core_schema(void **state)
{
	(void)state;
	assert_reads("[null, Null, NULL, ~]", "[null,null,null,null]");
	assert_reads("a:", "{\"a\":null}");
	assert_reads("[true, True, TRUE, false, False, FALSE]", "[true,true,true,false,false,false]");
	assert_reads("[yes, no, on, off, y, tRue]", "[\"yes\",\"no\",\"on\",\"off\",\"y\",\"tRue\"]");
	assert_reads("[0, -0, +7, 12, -3, 010]", "[0,0,7,12,-3,10]");
	assert_reads("[0o17, 0xfF, 0o8, 0x, 0xg, -0x1]", "[15,255,\"0o8\",\"0x\",\"0xg\",\"-0x1\"]");
	assert_reads("[1.5, .5, 1., 1e3, 1.5E-1, +.5]", "[1.5,0.5,1,1000,0.15,0.5]");
	assert_reads("[., +, -x, e5, 1e, 1.2.3, 1_000, 1:30]",
		"[\".\",\"+\",\"-x\",\"e5\",\"1e\",\"1.2.3\",\"1_000\",\"1:30\"]");
	assert_reads("[2026-11-24, 10m, 1Gi]", "[\"2026-11-24\",\"10m\",\"1Gi\"]");
	assert_reads("9007199254740993", "9007199254740992");
}

static void quoted_scalars_stay_strings(void **state)
{
	(void)state;
	assert_reads("['1', \"true\", '~', \"\", '']", "[\"1\",\"true\",\"~\",\"\",\"\"]");
	assert_reads("[!!str 1, ! 2, !!str '3']", "[\"1\",\"2\",\"3\"]");
	assert_reads("\"\\u00e4\\x41\\n\"", "\"\xc3\xa4"
					    "A\\n\"");
	assert_reads("a: >-\n  1\n", "{\"a\":\"1\"}");
	assert_reads("[!!map {a: 1}, !!seq [1]]", "[{\"a\":1},[1]]");
}

static void keys_are_strings(void **state)
{
	(void)state;
	assert_reads("{1: a, true: b, null: c, \"\": d}",
		"{\"1\":\"a\",\"true\":\"b\",\"null\":\"c\",\"\":\"d\"}");
	assert_refused("{[a]: b}", 8, "line 1, column 2: only strings may be keys");
	assert_refused("? {a: b}\n: c", 12, "line 1, column 3: only strings may be keys");
	assert_refused("a: 1\nb: 2\na: 3\n", 15, "line 3, column 1: this key is there already");
}

static void json_is_yaml(void **state)
{
	(void)state;
	assert_reads("{\"a\":[1,2,{\"b\":null}],\"c\":\"d\"}", "{\"a\":[1,2,{\"b\":null}],\"c\":\"d\"}");
}

static void what_json_cannot_say_is_refused(void **state)
{
	(void)state;
	assert_refused("a: &x 1\nb: *x\n", 14, "line 2, column 4: aliases (*name) are not supported");
	assert_refused("&x [*x]", 7, "line 1, column 5: aliases (*name) are not supported");
	assert_refused("*x : 1", 6, "line 1, column 1: only strings may be keys");
	assert_refused("[.inf]", 6, "line 1, column 2: not a number that JSON can hold");
	assert_refused("[-.INF]", 7, "line 1, column 2: not a number that JSON can hold");
	assert_refused("[.nan]", 6, "line 1, column 2: not a number that JSON can hold");
	assert_refused("1e999", 5, "line 1, column 1: not a number that JSON can hold");
	assert_refused("!!binary aGk=", 13, "line 1, column 1: tags other than !!str are not supported");
	assert_refused("!!int 3", 7, "line 1, column 1: tags other than !!str are not supported");
	assert_refused("!mine {a: 1}", 12, "line 1, column 1: tags other than !!str are not supported");
	assert_refused("!!set [a]", 9, "line 1, column 1: tags other than !!str are not supported");
	assert_refused("\"a\\0b\"", 6, "line 1, column 1: a NUL in a string is not supported");
	assert_refused("\"a\\0b\": 1", 9, "line 1, column 1: a NUL in a key is not supported");
}

static void what_is_not_yaml_is_refused(void **state)
{
	(void)state;
	assert_refused("a: [1", 5, "line 2, column 1: did not find expected ',' or ']'");
	assert_refused("a: b: c", 7, "line 1, column 5: mapping values are not allowed in this context");
	assert_refused("\ta: 1", 5, "line 1, column 1: found character that cannot start any token");
	assert_refused("a: \xff", 4, "byte 3: invalid leading UTF-8 octet");
	assert_refused("a: \x01", 4, "byte 3: control characters are not allowed");
	assert_refused("a: \0", 4, "byte 3: control characters are not allowed");
	assert_refused("a: 1\nb", 6, "line 3, column 1: could not find expected ':'");
	assert_refused("%YAML 3.0\n---\na", 15, "line 1, column 1: found incompatible YAML document");
	assert_refused("a: 1\n]\n", 7, "line 2, column 1: did not find expected key");
}

static void documents(void **state)
{
	static const char text[] = "a: 1\n---\n# nothing\n---\n[2]\n...\n";
	auto_json struct json *all = NULL, *first = NULL, *none = NULL;
	struct json *j = NULL;
	struct err e;

	(void)state;
	assert_int_equal(yaml_parse_all(text, strlen(text), MAX_TEXT, &all, NULL), 0);

	auto_free char *printed = json_print(all);

	assert_string_equal(printed, "[{\"a\":1},null,[2]]");
	assert_int_equal(yaml_parse(text, strlen(text), MAX_TEXT, &first, NULL), 0);
	assert_int_equal(json_int_at(first, "a", 0), 1);
	assert_int_equal(yaml_parse_all("# only a comment\n", 17, MAX_TEXT, &none, NULL), 0);
	assert_int_equal(json_len(none), 0);
	assert_int_equal(yaml_parse("", 0, MAX_TEXT, &j, &e), -EINVAL);
	assert_string_equal(e.message, "there is no document in it");
	/* What is wrong in the second is no concern of who wants the first, and of who wants all. */
	assert_int_equal(yaml_parse_all("a: 1\n---\n*x\n", 12, MAX_TEXT, &j, &e), -EINVAL);
	assert_string_equal(e.message, "line 3, column 1: aliases (*name) are not supported");
	assert_null(j);
}

static void size_is_limited(void **state)
{
	struct json *j = NULL;
	struct err e;

	(void)state;
	assert_int_equal(yaml_parse("abc", 3, 2, &j, &e), -EFBIG);
	assert_string_equal(e.message, "3 bytes of YAML, at most 2 are accepted");
	assert_int_equal(yaml_parse_all("abc", 3, 2, &j, NULL), -EFBIG);
	assert_null(j);
}

static void depth_is_limited(void **state)
{
	auto_buf struct buf b = BUF_INIT(MAX_TEXT);
	auto_json struct json *ok = NULL;
	struct json *j = NULL;
	struct err e;

	(void)state;
	for (int i = 0; i < 32; i++)
		buf_adds(&b, "[");
	for (int i = 0; i < 32; i++)
		buf_adds(&b, "]");
	assert_int_equal(yaml_parse(b.data, b.len, MAX_TEXT, &ok, NULL), 0);
	buf_reset(&b);
	for (int i = 0; i < 33; i++)
		buf_adds(&b, "{a: ");
	assert_int_equal(yaml_parse(b.data, b.len, MAX_TEXT, &j, &e), -EINVAL);
	assert_string_equal(e.message, "line 1, column 129: nested deeper than 32");
	buf_reset(&b);
	for (int i = 0; i < 33; i++)
		buf_adds(&b, "- ");
	assert_int_equal(yaml_parse(b.data, b.len, MAX_TEXT, &j, &e), -EINVAL);
	assert_null(j);
}

static void count_is_limited(void **state)
{
	auto_buf struct buf b = BUF_INIT(MAX_TEXT);
	auto_json struct json *ok = NULL;
	struct json *j = NULL;
	struct err e;

	(void)state;
	for (int i = 0; i < 99999; i++)
		buf_adds(&b, "- 1\n");
	assert_int_equal(yaml_parse(b.data, b.len, MAX_TEXT, &ok, NULL), 0);
	assert_int_equal(json_len(ok), 99999);
	buf_adds(&b, "- 1\n");
	assert_int_equal(yaml_parse(b.data, b.len, MAX_TEXT, &j, &e), -EINVAL);
	assert_string_equal(e.message, "line 100000, column 3: more than 100000 values");
	buf_reset(&b);
	for (int i = 0; i <= 4096; i++)
		buf_addf(&b, "k%d: 1\n", i);
	assert_int_equal(yaml_parse(b.data, b.len, MAX_TEXT, &j, &e), -EINVAL);
	assert_string_equal(e.message, "line 4097, column 1: more than 4096 keys in one mapping");
	assert_null(j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_policy),
		cmocka_unit_test(plain_scalars_by_the_core_schema),
		cmocka_unit_test(quoted_scalars_stay_strings),
		cmocka_unit_test(keys_are_strings),
		cmocka_unit_test(json_is_yaml),
		cmocka_unit_test(what_json_cannot_say_is_refused),
		cmocka_unit_test(what_is_not_yaml_is_refused),
		cmocka_unit_test(documents),
		cmocka_unit_test(size_is_limited),
		cmocka_unit_test(depth_is_limited),
		cmocka_unit_test(count_is_limited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
