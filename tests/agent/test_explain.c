/* SPDX-License-Identifier: Apache-2.0 */
/* What of the kernel's findings a person is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <base/cleanup.h>
#include <base/io.h>
#include <base/str.h>
#include <bosc/core.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "node-agent/agent/reflex/explain.h"

static struct monitor_evidence e;
static struct report_anomaly a;

static int setup(void **state)
{
	(void)state;
	memset(&e, 0, sizeof(e));
	memset(&a, 0, sizeof(a));
	return 0;
}

static struct monitor_finding *add(enum monitor_finding_kind kind, uint16_t first, size_t n)
{
	struct monitor_finding *f = &e.at[e.n++];

	f->kind = kind;
	f->count = 1;
	f->n_calls = n;
	for (size_t i = 0; i < n; i++)
		f->calls[i] = (uint16_t)(first + i);
	return f;
}

static size_t told(enum finding_kind kind)
{
	size_t n = 0;

	for (size_t i = 0; i < a.n_findings; i++)
		n += a.findings[i].kind == kind;
	return n;
}

static void calls_have_numbers_and_names(void **state)
{
	static const uint16_t calls[] = {SYS_read, 500, BOSC_32BIT + 11};
	struct monitor_finding *f = add(MONITOR_TRIPLE, 0, 3);

	(void)state;
	memcpy(f->calls, calls, sizeof(calls));
	f->task.pid = 17;
	strcpy(f->task.comm, "a\nb");
	explain_fill(&a, &e, true);
	assert_int_equal(a.n_findings, 1);
	assert_string_equal(a.findings[0].comm, "a?b");
	assert_int_equal(a.findings[0].pid, 17);
	assert_int_equal(a.findings[0].n_calls, 3);
	assert_string_equal(a.findings[0].calls[0].name, "read");
	assert_int_equal(a.findings[0].calls[0].number, SYS_read);
	assert_string_equal(a.findings[0].calls[1].name, "");
	assert_int_equal(a.findings[0].calls[1].number, 500);
	assert_int_equal(a.findings[0].calls[2].number, 11);
#ifdef __x86_64__
	assert_string_equal(a.findings[0].calls[2].name, "execve (32-bit)");
#endif
}

static void a_bag_is_told_by_how_often(void **state)
{
	static const uint16_t calls[] = {SYS_write, SYS_read, SYS_close, SYS_read};
	struct monitor_finding *f = add(MONITOR_BAG, 0, 4);

	(void)state;
	memcpy(f->calls, calls, sizeof(calls));
	explain_fill(&a, &e, false);
	assert_int_equal(a.findings[0].n_calls, 3);
	assert_string_equal(a.findings[0].calls[0].name, "read");
	assert_int_equal(a.findings[0].calls[0].times, 2);
	assert_string_equal(a.findings[0].calls[1].name, "write");
	assert_int_equal(a.findings[0].calls[1].times, 1);
}

static void a_bag_of_many_calls_is_cut(void **state)
{
	(void)state;
	add(MONITOR_BAG, 0, MONITOR_FINDING_CALLS_MAX);
	explain_fill(&a, &e, false);
	assert_int_equal(a.findings[0].n_calls, REPORT_CALLS_MAX);
}

/* The kind that raised the alarm comes first and has most of the room, but not all of it. */
static void there_is_room_for_each_kind(void **state)
{
	(void)state;
	for (uint16_t i = 0; i < 16; i++)
		add(MONITOR_PAIR, (uint16_t)(10 * i), 2);
	for (uint16_t i = 0; i < 16; i++)
		add(MONITOR_TRIPLE, (uint16_t)(10 * i), 3);
	for (uint16_t i = 0; i < 16; i++)
		add(MONITOR_BAG, (uint16_t)(10 * i), 10);
	explain_fill(&a, &e, true);
	assert_int_equal(a.n_findings, REPORT_FINDINGS_MAX);
	assert_int_equal(a.findings[0].kind, FINDING_PAIR);
	assert_int_equal(a.findings[0].calls[0].number, 0);
	assert_int_equal(told(FINDING_PAIR), 5);
	assert_int_equal(told(FINDING_TRIPLE), 2);
	assert_int_equal(told(FINDING_BAG), 1);
	explain_fill(&a, &e, false);
	assert_int_equal(a.findings[0].kind, FINDING_BAG);
	assert_int_equal(told(FINDING_BAG), 4);
}

