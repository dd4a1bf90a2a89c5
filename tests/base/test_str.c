/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <base/cleanup.h>
#include <base/str.h>
#include <errno.h>
#include <string.h>

static void copies_or_says_no(void **state)
{
	char d[4] = "zzz";

	(void)state;
	assert_int_equal(str_copy(d, sizeof(d), "abc"), 0);
	assert_string_equal(d, "abc");
	assert_int_equal(str_copy(d, sizeof(d), "abcd"), -ENAMETOOLONG);
	assert_string_equal(d, "");
	assert_int_equal(str_copy(d, sizeof(d), NULL), 0);
	assert_string_equal(d, "");
	d[0] = 'k';
	assert_int_equal(str_copy(d, 0, ""), -ENAMETOOLONG);
	assert_int_equal(d[0], 'k');
	assert_int_equal(str_fmt(d, sizeof(d), "%d", 999), 0);
	assert_string_equal(d, "999");
	assert_int_equal(str_fmt(d, sizeof(d), "%d", 1000), -ENAMETOOLONG);
	assert_string_equal(d, "");
	assert_int_equal(str_fmt(d, 0, "%d", 1), -ENAMETOOLONG);
}

static void allocates_what_it_formats(void **state)
{
	auto_free char *s = str_dup_fmt("%s/%05d", "dir", 42);

	(void)state;
	assert_string_equal(s, "dir/00042");
}

static void compares_with_null(void **state)
{
	(void)state;
	assert_true(str_eq("a", "a"));
	assert_false(str_eq("a", "b"));
	assert_false(str_eq("a", NULL));
	assert_false(str_eq(NULL, ""));
	assert_true(str_eq(NULL, NULL));
	assert_true(str_starts("prefix", "pre"));
	assert_true(str_starts("p", ""));
	assert_false(str_starts("pr", "pre"));
	assert_false(str_starts(NULL, "pre"));
	assert_false(str_starts("x", NULL));
}

static void reads_whole_numbers(void **state)
{
	int64_t v = 5;

	(void)state;
	assert_int_equal(str_parse_i64("0", INT64_MIN, INT64_MAX, &v), 0);
	assert_int_equal(v, 0);
	assert_int_equal(str_parse_i64("-9223372036854775808", INT64_MIN, INT64_MAX, &v), 0);
	assert_true(v == INT64_MIN);
	assert_int_equal(str_parse_i64("9223372036854775807", INT64_MIN, INT64_MAX, &v), 0);
	assert_true(v == INT64_MAX);
	assert_int_equal(str_parse_i64("007", 0, 10, &v), 0);
	assert_int_equal(v, 7);
}

static void refuses_what_is_not_a_number(void **state)
{
	static const char *const bad[] = {
		"", "-", "+1", " 1", "1 ", "1x", "0x10", "1.0", "--1", "1e3", "\t1"};
	int64_t v = 5;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(str_parse_i64(bad[i], INT64_MIN, INT64_MAX, &v), -EINVAL);
	assert_int_equal(str_parse_i64(NULL, 0, 1, &v), -EINVAL);
	assert_int_equal(str_parse_i64("9223372036854775808", INT64_MIN, INT64_MAX, &v), -ERANGE);
	assert_int_equal(str_parse_i64("-99999999999999999999999", INT64_MIN, INT64_MAX, &v), -ERANGE);
	assert_int_equal(str_parse_i64("99999999999999999999999x", INT64_MIN, INT64_MAX, &v), -EINVAL);
	assert_int_equal(str_parse_i64("11", 0, 10, &v), -ERANGE);
	assert_int_equal(str_parse_i64("-1", 0, 10, &v), -ERANGE);
	assert_int_equal(v, 5);
}

static void reads_durations(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} good[] = {
		{"0", 0},
		{"0s", 0},
		{"500ms", 500},
		{"1m", 60000},
		{"1h30m", 5400000},
		{"10s", 10000},
		{"1.5h", 5400000},
		{".5s", 500},
		{"1.s", 1000},
		{"1h1h", 7200000},
		{"1500us", 1},
		{"1500\xc2\xb5s", 1},
		{"1500\xce\xbcs", 1},
		{"999999ns", 0},
		{"1.0000000000000000000001s", 1000},
		{"2562047h", 9223369200000},
		{"0.3333333333333333333h", 1199999},
	};
	int64_t ms = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		if (str_parse_duration_ms(good[i].text, &ms) != 0 || ms != good[i].ms)
			fail_msg("%s is %lld", good[i].text, (long long)ms);
	}
}

