/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sample.h"

#include <base/cleanup.h>
#include <string.h>

static void assert_encodes(const struct field *table, const void *src, const char *want)
{
	auto_json struct json *j = encode(table, src);
	auto_free char *text = json_print(j);

	assert_string_equal(text, want);
}

static void zeros_stay_away_unless_they_mean_something(void **state)
{
	const struct sample s = {0};

	(void)state;
	/* name is required; what has a default would otherwise come back as that. */
	assert_encodes(sample_fields, &s,
		"{\"name\":\"\",\"note\":\"\",\"kind\":\"Auto\",\"dryRun\":false,\"within\":\"0s\","
		"\"detection\":{"
		"\"windowSize\":0,\"ratio\":0}}");
}

static void presence_bits_keep_a_zero(void **state)
{
	struct {
		int64_t first;
		int64_t n;
		bool has_n;
	} s = {.first = 0};
	const struct field table[] = {
		{.key = "n", .type = FIELD_INT, .offset = 8, .has_offset = 16},
		{.key = NULL},
	};

	(void)state;
	assert_encodes(table, &s, "{}");
	s.has_n = true;
	assert_encodes(table, &s, "{\"n\":0}");
	s.n = 3;
	s.has_n = false;
	assert_encodes(table, &s, "{\"n\":3}");
}

static void durations_and_times(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} durations[] = {{7200000, "2h"}, {5400000, "90m"}, {61000, "61s"}, {1, "1ms"}, {1500, "1500ms"},
		{3600000, "1h"}};
	const struct field table[] = {
		{.key = "d", .type = FIELD_DURATION_MS, .required = true}, {.key = NULL}};
	const struct field times[] = {{.key = "t", .type = FIELD_TIME_MS}, {.key = NULL}};
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(durations); i++) {
		auto_json struct json *j = encode(table, &durations[i].ms);

		assert_string_equal(json_str_at(j, "d", ""), durations[i].text);
	}
	ms = 1795561179000;
	assert_encodes(times, &ms, "{\"t\":\"2026-11-24T22:59:39Z\"}");
	ms = 1795561179001;
	assert_encodes(times, &ms, "{\"t\":\"2026-11-24T22:59:39.001000Z\"}");
}

static void what_is_encoded_decodes_the_same(void **state)
{
	static const struct sample s = {
		.name = "abc",
		.note = "n",
		.kind = 2,
		.dry_run = true,
		.has_dry_run = true,
		.count = -9007199254740992,
		.share = 0.1,
		.within_ms = 61500,
		.since_ms = 1795561179123,
		.detection = {.window_size = 12, .ratio = 0.75, .mode = 1},
		.items = {{.name = "a", .weight = 2}, {.name = "b"}},
		.items_len = 2,
		.zones = {"z1", ""},
		.zones_len = 2,
	};
	auto_json struct json *j = encode(sample_fields, &s);
	struct sample back = {0};

	(void)state;
	assert_int_equal(decode(j, sample_fields, &back, NULL), 0);

	auto_json struct json *again = encode(sample_fields, &back);

	assert_true(json_equal(j, again));
	assert_string_equal(back.name, s.name);
	assert_int_equal(back.count, s.count);
	assert_int_equal(back.within_ms, s.within_ms);
	assert_int_equal(back.since_ms, s.since_ms);
	assert_int_equal(back.detection.mode, s.detection.mode);
	assert_int_equal(back.items[0].weight, 2);
	assert_int_equal(back.items[1].weight, 0);
	assert_int_equal(back.zones_len, 2);
}

static void a_count_beyond_the_array_is_cut(void **state)
{
	struct sample s = {.name = "x", .zones = {"a", "b", "c"}, .zones_len = 99};
	auto_json struct json *j = encode(sample_fields, &s);

	(void)state;
	assert_int_equal(json_len(json_at(j, "zones")), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(zeros_stay_away_unless_they_mean_something),
		cmocka_unit_test(presence_bits_keep_a_zero),
		cmocka_unit_test(durations_and_times),
		cmocka_unit_test(what_is_encoded_decodes_the_same),
		cmocka_unit_test(a_count_beyond_the_array_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
