/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What enters a container's cgroup from outside: sessions and probes as a runtime executes them, and what
 * CRIU restores. A session waits until it was put into the cgroup, as runc's first process does.
 */
#include "subject.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

#define CALL_OWN 480
#define CALL_RUNTIME 490
#define CALL_SESSION 500
#define BAG_OF(nr) (10 * bosc_mark(nr))

static const struct monitor_params exclude = {.window = 10, .epoch = 100, .threshold = 5};
static const struct monitor_params include = {.window = 10, .epoch = 100, .threshold = 5, .execs_own = true};

struct container {
	struct monitor_watch *watch;
	struct group group;
	pid_t init; /* in a mount namespace of its own */
};

/* Stopped: it makes no calls. */
static pid_t init_start(void)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (unshare(CLONE_NEWNS) == 0)
			raise(SIGSTOP);
		_exit(1);
	}
	assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
	assert_true(WIFSTOPPED(status));
	return pid;
}

/* False where there is no such hierarchy. */
static bool container_start(
	struct container *c, void **state, const struct monitor_params *p, enum group_kind kind)
{
	if (!group_make_kind(&c->group, kind))
		return false;
	c->watch = fixture_watch(*state, p, NULL, NULL);
	c->init = init_start();
	group_put(&c->group, c->init);
	assert_int_equal(group_watch(c->watch, &c->group, c->init, NULL), 0);
	assert_int_equal(monitor_watch_mode(c->watch, MONITOR_LEARN), 0);
	return true;
}

static void container_any(struct container *c, void **state, const struct monitor_params *p)
{
	assert_true(container_start(c, state, p, GROUP_V1) || container_start(c, state, p, GROUP_V2));
}

static void container_stop(struct container *c)
{
	sleeper_end(c->init);
	group_remove(&c->group);
	monitor_watch_free(c->watch);
}

static void runtime_calls(void)
{
	for (int i = 0; i < 100; i++)
		syscall(CALL_RUNTIME);
}

typedef void (*session_fn)(const struct container *c, uint32_t n);

