/* SPDX-License-Identifier: Apache-2.0 */
/* Whose freezer: /proc/<pid>/cgroup of v1, v2 and hybrid nodes; and a real freezer where there is one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <base/cleanup.h>
#include <base/io.h>
#include <base/str.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "node-agent/agent/keepers/freezer.h"

struct path_case {
	const char *what, *text, *path;
	int want;
	bool v2;
};

static void test_paths(void **state)
{
	static const struct path_case cases[] = {
		{"v1", "9:freezer:/kubepods/a\n8:memory:/kubepods/b\n", "/cg/freezer/kubepods/a", 0, false},
		{"v1, several controllers", "9:cpu,freezer:/x\n", "/cg/freezer/x", 0, false},
		{"v2", "0::/kubepods.slice/c.scope\n", "/cg/kubepods.slice/c.scope", 0, true},
		{"hybrid: the controller is in v1", "0::/u\n3:freezer:/f\n", "/cg/freezer/f", 0, false},
		{"a colon in the path", "3:freezer:/cri:abc:def\n", "/cg/freezer/cri:abc:def", 0, false},
		{"no line break at the end", "3:freezer:/f", "/cg/freezer/f", 0, false},
		{"another controller that sounds alike", "3:freezerx:/f\n0::/u\n", "/cg/u", 0, true},
		{"root", "3:freezer:/\n", NULL, -ENOENT, false},
		{"root of v2", "0::/\n", NULL, -ENOENT, false},
		{"outside our namespace", "0::/../../x\n", NULL, -EINVAL, false},
		{"dots in a name", "0::/a..b/..c\n", "/cg/a..b/..c", 0, true},
		{"climbing at the end", "0::/a/..\n", NULL, -EINVAL, false},
		{"nothing", "", NULL, -ENOENT, false},
		{"no freezer", "8:memory:/m\n", NULL, -ENOENT, false},
		{"not such a text", "hello\n", NULL, -EINVAL, false},
		{"no path", "3:freezer:\n", NULL, -EINVAL, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char dst[FREEZER_PATH_MAX] = "";
		bool v2 = !cases[i].v2;
		struct err e = {0};
		int rc = freezer_path(cases[i].text, "/cg", dst, &v2, &e);

		if (rc != cases[i].want)
			fail_msg("%s: %d, %s", cases[i].what, rc, e.message);
		if (rc)
			continue;
		assert_string_equal(dst, cases[i].path);
		assert_int_equal(v2, cases[i].v2);
	}
}

static void test_too_long(void **state)
{
	char text[FREEZER_PATH_MAX + 64], dst[FREEZER_PATH_MAX];
	bool v2;

	(void)state;
	memset(text, 'a', sizeof(text));
	memcpy(text, "0::/", 4);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(freezer_path(text, "/cg", dst, &v2, NULL), -ENAMETOOLONG);
}

static void test_own_cgroup_refused(void **state)
{
	struct freezer f = FREEZER_CLOSED;
	struct err e = {0};

	(void)state;
	/* Whatever the reason here (root cgroup, ours), our own is never opened. */
	assert_int_not_equal(freezer_open("/sys/fs/cgroup", getpid(), &f, &e), 0);
	assert_int_equal(f.fd, -1);
}

static pid_t child_in(const char *dir)
{
	char procs[512], pid[24];
	pid_t child = fork();

	if (!child)
		for (;;)
			pause();
	str_fmt(procs, sizeof(procs), "%s/cgroup.procs", dir);
	str_fmt(pid, sizeof(pid), "%d", child);
	assert_int_equal(io_write_knob(procs, pid), 0);
	return child;
}

static void frozen_wait(const struct freezer *f, int want)
{
	for (int i = 0; i < 1000000 && freezer_frozen(f) != want; i++)
		;
	assert_int_equal(freezer_frozen(f), want);
}

static void test_real(void **state)
{
	static const char *const dirs[] = {
		"/sys/fs/cgroup/freezer/escape-test-freezer", "/sys/fs/cgroup/escape-test-freezer"};
	struct freezer f = FREEZER_CLOSED;
	struct err e = {0};
	const char *dir = access("/sys/fs/cgroup/freezer/cgroup.procs", F_OK) ? dirs[1] : dirs[0];
	pid_t child;

	(void)state;
	if (mkdir(dir, 0755))
		skip();
	child = child_in(dir);
	if (freezer_open("/sys/fs/cgroup", child, &f, &e))
		fail_msg("%s", e.message);
	assert_string_equal(f.dir, dir);
	assert_int_equal(freezer_set(&f, true), 0);
	frozen_wait(&f, 1);
	assert_int_equal(freezer_set(&f, false), 0);
	frozen_wait(&f, 0);
	freezer_close(&f);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_own_cgroup_refused),
		cmocka_unit_test(test_real),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
