/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <base/cleanup.h>
#include <base/str.h>
#include <errno.h>
#include <math.h>
#include <obs/metrics.h>
#include <string.h>

#define TAIL                                                                                                 \
	"# HELP escape_metrics_dropped_updates_total Updates dropped because a metric was at its limit of "  \
	"series.\n"                                                                                          \
	"# TYPE escape_metrics_dropped_updates_total counter\nescape_metrics_dropped_updates_total "

static const struct metric_desc moves = {
	.name = "escape_moves_total",
	.help = "Moves, by result.",
	.type = METRIC_COUNTER,
	.labels = {"namespace", "result"},
	.max_series = 3,
};
static const struct metric_desc hacked = {
	.name = "escape_nodes_hacked", .help = "Hacked nodes.", .type = METRIC_GAUGE};
static const double seconds[] = {0.1, 0.5, 2};
static const struct metric_desc restore = {
	.name = "escape_restore_seconds",
	.help = "Back\\slash\nand \"quotes\".",
	.type = METRIC_HISTOGRAM,
	.labels = {"kind"},
	.bounds = seconds,
	.bounds_len = ARRAY_LEN(seconds),
};

static int setup(void **state)
{
	return metrics_new((struct metrics **)(void *)state);
}

static int teardown(void **state)
{
	metrics_free(*state);
	return 0;
}

static struct metric *add(struct metrics *m, const struct metric_desc *d)
{
	struct metric *metric = NULL;

	assert_int_equal(metrics_register(m, d, &metric, NULL), 0);
	return metric;
}

static void assert_rendered(const struct metrics *m, const char *want)
{
	auto_buf struct buf out = BUF_INIT(1 << 20);

	assert_int_equal(metrics_render(m, &out), 0);
	assert_string_equal(out.data, want);
}

static void counters_and_gauges(void **state)
{
	struct metric *c = add(*state, &moves), *g = add(*state, &hacked);

	assert_rendered(*state, "# HELP escape_nodes_hacked Hacked nodes.\n# TYPE escape_nodes_hacked gauge\n"
				"escape_nodes_hacked 0\n" TAIL "0\n");
	assert_int_equal(metric_add(c, METRIC_LABELS("shop", "Succeeded"), 1), 0);
	assert_int_equal(metric_add(c, METRIC_LABELS("shop", "Aborted"), 1), 0);
	assert_int_equal(metric_add(c, METRIC_LABELS("shop", "Succeeded"), 2.5), 0);
	assert_int_equal(metric_set(g, NULL, 7), 0);
	assert_int_equal(metric_add(g, NULL, -3), 0);
	assert_rendered(*state,
		"# HELP escape_moves_total Moves, by result.\n# TYPE escape_moves_total counter\n"
		"escape_moves_total{namespace=\"shop\",result=\"Aborted\"} 1\n"
		"escape_moves_total{namespace=\"shop\",result=\"Succeeded\"} 3.5\n"
		"# HELP escape_nodes_hacked Hacked nodes.\n# TYPE escape_nodes_hacked gauge\n"
		"escape_nodes_hacked 4\n" TAIL "0\n");
}

static void histograms_cumulate(void **state)
{
	struct metric *h = add(*state, &restore);
	static const double values[] = {0.05, 0.1, 0.3, 2, 99};

	for (size_t i = 0; i < ARRAY_LEN(values); i++)
		assert_int_equal(metric_observe(h, METRIC_LABELS("a"), values[i]), 0);
	assert_rendered(*state, "# HELP escape_restore_seconds Back\\\\slash\\nand \"quotes\".\n"
				"# TYPE escape_restore_seconds histogram\n"
				"escape_restore_seconds_bucket{kind=\"a\",le=\"0.1\"} 2\n"
				"escape_restore_seconds_bucket{kind=\"a\",le=\"0.5\"} 3\n"
				"escape_restore_seconds_bucket{kind=\"a\",le=\"2\"} 4\n"
				"escape_restore_seconds_bucket{kind=\"a\",le=\"+Inf\"} 5\n"
				"escape_restore_seconds_sum{kind=\"a\"} 101.45\n"
				"escape_restore_seconds_count{kind=\"a\"} 5\n" TAIL "0\n");
}