/* fn runs in a process that was put into the group; returns when it has ended. */
static void session_run(const struct container *c, const struct group *g, session_fn fn, uint32_t n)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		raise(SIGSTOP);
		fn(c, n);
		_exit(1);
	}
	assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
	assert_true(WIFSTOPPED(status));
	group_put(g, pid);
	assert_int_equal(kill(pid, SIGCONT), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void wait_and_pass_on(pid_t pid)
{
	int status;

	waitpid(pid, &status, 0);
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

/* As runc: a child of what was put into the cgroup enters the container and executes the program there. */
static void as_runc(const struct container *c, uint32_t n)
{
	pid_t pid;

	runtime_calls();
	pid = fork();
	if (pid == 0) {
		runtime_calls();
		subject_enter(c->init);
		runtime_calls();
		subject_exec(n, CALL_SESSION, "end");
	}
	wait_and_pass_on(pid);
}

/* Calls of a session of n, beside what a program makes that begins and ends. */
static uint64_t session_calls(const struct container *c, const struct group *g, session_fn fn, uint32_t n)
{
	uint64_t before = fixture_stats(c->watch).exec_calls;

	session_run(c, g, fn, n);
	return fixture_stats(c->watch).exec_calls - before;
}

static void sessions_are_counted_apart(void **state)
{
	for (enum group_kind kind = GROUP_V1; kind <= GROUP_V2; kind++) {
		struct container c;
		uint64_t none, some;

		if (!container_start(&c, state, &exclude, kind))
			continue;
		none = session_calls(&c, &c.group, as_runc, 0);
		some = session_calls(&c, &c.group, as_runc, 1000);
		assert_true(none > 0 && none < 300);
		assert_int_equal(some - none, 1000);
		assert_int_equal(fixture_stats(c.watch).execs, 2);
		assert_int_equal(fixture_stats(c.watch).calls, 0);
		assert_int_equal(fixture_stats(c.watch).bags, 0);
		container_stop(&c);
	}
}

static void sessions_are_the_containers_own_when_included(void **state)
{
	for (enum group_kind kind = GROUP_V1; kind <= GROUP_V2; kind++) {
		struct container c;
		uint64_t before, none;

		if (!container_start(&c, state, &include, kind))
			continue;
		session_run(&c, &c.group, as_runc, 0);
		none = before = fixture_stats(c.watch).calls;
		session_run(&c, &c.group, as_runc, 1000);
		assert_int_equal(fixture_stats(c.watch).calls - before, none + 1000);
		assert_int_equal(fixture_stats(c.watch).execs, 0);
		assert_int_equal(fixture_stats(c.watch).exec_calls, 0);
		assert_true(fixture_knows(c.watch, BAG_OF(CALL_SESSION)));
		assert_false(fixture_knows(c.watch, BAG_OF(CALL_RUNTIME)));
		container_stop(&c);
	}
}

/* runc up to 1.1 copies its own program and executes the copy, which may be after it was put there. */
static void executes_itself_first(const struct container *c, uint32_t n)
{
	char then[32];

	snprintf(then, sizeof(then), "enter:%d", c->init);
	subject_exec(n, CALL_RUNTIME, then);
}

static void runtime_that_executes_itself_is_not_the_program(void **state)
{
	struct container c;
	uint64_t none;

	container_any(&c, state, &include);
	session_run(&c, &c.group, executes_itself_first, 0);
	none = fixture_stats(c.watch).calls;
	assert_true(none > 0);
	session_run(&c, &c.group, executes_itself_first, 1000);
	assert_int_equal(fixture_stats(c.watch).calls - none, none + 1000); /* and not 2,000 */
	container_stop(&c);
}

static void *thread_that_executes(void *arg)
{
	runtime_calls();
	subject_exec(*(uint32_t *)arg, CALL_SESSION, "end");
	return NULL;
}

static void executes_in_a_thread(const struct container *c, uint32_t n)
{
	pthread_t t;

	subject_enter(c->init);
	if (pthread_create(&t, NULL, thread_that_executes, &n) == 0)
		pthread_join(t, NULL);
}

static void program_may_be_executed_by_any_thread(void **state)
{
	struct container c;

	container_any(&c, state, &exclude);
	assert_true(session_calls(&c, &c.group, executes_in_a_thread, 1000) >= 1000);
	assert_int_equal(fixture_stats(c.watch).execs, 1);
	container_stop(&c);
}

/* A shell with a command: what it starts is the session's too, with exec and without. */
static void starts_others(const struct container *c, uint32_t n)
{
	pid_t pid;

	subject_enter(c->init);
	pid = fork();
	if (pid == 0)
		subject_exec(n, CALL_SESSION, "spawn");
	wait_and_pass_on(pid);
}

static void children_of_sessions_belong_to_them(void **state)
{
	struct container c;
	uint64_t none, some;

	container_any(&c, state, &exclude);
	none = session_calls(&c, &c.group, starts_others, 0);
	some = session_calls(&c, &c.group, starts_others, 1000);
	assert_int_equal(some - none, 2000);
	assert_int_equal(fixture_stats(c.watch).execs, 2);
	assert_int_equal(fixture_stats(c.watch).calls, 0);
	container_stop(&c);
}

static void cgroups_below_the_containers_are_the_containers(void **state)
{
	struct group below, deep;
	struct container c;

	container_any(&c, state, &exclude);
	group_make_in(&below, &c.group);
	group_make_in(&deep, &below);
	assert_true(session_calls(&c, &deep, as_runc, 1000) >= 1000);
	/* Its own processes stay its own wherever they go. */
	group_put(&below, c.init);
	assert_int_equal(fixture_tasks(*state, c.watch).own, 1);
	assert_int_equal(fixture_tasks(*state, c.watch).outside, 0);
	group_put(&c.group, c.init);
	group_remove(&deep);
	group_remove(&below);
	container_stop(&c);
}

static pid_t clone_into(const struct group *g)
{
	struct clone_args args = {.flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD};
	int fd = open(g->dir, O_PATH | O_CLOEXEC);
	pid_t pid;

	assert_true(fd >= 0);
	args.cgroup = (uint64_t)fd;
	pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	if (pid != 0)
		close(fd);
	return pid;
}

static void birth_in_the_cgroup_is_an_entry_too(void **state)
{
	struct container c;
	int status;
	pid_t pid;

	if (!container_start(&c, state, &exclude, GROUP_V2))
		skip();
	pid = clone_into(&c.group);
	if (pid == 0) {
		runtime_calls();
		subject_enter(c.init);
		subject_exec(1000, CALL_SESSION, "end");
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	assert_int_equal(fixture_stats(c.watch).execs, 1);
	assert_true(fixture_stats(c.watch).exec_calls >= 1000);
	container_stop(&c);
}

/*
 * CRIU enters the cgroup itself, and what it restores is born there and never executes anything: until the
 * container is watched with its new init, all calls are CRIU's.
 */
static void what_is_restored_counts_from_its_marking_on(void **state)
{
	struct container c;
	struct subject s;

	container_any(&c, state, &exclude);
	subject_start(&s, 2);
	group_put(&c.group, s.pid);
	subject_run(&s, SUBJECT_CALLS, 1, 300, 1);
	subject_run(&s, SUBJECT_FORK, 1, 300, 1);
	subject_run(&s, SUBJECT_THREADS, 1, 300, 1);
	assert_int_equal(fixture_stats(c.watch).calls, 0);
	assert_int_equal(fixture_stats(c.watch).exec_calls, 0);
	sleeper_end(c.init);
	c.init = s.pid;
	assert_int_equal(group_watch(c.watch, &c.group, c.init, NULL), 0);
	subject_run(&s, SUBJECT_THREADS, 1, 300, 1);
	assert_int_equal(fixture_stats(c.watch).calls, 2 * 300 + 1);
	assert_int_equal(fixture_stats(c.watch).execs, 0);
	assert_int_equal(fixture_tasks(*state, c.watch).own, 3);
	assert_int_equal(fixture_tasks(*state, c.watch).outside, 0);
	subject_stop(&s);
	container_stop(&c);
}

static void nothing_counts_while_the_watch_is_off(void **state)
{
	struct container c;

	container_any(&c, state, &exclude);
	assert_int_equal(monitor_watch_mode(c.watch, MONITOR_OFF), 0);
	assert_int_equal(session_calls(&c, &c.group, as_runc, 1000), 0);
	assert_int_equal(fixture_stats(c.watch).execs, 0);
	container_stop(&c);
}

static void cgroup_of_a_watch_that_is_gone_means_nothing(void **state)
{
	struct container c, other;

	container_any(&c, state, &exclude);
	container_any(&other, state, &exclude);
	monitor_watch_free(c.watch);
	session_run(&c, &c.group, as_runc, 1000);
	assert_int_equal(fixture_stats(other.watch).exec_calls, 0);
	c.watch = fixture_watch(*state, &exclude, NULL, NULL);
	assert_int_equal(monitor_watch_mode(c.watch, MONITOR_LEARN), 0);
	assert_int_equal(session_calls(&c, &c.group, as_runc, 1000), 0);
	assert_int_equal(group_watch(c.watch, &c.group, c.init, NULL), 0);
	assert_true(session_calls(&c, &c.group, as_runc, 1000) >= 1000);
	container_stop(&other);
	container_stop(&c);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(sessions_are_counted_apart, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(
			sessions_are_the_containers_own_when_included, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(
			runtime_that_executes_itself_is_not_the_program, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(
			program_may_be_executed_by_any_thread, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(
			children_of_sessions_belong_to_them, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(
			cgroups_below_the_containers_are_the_containers, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(
			birth_in_the_cgroup_is_an_entry_too, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(
			what_is_restored_counts_from_its_marking_on, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(
			nothing_counts_while_the_watch_is_off, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(
			cgroup_of_a_watch_that_is_gone_means_nothing, fixture_up, fixture_down),
	};

	subject_exec_main(argc, argv);
	fixture_need_bpf();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
