/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "oom.h"

#include <base/cleanup.h>
#include <base/io.h>
#include <base/str.h>
#include <errno.h>
#include <obs/metrics.h>
#include <sys/stat.h>

static const double bounds[] = {1, 2};
static const struct metric_desc desc = {
	.name = "x_seconds",
	.help = "x",
	.type = METRIC_HISTOGRAM,
	.labels = {"a", "b"},
	.bounds = bounds,
	.bounds_len = ARRAY_LEN(bounds),
};
static const struct metric_desc plain = {.name = "y", .help = "y", .type = METRIC_GAUGE};

static int fill_and_render(struct metrics *m, struct buf *out)
{
	struct metric *h, *g;
	int r = metrics_register(m, &desc, &h, NULL);

	if (r == 0)
		r = metrics_register(m, &plain, &g, NULL);
	for (int i = 0; r == 0 && i < 6; i++) {
		char name[8];

		str_fmt(name, sizeof(name), "%d", i);
		r = metric_observe(h, METRIC_LABELS(name, "b"), i);
	}
	if (r == 0)
		metric_remove(h, METRIC_LABELS("3", "b"));
	return r < 0 ? r : metrics_render(m, out);
}

static int use_metrics(void)
{
	auto_buf struct buf out = BUF_INIT(65536);
	struct metrics *m;
	int r = metrics_new(&m);

	if (r < 0)
		return r;
	r = fill_and_render(m, &out);
	metrics_free(m);
	return r;
}

static int use_files(void)
{
	auto_free char *text = NULL, *name = str_dup_fmt("/proc/%s", "self/status");

	return name ? io_read_file(name, 65536, &text, NULL) : -ENOMEM;
}

/* A buffer that could not grow keeps what it had. */
static int use_buffer(void)
{
	auto_buf struct buf b = BUF_INIT(4096);
	int r = 0;

	for (int i = 0; i < 100 && r == 0; i++) {
		size_t before = b.len;

		r = buf_addf(&b, "%04d", i);
		assert_int_equal(b.len, r == 0 ? before + 4 : before);
		assert_int_equal(b.failed, r < 0);
	}
	return r;
}

static int remove_tree(void)
{
	char dir[] = "/tmp/escape-test-oom-XXXXXX", sub[64];

	if (!mkdtemp(dir))
		return -errno;
	str_fmt(sub, sizeof(sub), "%s/sub/deeper", dir);

	int r = io_mkdirs(sub, 0755);

	if (r == 0)
		r = io_remove_tree(dir);
	if (r < 0)
		assert_int_equal(io_remove_tree(dir), 0);
	return r;
}

static void every_allocation_may_fail(void **state)
{
	(void)state;
	assert_true(oom_sweep(use_metrics) > 15);
	assert_true(oom_sweep(use_files) > 1);
	assert_true(oom_sweep(use_buffer) > 2);
	assert_true(oom_sweep(remove_tree) > 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_allocation_may_fail),
	};

	return OOM_CAN_SWEEP ? cmocka_run_group_tests(tests, NULL, NULL) : 77;
}
