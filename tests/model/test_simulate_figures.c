/* SPDX-License-Identifier: Apache-2.0 */
/* `kubectl-escape simulate --figure`, the program itself: its numbers against those of golden.py, its forms
 * against what reads them. */
#include "simulate.h"

#include <doc/json.h>
#include <math.h>

enum { FIRST = 4, LAST = 9 };

static void figure_run(int figure, const char *format, struct buf *out)
{
	auto_free char *args = str_dup_fmt("--figure %d --format %s", figure, format);

	assert_non_null(args);
	if (simulate(args, out))
		fail_msg("%s", out->data);
}

struct row {
	char figure[8], series[48];
	int t;
	double p;
};

/* The column up to the next comma; the rest of the line, or NULL when it does not fit. */
static const char *column_read(const char *at, char *dst, size_t size)
{
	size_t len = at ? strcspn(at, ",\n") : 0;

	if (!at || len >= size || at[len] != ',')
		return NULL;
	memcpy(dst, at, len);
	dst[len] = '\0';
	return at + len + 1;
}

static bool row_read(const char *line, struct row *r)
{
	char t[8], *end = NULL;
	int64_t whole = 0;

	line = column_read(line, r->figure, sizeof(r->figure));
	line = column_read(line, r->series, sizeof(r->series));
	line = column_read(line, t, sizeof(t));
	if (!line || str_parse_i64(t, 0, 1000, &whole))
		return false;
	r->t = (int)whole;
	r->p = strtod(line, &end);
	return end > line;
}

/* Each of want's rows is in text, which is csv, as often as it should be: once. */
static const char *row_find(const char *text, const struct row *want)
{
	char start[80];

	str_fmt(start, sizeof(start), "\n%s,%s,%d,", want->figure, want->series, want->t);
	return text ? strstr(text, start) : NULL;
}

static void row_check(const char *text, const struct row *want)
{
	const char *at = row_find(text, want);
	struct row got = {0};

	if (!at || !row_read(at + 1, &got))
		fail_msg("no row for %s at %d in figure %s", want->series, want->t, want->figure);
	assert_null(row_find(at + 1, want));
	if (!(fabs(got.p - want->p) <= 1e-9 && fabs(got.p - want->p) <= 1e-9 * want->p))
		fail_msg("figure %s, %s, t = %d: %.17g instead of %.17g", want->figure, want->series, want->t,
			got.p, want->p);
}

static size_t lines_of(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

/* How many rows of that figure there are; all of them are in text. */
static size_t golden_check(int figure, const char *text)
{
	auto_fclose FILE *f = fopen(GOLDEN "/figures.csv", "r");
	char line[160];
	size_t n = 0;
	struct row r = {0};

	assert_non_null(f);
	assert_non_null(fgets(line, sizeof(line), f));
	while (fgets(line, sizeof(line), f)) {
		assert_true(row_read(line, &r));
		if (*r.figure != '0' + figure)
			continue;
		row_check(text, &r);
		n++;
	}
	return n;
}

static void test_csv_is_what_was_computed_elsewhere(void **state)
{
	auto_buf struct buf out = BUF_INIT(OUTPUT_MAX);

	(void)state;
	for (int i = FIRST; i <= LAST; i++) {
		size_t n;

		figure_run(i, "csv", &out);
		assert_true(str_starts(out.data, "figure,series,t,p\n"));
		n = golden_check(i, out.data);
		assert_true(n >= (size_t)4 * 99);
		assert_int_equal(lines_of(out.data) - 1, n);
	}
}

static void test_json_says_the_same(void **state)
{
	auto_buf struct buf csv = BUF_INIT(OUTPUT_MAX), out = BUF_INIT(OUTPUT_MAX);

	(void)state;
	for (int i = FIRST; i <= LAST; i++) {
		auto_json struct json *j = NULL;
		size_t points = 0;

		figure_run(i, "csv", &csv);
		figure_run(i, "json", &out);
		assert_int_equal(json_parse(out.data, out.len, OUTPUT_MAX, &j, NULL), 0);
		json_foreach(series, json_at(j, "series"))
		{
			json_foreach(point, json_at(series, "points"))
			{
				struct row r = {.t = (int)json_num(json_first(point)),
					.p = json_num(json_next(json_first(point)))};

				str_copy(r.figure, sizeof(r.figure), json_str_at(j, "figure", ""));
				str_copy(r.series, sizeof(r.series), json_str_at(series, "name", ""));
				row_check(csv.data, &r);
				points++;
			}
		}
		assert_int_equal(points, lines_of(csv.data) - 1);
	}
}

static void test_pictures_name_every_curve(void **state)
{
	static const char *const FORMATS[] = {"svg", "txt"};
	auto_buf struct buf json = BUF_INIT(OUTPUT_MAX), out = BUF_INIT(OUTPUT_MAX);

	(void)state;
	for (int i = FIRST; i <= LAST; i++)
		for (size_t k = 0; k < ARRAY_LEN(FORMATS); k++) {
			auto_json struct json *j = NULL;

			figure_run(i, "json", &json);
			figure_run(i, FORMATS[k], &out);
			assert_int_equal(json_parse(json.data, json.len, OUTPUT_MAX, &j, NULL), 0);
			assert_non_null(strstr(out.data, json_str_at(j, "title", "?")));
			assert_non_null(strstr(out.data, json_str_at(j, "x", "?")));
			assert_non_null(strstr(out.data, json_str_at(j, "y", "?")));
			json_foreach(series, json_at(j, "series"))
				assert_non_null(strstr(out.data, json_str_at(series, "name", "?")));
			assert_null(strstr(out.data, "nan"));
		}
}

static void test_png_is_one(void **state)
{
	static const char BEGIN[] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x03\x5c\0\0\x01\xe0\x08\0\0\0\0",
			  END[] = "\0\0\0\0IEND\xae\x42\x60\x82";
	auto_buf struct buf out = BUF_INIT(OUTPUT_MAX);

	(void)state;
	for (int i = FIRST; i <= LAST; i++) {
		figure_run(i, "png", &out);
		assert_true(out.len > 2000);
		assert_memory_equal(out.data, BEGIN, sizeof(BEGIN) - 1);
		assert_memory_equal(out.data + out.len - (sizeof(END) - 1), END, sizeof(END) - 1);
	}
}

static void test_wrong_command_lines(void **state)
{
	static const char *const WRONG[][2] = {
		{"--figure 3", "expected 4 to 9"},
		{"--figure 10", "expected 4 to 9"},
		{"--figure x", "expected 4 to 9"},
		{"--figure 4 --format gif", "expected txt, csv, json, svg or png"},
		{"", "say what"},
		{"--figure 4 more", "Try"},
	};
	auto_buf struct buf out = BUF_INIT(OUTPUT_MAX);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(WRONG); i++) {
		assert_int_equal(simulate(WRONG[i][0], &out), 2);
		if (!strstr(out.data, WRONG[i][1]))
			fail_msg("%s: %s", WRONG[i][0], out.data);
	}
	assert_int_equal(simulate("--help", &out), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_csv_is_what_was_computed_elsewhere),
		cmocka_unit_test(test_json_says_the_same),
		cmocka_unit_test(test_pictures_name_every_curve),
		cmocka_unit_test(test_png_is_one),
		cmocka_unit_test(test_wrong_command_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