static void histogram_without_labels(void **state)
{
	struct metric_desc d = restore;
	struct metric *h;

	d.labels[0] = NULL;
	d.help = "x";
	d.bounds_len = 1;
	h = add(*state, &d);
	assert_int_equal(metric_observe(h, NULL, 0.1), 0);
	assert_rendered(*state,
		"# HELP escape_restore_seconds x\n# TYPE escape_restore_seconds histogram\n"
		"escape_restore_seconds_bucket{le=\"0.1\"} 1\n"
		"escape_restore_seconds_bucket{le=\"+Inf\"} 1\n"
		"escape_restore_seconds_sum 0.1\nescape_restore_seconds_count 1\n" TAIL "0\n");
	/* d is about to go out of scope; the registry goes first. */
	metrics_free(*state);
	*state = NULL;
}

static void label_values_are_escaped(void **state)
{
	struct metric *c = add(*state, &moves);

	assert_int_equal(metric_add(c, METRIC_LABELS("a\"b\\c\nd", "\xff\xc3\xa4"), 1), 0);
	assert_rendered(*state,
		"# HELP escape_moves_total Moves, by result.\n# TYPE escape_moves_total counter\n"
		"escape_moves_total{namespace=\"a\\\"b\\\\c\\nd\",result=\"\xef\xbf\xbd\xc3\xa4\"} 1\n" TAIL
		"0\n");
}

static void special_numbers(void **state)
{
	static const struct {
		double value;
		const char *text;
	} cases[] = {{INFINITY, "+Inf"}, {-INFINITY, "-Inf"}, {NAN, "NaN"}, {0.1, "0.1"}, {1e300, "1e+300"},
		{1.0 / 3, "0.33333333333333331"}, {-0.5, "-0.5"}, {1795561179123, "1795561179123"}};
	struct metric *g = add(*state, &hacked);

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		auto_buf struct buf out = BUF_INIT(1 << 20);
		auto_free char *line = str_dup_fmt("\nescape_nodes_hacked %s\n", cases[i].text);

		assert_int_equal(metric_set(g, NULL, cases[i].value), 0);
		assert_int_equal(metrics_render(*state, &out), 0);
		assert_non_null(strstr(out.data, line));
	}
}

static void series_have_a_limit(void **state)
{
	struct metric *c = add(*state, &moves);
	char name[16];

	for (int i = 0; i < 3; i++) {
		str_fmt(name, sizeof(name), "%d", i);
		assert_int_equal(metric_add(c, METRIC_LABELS(name), 1), 0);
	}
	assert_int_equal(metric_add(c, METRIC_LABELS("over"), 1), -ENOSPC);
	assert_int_equal(metric_add(c, METRIC_LABELS("1"), 1), 0);
	metric_remove(c, METRIC_LABELS("never"));
	metric_remove(c, METRIC_LABELS("0"));
	metric_remove(c, METRIC_LABELS("2"));
	assert_rendered(*state,
		"# HELP escape_moves_total Moves, by result.\n# TYPE escape_moves_total counter\n"
		"escape_moves_total{namespace=\"1\",result=\"\"} 2\n" TAIL "1\n");
	assert_int_equal(metric_add(c, METRIC_LABELS("over"), 1), 0);
}