static void refuses_odd_durations(void **state)
{
	static const char *const bad[] = {"", "1", "s", "1d", "-1s", "+1s", " 1s", "1s ", "1 s", ".s",
		"1..5s", "1S", "1m30", "1ss", "\xc2s", "1\xc2"};
	static const char *const huge[] = {
		"2562048h", "99999999999999999999h", "9223372036854775807s", "9223372036s9999999999999999ms"};
	int64_t ms = 9;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		if (str_parse_duration_ms(bad[i], &ms) != -EINVAL)
			fail_msg("accepted \"%s\"", bad[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(huge); i++)
		assert_int_equal(str_parse_duration_ms(huge[i], &ms), -ERANGE);
	assert_int_equal(str_parse_duration_ms("99999999999999999999hx", &ms), -EINVAL);
	assert_int_equal(str_parse_duration_ms(NULL, &ms), -EINVAL);
	assert_int_equal(ms, 9);
}

static void knows_dns_names(void **state)
{
	static const char *const labels[] = {"a", "a-b", "0", "node-1"};
	static const char *const subdomains[] = {"a.b", "node-1.example.com", "a-b.0"};
	static const char *const bad[] = {"", "-a", "a-", "A", "a_b", "a b", ".a", "a.", "a..b", "a.-b",
		"a-.b", "a/b", "\xc3\xa4", "..", "."};
	char big[300];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(labels); i++) {
		assert_true(str_is_dns_name(labels[i], false));
		assert_true(str_is_dns_name(labels[i], true));
	}
	for (size_t i = 0; i < ARRAY_LEN(subdomains); i++) {
		assert_false(str_is_dns_name(subdomains[i], false));
		assert_true(str_is_dns_name(subdomains[i], true));
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_false(str_is_dns_name(bad[i], false));
		assert_false(str_is_dns_name(bad[i], true));
	}
	assert_false(str_is_dns_name(NULL, true));
	memset(big, 'a', sizeof(big));
	big[63] = '\0';
	assert_true(str_is_dns_name(big, false));
	big[63] = 'a';
	big[64] = '\0';
	assert_false(str_is_dns_name(big, false));
	big[64] = 'a';
	big[253] = '\0';
	assert_true(str_is_dns_name(big, true));
	big[253] = 'a';
	big[254] = '\0';
	assert_false(str_is_dns_name(big, true));
}

static void knows_uids_and_components(void **state)
{
	static const char *const bad[] = {"", ".", "..", "a/b", "/", "a\nb", "\x7f", "\x1b[0m"};
	char big[300];

	(void)state;
	assert_true(str_is_uid("6ba7b810-9dad-11d1-80b4-00c04fd430c8"));
	assert_true(str_is_uid("DEAD"));
	assert_false(str_is_uid(""));
	assert_false(str_is_uid(NULL));
	assert_false(str_is_uid("../x"));
	assert_false(str_is_uid("xyz"));
	memset(big, 'a', sizeof(big));
	big[64] = '\0';
	assert_false(str_is_uid(big));
	big[63] = '\0';
	assert_true(str_is_uid(big));

	assert_true(str_is_component("a"));
	assert_true(str_is_component("..."));
	assert_true(str_is_component(".hidden"));
	assert_true(str_is_component("\xc3\xa4"));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(str_is_component(bad[i]));
	assert_false(str_is_component(NULL));
	big[63] = big[64] = 'a';
	big[255] = '\0';
	assert_true(str_is_component(big));
	big[255] = 'a';
	big[256] = '\0';
	assert_false(str_is_component(big));
}

static void hashes_as_published(void **state)
{
	(void)state;
	assert_true(str_hash64("", 0) == 0xcbf29ce484222325u);
	assert_true(str_hash64("a", 1) == 0xaf63dc4c8601ec8cu);
	assert_true(str_hash64("foobar", 6) == 0x85944171f73967e8u);
}

static void knows_utf8(void **state)
{
	static const char *const bad[] = {"\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xed\xa0\x80",
		"\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80", "\xff", "\xc3", "\xe2\x82",
		"\xc3("};
	uint32_t code;

	(void)state;
	assert_int_equal(str_utf8_len("a", 1, &code), 1);
	assert_int_equal(code, 'a');
	assert_int_equal(str_utf8_len("\xc3\xa4x", 3, &code), 2);
	assert_int_equal(code, 0xe4);
	assert_int_equal(str_utf8_len("\xe2\x82\xac", 3, &code), 3);
	assert_int_equal(code, 0x20ac);
	assert_int_equal(str_utf8_len("\xf4\x8f\xbf\xbf", 4, &code), 4);
	assert_int_equal(code, 0x10ffff);
	assert_int_equal(str_utf8_len("\xc3\xa4", 1, NULL), 0);
	assert_int_equal(str_utf8_len("a", 0, NULL), 0);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(str_utf8_len(bad[i], strlen(bad[i]), NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copies_or_says_no),
		cmocka_unit_test(allocates_what_it_formats),
		cmocka_unit_test(compares_with_null),
		cmocka_unit_test(reads_whole_numbers),
		cmocka_unit_test(refuses_what_is_not_a_number),
		cmocka_unit_test(reads_durations),
		cmocka_unit_test(refuses_odd_durations),
		cmocka_unit_test(knows_dns_names),
		cmocka_unit_test(knows_uids_and_components),
		cmocka_unit_test(hashes_as_published),
		cmocka_unit_test(knows_utf8),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
