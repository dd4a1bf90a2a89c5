/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <base/backoff.h>
#include <base/cleanup.h>
#include <base/clock.h>
#include <errno.h>
#include <time.h>

static const struct {
	const char *text;
	int64_t ms;
} valid[] = {
	{"1970-01-01T00:00:00Z", 0},
	{"2026-11-24T22:59:39Z", 1795561179000},
	{"2026-11-24T22:59:39.123456Z", 1795561179123},
	{"2026-11-24T22:59:39.5Z", 1795561179500},
	{"2026-11-24T22:59:39.1239999999999999999999999Z", 1795561179123},
	{"2026-11-24T22:59:39+00:00", 1795561179000},
	{"2026-11-25T04:29:39+05:30", 1795561179000},
	{"2026-11-24T14:59:39-08:00", 1795561179000},
	{"2000-02-29T00:00:00Z", 951782400000},
	{"1969-12-31T23:59:59.999Z", -1},
	{"0001-01-01T00:00:00Z", -62135596800000},
	{"9999-12-31T23:59:59.999Z", 253402300799999},
};

static const char *const invalid[] = {
	"",
	"2026-11-24",
	"2026-11-24T22:59:39",
	"2026-11-24 22:59:39Z",
	"2026-11-24t22:59:39z",
	"2026-11-24T22:59:39ZZ",
	" 2026-11-24T22:59:39Z",
	"2026-11-24T22:59:39Z ",
	"2026-13-24T22:59:39Z",
	"2026-00-24T22:59:39Z",
	"2026-02-29T22:59:39Z",
	"1900-02-29T00:00:00Z",
	"2026-04-31T00:00:00Z",
	"2026-11-00T22:59:39Z",
	"2026-11-24T24:00:00Z",
	"2026-11-24T22:60:39Z",
	"2026-11-24T22:59:60Z",
	"2026-11-24T22:59:39.Z",
	"2026-11-24T22:59:39,5Z",
	"2026-11-24T22:59:39+24:00",
	"2026-11-24T22:59:39+05:60",
	"2026-11-24T22:59:39+0530",
	"2026-11-24T22:59:39+05",
	"26-11-24T22:59:39Z",
	"02026-11-24T22:59:39Z",
	"+026-11-24T22:59:39Z",
	"0000-01-01T00:00:00Z",
	"2026-1-24T22:59:39Z",
	"2026-11-24T22:59:39",
	"2026-11-24T22:59:39\xffZ",
};

static void reads_both_forms_and_offsets(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(valid); i++) {
		int64_t ms = 77;

		assert_int_equal(clock_parse(valid[i].text, &ms), 0);
		assert_int_equal(ms, valid[i].ms);
	}
}

static void refuses_everything_else_untouched(void **state)
{
	int64_t ms = 77;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(invalid); i++) {
		if (clock_parse(invalid[i], &ms) != -EINVAL)
			fail_msg("accepted \"%s\"", invalid[i]);
	}
	assert_int_equal(clock_parse(NULL, &ms), -EINVAL);
	assert_int_equal(ms, 77);
}

static void formats_as_the_api_does(void **state)
{
	char s[CLOCK_RFC3339_MAX];

	(void)state;
	clock_format(1795561179123, s);
	assert_string_equal(s, "2026-11-24T22:59:39Z");
	clock_format_micro(1795561179123, s);
	assert_string_equal(s, "2026-11-24T22:59:39.123000Z");
	clock_format_micro(-1, s);
	assert_string_equal(s, "1969-12-31T23:59:59.999000Z");
	clock_format(-1, s);
	assert_string_equal(s, "1969-12-31T23:59:59Z");
}

static void clamps_to_four_digit_years(void **state)
{
	char s[CLOCK_RFC3339_MAX];

	(void)state;
	clock_format(INT64_MIN, s);
	assert_string_equal(s, "0001-01-01T00:00:00Z");
	clock_format_micro(INT64_MAX, s);
	assert_string_equal(s, "9999-12-31T23:59:59.999000Z");
}

static void what_is_written_is_read_back(void **state)
{
	uint64_t rng = 11;
	char s[CLOCK_RFC3339_MAX];

	(void)state;
	for (int i = 0; i < 20000; i++) {
		int64_t ms = (int64_t)(rng_next(&rng) % 315537897600000u) - 62135596800000, back;

		clock_format_micro(ms, s);
		assert_int_equal(clock_parse(s, &back), 0);
		assert_int_equal(back, ms);
		clock_format(ms, s);
		assert_int_equal(clock_parse(s, &back), 0);
		assert_in_range(ms - back, 0, 999);
	}
}

static void the_calendar_is_the_libc_s(void **state)
{
	uint64_t rng = 5;
	char s[CLOCK_RFC3339_MAX], want[CLOCK_RFC3339_MAX];

	(void)state;
	for (int i = 0; i < 20000; i++) {
		/* 1902 to 2501: four digits without padding. */
		time_t seconds = (time_t)(rng_next(&rng) % 18900000000u) - 2145916800;
		struct tm tm;

		gmtime_r(&seconds, &tm);
		strftime(want, sizeof(want), "%Y-%m-%dT%H:%M:%SZ", &tm);
		clock_format((int64_t)seconds * 1000, s);
		assert_string_equal(s, want);
	}
}

static void clocks_go_forward(void **state)
{
	int64_t ns = clock_monotonic_ns(), ms = clock_monotonic_ms();

	(void)state;
	assert_true(clock_monotonic_ns() >= ns);
	assert_true(ms >= ns / 1000000);
	assert_true(clock_wall_ms() > 1700000000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_both_forms_and_offsets),
		cmocka_unit_test(refuses_everything_else_untouched),
		cmocka_unit_test(formats_as_the_api_does),
		cmocka_unit_test(clamps_to_four_digit_years),
		cmocka_unit_test(what_is_written_is_read_back),
		cmocka_unit_test(the_calendar_is_the_libc_s),
		cmocka_unit_test(clocks_go_forward),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