static void many_series_stay_sorted(void **state)
{
	struct metric_desc d = moves;
	char name[16];

	d.max_series = 500;

	struct metric *c = add(*state, &d);

	for (int i = 0; i < 500; i++) {
		str_fmt(name, sizeof(name), "%03d", i * 7 % 500);
		assert_int_equal(metric_add(c, METRIC_LABELS(name), 1), 0);
	}

	auto_buf struct buf out = BUF_INIT(1 << 20);

	assert_int_equal(metrics_render(*state, &out), 0);
	const char *at = out.data;

	for (int i = 0; i < 500; i++) {
		str_fmt(name, sizeof(name), "\"%03d\"", i);
		at = strstr(at, name);
		assert_non_null(at);
	}
	metrics_free(*state);
	*state = NULL;
}

static void wrong_use_is_refused(void **state)
{
	struct metric *c = add(*state, &moves), *g = add(*state, &hacked), *h = add(*state, &restore);

	assert_int_equal(metric_add(c, NULL, -1), -EINVAL);
	assert_int_equal(metric_add(c, NULL, NAN), -EINVAL);
	assert_int_equal(metric_set(c, NULL, 1), -EINVAL);
	assert_int_equal(metric_add(h, NULL, 1), -EINVAL);
	assert_int_equal(metric_observe(g, NULL, 1), -EINVAL);
	assert_int_equal(metric_observe(h, NULL, NAN), -EINVAL);
}

static void bad_descriptions_are_refused(void **state)
{
	static const double falling[] = {2, 1}, endless[] = {1, INFINITY};
	const struct metric_desc bad[] = {
		{.help = "x", .type = METRIC_GAUGE},
		{.name = "", .help = "x", .type = METRIC_GAUGE},
		{.name = "1a", .help = "x", .type = METRIC_GAUGE},
		{.name = "a-b", .help = "x", .type = METRIC_GAUGE},
		{.name = "a", .type = METRIC_GAUGE},
		{.name = "a", .help = "x", .type = METRIC_COUNTER},
		{.name = "a_total", .help = "x", .type = METRIC_GAUGE},
		{.name = "a", .help = "x", .type = METRIC_GAUGE, .labels = {"a:b"}},
		{.name = "a", .help = "x", .type = METRIC_GAUGE, .labels = {"__name__"}},
		{.name = "a", .help = "x", .type = METRIC_GAUGE, .bounds = seconds, .bounds_len = 1},
		{.name = "a", .help = "x", .type = METRIC_HISTOGRAM},
		{.name = "a",
			.help = "x",
			.type = METRIC_HISTOGRAM,
			.labels = {"le"},
			.bounds = seconds,
			.bounds_len = 1},
		{.name = "a", .help = "x", .type = METRIC_HISTOGRAM, .bounds = falling, .bounds_len = 2},
		{.name = "a", .help = "x", .type = METRIC_HISTOGRAM, .bounds = endless, .bounds_len = 2},
		{.name = "a", .help = "x", .type = METRIC_HISTOGRAM, .bounds = seconds, .bounds_len = 33},
	};
	struct metric *none = NULL;
	struct err e;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(metrics_register(*state, &bad[i], &none, &e), -EINVAL);
		assert_string_equal(e.reason, "BadMetric");
	}
	add(*state, &hacked);
	assert_int_equal(metrics_register(*state, &hacked, &none, &e), -EEXIST);
	assert_null(none);
}

static void a_full_buffer_is_told(void **state)
{
	auto_buf struct buf out = BUF_INIT(20);

	assert_int_equal(metrics_render(*state, &out), -ENOBUFS);
	metrics_free(NULL);
}

int main(void)
{
#define WITH_REGISTRY(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		WITH_REGISTRY(counters_and_gauges),
		WITH_REGISTRY(histograms_cumulate),
		WITH_REGISTRY(histogram_without_labels),
		WITH_REGISTRY(label_values_are_escaped),
		WITH_REGISTRY(special_numbers),
		WITH_REGISTRY(series_have_a_limit),
		WITH_REGISTRY(many_series_stay_sorted),
		WITH_REGISTRY(wrong_use_is_refused),
		WITH_REGISTRY(bad_descriptions_are_refused),
		WITH_REGISTRY(a_full_buffer_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
