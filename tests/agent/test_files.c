/* SPDX-License-Identifier: Apache-2.0 */
/* What the agent reads besides the API: alarm files, fences, version lines, profiles to merge. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <base/cleanup.h>
#include <base/io.h>
#include <base/str.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "node-agent/agent/guard/alarm.h"
#include "node-agent/agent/keepers/fence.h"
#include "node-agent/agent/report/probe.h"
#include "node-agent/agent/rollback/rollback.h"

static char root[64];

static int setup(void **state)
{
	char dir[100];

	(void)state;
	str_copy(root, sizeof(root), "/tmp/escape-files-XXXXXX");
	assert_non_null(mkdtemp(root));
	str_fmt(dir, sizeof(dir), "%s/c1", root);
	return io_mkdirs(dir, 0700);
}

static int teardown(void **state)
{
	(void)state;
	return io_remove_tree(root);
}

static void test_alarm_round_trip(void **state)
{
	struct report_anomaly a = {.mismatches = 51,
		.threshold = 50,
		.epoch = 7,
		.detected_ms = 1764000000123,
		.frozen_ms = 1764000000125};
	struct report_anomaly b = {0};

	(void)state;
	str_copy(a.id, sizeof(a.id), "0123abc");
	str_copy(a.pod, sizeof(a.pod), "prey");
	str_copy(a.pod_uid, sizeof(a.pod_uid), "aaaa-bbbb");
	str_copy(a.comm, sizeof(a.comm), "sh \"quoted\"");
	assert_int_equal(alarm_read(root, "c1", &b, NULL), -ENOENT);
	assert_int_equal(alarm_write(root, "c1", &a, NULL), 0);
	assert_int_equal(alarm_read(root, "c1", &b, NULL), 0);
	assert_string_equal(b.id, a.id);
	assert_string_equal(b.comm, a.comm);
	assert_int_equal(b.mismatches, 51);
	assert_int_equal(b.detected_ms, a.detected_ms);
	assert_int_equal(b.frozen_ms, a.frozen_ms);
	assert_int_equal(alarm_remove(root, "c1"), 0);
	assert_int_equal(alarm_remove(root, "c1"), 0);
	assert_int_equal(alarm_read(root, "c1", &b, NULL), -ENOENT);
}

static void test_alarm_that_is_none(void **state)
{
	static const char *const texts[] = {"", "{", "[]", "{\"id\":7}", "{\"id\":\"x\"}", "null"};
	struct report_anomaly a = {.epoch = 77};
	char path[128];

	(void)state;
	str_fmt(path, sizeof(path), "%s/c1/alarm", root);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		assert_int_equal(io_write_file_atomic(path, texts[i], strlen(texts[i]), 0600), 0);
		assert_int_not_equal(alarm_read(root, "c1", &a, NULL), 0);
	}
	assert_int_equal(a.epoch, 77);
}

static bool is_gone(void *arg, const char *uid)
{
	return str_eq(uid, arg);
}

static void test_fences(void **state)
{
	(void)state;
	assert_int_equal(fence_set(root, "aaaa-1", "default/x", NULL), 0);
	assert_int_equal(fence_set(root, "aaaa-2", "default/x", NULL), 0);
	assert_true(fence_stands(root, "aaaa-1"));
	assert_int_equal(fence_set(root, "../c1", "default/x", NULL), -EINVAL);
	assert_false(fence_stands(root, "../c1"));
	fence_sweep(root, is_gone, (void *)"aaaa-1");
	assert_false(fence_stands(root, "aaaa-1"));
	assert_true(fence_stands(root, "aaaa-2"));
	assert_int_equal(fence_remove(root, "aaaa-2", NULL), 0);
	assert_int_equal(fence_remove(root, "aaaa-2", NULL), 0);
}

static void test_versions(void **state)
{
	static const struct {
		const char *text, *prefix;
		int want, major, minor;
		const char *version;
	} cases[] = {
		{"Version: 4.2.1\nGitID: v4.2.1\n", "Version: ", 0, 4, 2, "4.2.1"},
		{"runc version 1.3.6+ds1\ncommit: x\n", "runc version ", 0, 1, 3, "1.3.6+ds1"},
		{"warning: something\nrunc version 1.1\n", "runc version ", 0, 1, 1, "1.1"},
		{"runc version 1.2.0-rc.1", "runc version ", 0, 1, 2, "1.2.0-rc.1"},
		{"Version: four", "Version: ", -EINVAL, 0, 0, NULL},
		{"Version: 4", "Version: ", -EINVAL, 0, 0, NULL},
		{"Version: 4.", "Version: ", -EINVAL, 0, 0, NULL},
		{"Version: ", "Version: ", -EINVAL, 0, 0, NULL},
		{"no such line", "Version: ", -ENOENT, 0, 0, NULL},
		{"", "Version: ", -ENOENT, 0, 0, NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct version v = {0};

		assert_int_equal(version_find(cases[i].text, strlen(cases[i].text), cases[i].prefix, &v),
			cases[i].want);
		if (cases[i].want)
			continue;
		assert_int_equal(v.parts[0], cases[i].major);
		assert_int_equal(v.parts[1], cases[i].minor);
		assert_string_equal(v.text, cases[i].version);
	}
}

static void test_version_order(void **state)
{
	const struct version v = {.parts = {4, 2, 1}};

	(void)state;
	assert_true(version_at_least(&v, 4, 2));
	assert_true(version_at_least(&v, 3, 9));
	assert_false(version_at_least(&v, 4, 3));
	assert_false(version_at_least(&v, 5, 0));
}

static void test_uncertain(void **state)
{
	struct err e;

	(void)state;
	err_set(&e, -EPIPE, "KeeperLost", "x");
	assert_true(rollback_is_uncertain(&e));
	err_set(&e, -EIO, "RestoreFailed", "x");
	assert_false(rollback_is_uncertain(&e));
	err_set(&e, -EBADMSG, "DumpAltered", "x");
	assert_false(rollback_is_uncertain(&e));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_alarm_round_trip, setup, teardown),
		cmocka_unit_test_setup_teardown(test_alarm_that_is_none, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fences, setup, teardown),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_version_order),
		cmocka_unit_test(test_uncertain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
