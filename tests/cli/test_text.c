/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <base/cleanup.h>
#include <cli/text.h>
#include <string.h>

static void assert_text(const char *from, const char *shown)
{
	auto_buf struct buf b = BUF_INIT(1000);

	buf_adds(&b, "");
	text_add(&b, from);
	assert_false(b.failed);
	assert_string_equal(b.data, shown);
}

static void plain_text_stays(void **state)
{
	(void)state;
	assert_text("", "");
	assert_text("node-a \\ ~", "node-a \\ ~");
	assert_text(
		"Z\xc3\xbcrich \xe6\x9d\xb1 \xf0\x9f\xa6\x8a", "Z\xc3\xbcrich \xe6\x9d\xb1 \xf0\x9f\xa6\x8a");
}

static void control_bytes_are_escaped(void **state)
{
	(void)state;
	assert_text("a\x1b[2Jb", "a\\x1b[2Jb");
	assert_text("\r\n\t\a\x7f", "\\x0d\\n\\t\\x07\\x7f");
	assert_text("\xc2\x9b"
		    "31m",
		"\\u{9b}31m");
}

static void what_cannot_be_seen_is_escaped(void **state)
{
	(void)state;
	assert_text("\xe2\x80\xaetxt", "\\u{202e}txt");
	assert_text("a\xe2\x80\x8b"
		    "b",
		"a\\u{200b}b");
	assert_text("\xef\xbb\xbfx", "\\u{feff}x");
	assert_text("\xf3\xa0\x81\x81", "\\u{e0041}");
}

static void broken_utf8_is_escaped(void **state)
{
	(void)state;
	assert_text("\xff", "\\xff");
	assert_text("\xc3", "\\xc3");
	assert_text("\xc0\x9b", "\\xc0\\x9b");
	assert_text("\xed\xa0\x80x", "\\xed\\xa0\\x80x");
}

static void ages(void **state)
{
	static const struct {
		int64_t ms;
		const char *shown;
	} cases[] = {
		{INT64_MIN, "0s"},
		{-1, "0s"},
		{0, "0s"},
		{1, "1ms"},
		{999, "999ms"},
		{1000, "1s"},
		{119999, "119s"},
		{120000, "2m"},
		{7199999, "119m"},
		{7200000, "2h"},
		{172799999, "47h"},
		{172800000, "2d"},
		{INT64_MAX, "106751991167d"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		auto_buf struct buf b = BUF_INIT(100);

		text_add_age(&b, cases[i].ms);
		assert_string_equal(b.data, cases[i].shown);
	}
}

static void json_means_the_same_escaped(void **state)
{
	static const char hostile[] = "\x1b \x7f \xc2\x9b \xe2\x80\xae \xf3\xa0\x81\x81 \xc3\xbc";
	auto_json struct json *j = json_new_obj();
	auto_json struct json *back = NULL;
	auto_buf struct buf b = BUF_INIT(1000);

	(void)state;
	assert_int_equal(json_set_str(j, "k", hostile), 0);
	assert_int_equal(text_add_json(&b, j), 0);
	assert_non_null(strstr(b.data, "\\u007f \\u009b \\u202e \\udb40\\udc41 \xc3\xbc\""));
	assert_null(strpbrk(b.data, "\x1b\x7f"));
	assert_int_equal(json_parse(b.data, b.len, 1000, &back, NULL), 0);
	assert_true(json_equal(j, back));
}

static void table_is_as_wide_as_its_cells(void **state)
{
	static const char *const titles[] = {"A", "LONG", "B", NULL};
	auto_table struct table t;
	auto_buf struct buf b = BUF_INIT(1000);

	(void)state;
	table_init(&t, titles);
	table_cell(&t, "%s", "Z\xc3\xbcrich");
	table_cell(&t, "%d", 1);
	table_cell(&t, "x");
	table_cell(&t, "%s", "\n");
	table_cell(&t, "%s", "");
	table_cell(&t, "y");
	table_add(&b, &t);
	assert_string_equal(b.data, "A       LONG  B\n"
				    "Z\xc3\xbcrich  1     x\n"
				    "\\n            y\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_text_stays),
		cmocka_unit_test(control_bytes_are_escaped),
		cmocka_unit_test(what_cannot_be_seen_is_escaped),
		cmocka_unit_test(broken_utf8_is_escaped),
		cmocka_unit_test(ages),
		cmocka_unit_test(json_means_the_same_escaped),
		cmocka_unit_test(table_is_as_wide_as_its_cells),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
