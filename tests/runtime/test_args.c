/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <base/cleanup.h>

#include "node-agent/runtime/args.h"

#define PARSE(a, ...)                                                                                        \
	char *a##_argv[] = {(char *)"escape-runc", __VA_ARGS__, NULL};                                       \
	struct runc_args a;                                                                                  \
	args_parse((int)ARRAY_LEN(a##_argv) - 1, a##_argv, &(a))

static void containerd_create(void **state)
{
	(void)state;
	PARSE(a, "--root", "/run/containerd/runc/k8s.io", "--log", "/b/log.json", "--log-format", "json",
		"--systemd-cgroup", "create", "--bundle", "/b", "--pid-file", "/b/init.pid", "abc");
	assert_string_equal(a.verb, "create");
	assert_string_equal(a.id, "abc");
	assert_string_equal(a.root, "/run/containerd/runc/k8s.io");
	assert_string_equal(a.log, "/b/log.json");
	assert_true(a.log_json);
	assert_string_equal(a.bundle, "/b");
	assert_string_equal(a.pid_file, "/b/init.pid");
	auto_free char **v = args_for_create(&a, (char *)"/usr/sbin/runc", (char *)"/k/runc.pid");
	static const char *const want[] = {"/usr/sbin/runc", "--root", "/run/containerd/runc/k8s.io", "--log",
		"/b/log.json", "--log-format", "json", "--systemd-cgroup", "create", "--pid-file",
		"/k/runc.pid", "--bundle", "/b", "abc"};
	for (size_t i = 0; i < ARRAY_LEN(want); i++)
		assert_string_equal(v[i], want[i]);
	assert_null(v[ARRAY_LEN(want)]);
}

static void values_after_equals_signs(void **state)
{
	(void)state;
	PARSE(a, "--root=/r", "-log=/l", "--debug", "create", "-b=/b", "--no-pivot", "--pid-file=/p", "id",
		"--bogus");
	assert_string_equal(a.root, "/r");
	assert_string_equal(a.log, "/l");
	assert_false(a.log_json);
	assert_string_equal(a.bundle, "/b");
	assert_string_equal(a.pid_file, "/p");
	assert_int_equal(a.pid_file_len, 1);
	assert_true(a.no_pivot);
	assert_string_equal(a.id, "id");
}

static void exec_stops_at_the_id(void **state)
{
	(void)state;
	PARSE(a, "exec", "--process", "/p.json", "--user", "1000", "-d", "box", "sh", "-c", "--detach=false");
	assert_string_equal(a.id, "box");
	assert_true(a.detach);
	PARSE(b, "exec", "--detach=false", "--env", "-d", "box", "ls");
	assert_string_equal(b.id, "box");
	assert_false(b.detach);
}

static void delete_and_kill(void **state)
{
	(void)state;
	PARSE(a, "delete", "--force", "box");
	assert_true(a.force);
	assert_string_equal(a.id, "box");
	PARSE(b, "kill", "--all", "box", "9");
	assert_string_equal(b.id, "box");
	PARSE(c, "update", "--resources", "-", "box");
	assert_string_equal(c.id, "box");
}

static void nothing_or_too_little(void **state)
{
	(void)state;
	char *none[] = {(char *)"escape-runc", NULL};
	struct runc_args a;
	args_parse(1, none, &a);
	assert_string_equal(a.verb, "");
	assert_null(a.id);
	PARSE(b, "--version");
	assert_string_equal(b.verb, "");
	PARSE(c, "--root");
	assert_null(c.root);
	PARSE(d, "create", "--bundle");
	assert_null(d.bundle);
	assert_null(d.id);
}

static void later_calls_keep_the_globals(void **state)
{
	(void)state;
	PARSE(a, "--root", "relative", "--log=/engine.json", "--log-format", "json", "--systemd-cgroup",
		"create", "x");
	char *const more[] = {(char *)"start", (char *)"x", NULL};
	auto_free char **v = args_for_runc(&a, (char *)"runc", (char *)"/abs", (char *)"/own.log", more);
	static const char *const want[] = {"runc", "--root", "/abs", "--log", "/own.log", "--log-format",
		"json", "--systemd-cgroup", "start", "x"};
	for (size_t i = 0; i < ARRAY_LEN(want); i++)
		assert_string_equal(v[i], want[i]);
	assert_null(v[ARRAY_LEN(want)]);
}

static void container_ids(void **state)
{
	char long_id[74];

	(void)state;
	assert_true(args_id_ok("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"));
	assert_true(args_id_ok("a.b_c-d+e"));
	assert_false(args_id_ok(NULL));
	assert_false(args_id_ok(""));
	assert_false(args_id_ok("."));
	assert_false(args_id_ok(".."));
	assert_false(args_id_ok("a/b"));
	assert_false(args_id_ok("a b"));
	memset(long_id, 'a', sizeof(long_id) - 1);
	long_id[sizeof(long_id) - 1] = 0;
	assert_false(args_id_ok(long_id));
	long_id[sizeof(long_id) - 2] = 0;
	assert_true(args_id_ok(long_id));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(containerd_create),
		cmocka_unit_test(values_after_equals_signs),
		cmocka_unit_test(exec_stops_at_the_id),
		cmocka_unit_test(delete_and_kill),
		cmocka_unit_test(nothing_or_too_little),
		cmocka_unit_test(later_calls_keep_the_globals),
		cmocka_unit_test(container_ids),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