static void room_that_one_kind_leaves_others_take(void **state)
{
	(void)state;
	add(MONITOR_PAIR, 0, 2);
	for (uint16_t i = 0; i < 16; i++)
		add(MONITOR_BAG, (uint16_t)(10 * i), 10);
	explain_fill(&a, &e, true);
	assert_int_equal(told(FINDING_PAIR), 1);
	assert_int_equal(told(FINDING_BAG), 7);
}

static void the_same_in_several_epochs_is_one(void **state)
{
	(void)state;
	add(MONITOR_PAIR, 0, 2)->count = 2;
	add(MONITOR_PAIR, 0, 2)->count = 3;
	add(MONITOR_PAIR, 5, 2);
	explain_fill(&a, &e, true);
	assert_int_equal(a.n_findings, 2);
	assert_int_equal(a.findings[0].count, 5);
}

static void how_far_is_what_is_further(void **state)
{
	(void)state;
	e.bags = 30;
	e.bags_threshold = 20;
	explain_fill(&a, &e, true);
	assert_int_equal(a.score_percent, 150);
	e.graded = 130;
	e.graded_threshold = 65;
	explain_fill(&a, &e, true);
	assert_int_equal(a.score_percent, 200);
	e.bags_threshold = 0;
	explain_fill(&a, &e, true);
	assert_int_equal(a.score_percent, 3000);
}

/* ---- monitor_task_executable ---- */

static void task_of(int pid, struct monitor_task *t)
{
	auto_free char *stat = NULL;
	char path[64], *p;

	str_fmt(path, sizeof(path), "/proc/%d/stat", pid);
	assert_int_equal(io_read_file(path, 4096, &stat, NULL), 0);
	p = strrchr(stat, ')');
	for (int i = 0; i < 20; i++)
		p = strchr(p + 1, ' ');
	t->our_pid = pid;
	t->start_ns = strtoull(p + 1, NULL, 10) * (1000000000 / (uint64_t)sysconf(_SC_CLK_TCK)) + 1;
}

static void copy_of_sleep(const char *path)
{
	auto_free char *content = NULL;
	size_t len;

	assert_int_equal(io_read_file("/bin/sleep", 16 << 20, &content, &len), 0);
	assert_int_equal(io_write_file_atomic(path, content, len, 0755), 0);
}

static bool runs(int pid, const char *path)
{
	char link[64], now[512] = "";

	str_fmt(link, sizeof(link), "/proc/%d/exe", pid);
	return readlink(link, now, sizeof(now) - 1) > 0 && strcmp(now, path) == 0;
}

static void a_hostile_path_is_escaped(void **state)
{
	char dir[] = "/tmp/escape-exe-XXXXXX", path[128], want[160], got[256], cut[24];
	struct monitor_task t = {0};
	pid_t pid;

	(void)state;
	assert_non_null(mkdtemp(dir));
	str_fmt(path, sizeof(path), "%s/a\n\x1b[31m\\b\xff", dir);
	str_fmt(want, sizeof(want), "%s/a\\x0a\\x1b[31m\\x5cb\\xff", dir);
	copy_of_sleep(path);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		execl(path, "sleep", "600", (char *)NULL);
		_exit(1);
	}
	while (!runs(pid, path))
		sched_yield();
	task_of(pid, &t);
	assert_int_equal(monitor_task_executable(&t, got, sizeof(got)), 0);
	assert_string_equal(got, want);
	/* Of a path that is too long the end is what tells. */
	assert_int_equal(monitor_task_executable(&t, cut, sizeof(cut)), 0);
	assert_memory_equal(cut, "...", 3);
	assert_string_equal(cut + 3, want + strlen(want) - strlen(cut + 3));
	assert_true(strlen(cut) < sizeof(cut));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_int_equal(monitor_task_executable(&t, got, sizeof(got)), -ESRCH);
	io_remove_tree(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(calls_have_numbers_and_names, setup),
		cmocka_unit_test_setup(a_bag_is_told_by_how_often, setup),
		cmocka_unit_test_setup(a_bag_of_many_calls_is_cut, setup),
		cmocka_unit_test_setup(there_is_room_for_each_kind, setup),
		cmocka_unit_test_setup(room_that_one_kind_leaves_others_take, setup),
		cmocka_unit_test_setup(the_same_in_several_epochs_is_one, setup),
		cmocka_unit_test_setup(how_far_is_what_is_further, setup),
		cmocka_unit_test(a_hostile_path_is_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
