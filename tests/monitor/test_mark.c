/* SPDX-License-Identifier: Apache-2.0 */
/* Who is counted: inheritance, exec, the freezer, tracers, and what a cgroup's list of processes means. */
#include "subject.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

static const struct monitor_params params = {.window = 10, .epoch = 100, .threshold = 5};

static struct monitor_watch *learning(void **state)
{
	struct monitor_watch *w = fixture_watch(*state, &params, NULL, NULL);

	assert_int_equal(monitor_watch_mode(w, MONITOR_LEARN), 0);
	return w;
}

static void mark_counts_from_exec_on(void **state)
{
	struct monitor_watch *w = learning(state);
	struct subject s;

	subject_start(&s, 0);
	subject_mark_created(&s, w);
	assert_int_equal(fixture_tasks(*state, w).own, 1);
	subject_run(&s, SUBJECT_CALLS, 1, 300, 1);
	subject_run(&s, SUBJECT_FORK, 1, 300, 1);
	assert_int_equal(fixture_stats(w).calls, 0);
	subject_run(&s, SUBJECT_EXEC, 1, 40, 500);
	assert_true(fixture_stats(w).calls > 40);
	assert_true(fixture_knows(w, 10 * bosc_mark(500)));
	assert_false(fixture_knows(w, 10 * bosc_mark(480)));
	subject_stop(&s);
	monitor_watch_free(w);
}

static void unarmed_child_is_counted_from_its_exec_on(void **state)
{
	struct monitor_watch *w = learning(state);
	struct subject s;

	subject_start(&s, 0);
	subject_mark_created(&s, w);
	subject_run(&s, SUBJECT_SPAWN, 1, 40, 501);
	assert_true(fixture_knows(w, 10 * bosc_mark(501)));
	subject_run(&s, SUBJECT_CALLS, 1, 40, 1);
	assert_false(fixture_knows(w, 10 * bosc_mark(480)));
	subject_stop(&s);
	monitor_watch_free(w);
}

static void marks_survive_fork_and_exec(void **state)
{
	struct monitor_watch *w = learning(state);
	struct subject s;

	subject_start(&s, 3);
	subject_mark(&s, w);
	subject_run(&s, SUBJECT_SPAWN, 1, 40, 502);
	assert_true(fixture_knows(w, 10 * bosc_mark(502)));
	/* With further threads: exec ends them, and the one that is left goes on with its mark. */
	subject_run(&s, SUBJECT_THREADS, 1, 40, 1);
	assert_int_equal(fixture_tasks(*state, w).own, 4);
	subject_run(&s, SUBJECT_EXEC, 1, 40, 503);
	assert_true(fixture_knows(w, 10 * bosc_mark(503)));
	assert_int_equal(fixture_tasks(*state, w).own, 1);
	subject_stop(&s);
	assert_int_equal(fixture_tasks(*state, w).own, 0);
	monitor_watch_free(w);
}

static void restarted_sleeps_are_no_calls(void **state)
{
	struct monitor_watch *w = learning(state);
	struct subject s;

	subject_start(&s, 0);
	subject_mark(&s, w);
	subject_run(&s, SUBJECT_RESTART, 1, 50, 1);
	assert_int_equal(fixture_stats(w).calls, 51);
	subject_stop(&s);
	monitor_watch_free(w);
}

static void second_marking_changes_nothing(void **state)
{
	struct monitor_watch *w = learning(state);
	struct subject s;

	subject_start(&s, 0);
	subject_mark(&s, w);
	subject_run(&s, SUBJECT_CALLS, 1, 8, 1); /* nine calls with the kill: the window lacks one */
	subject_mark(&s, w);
	subject_mark_created(&s, w);
	assert_int_equal(fixture_stats(w).bags, 0);
	subject_run(&s, SUBJECT_CALLS, 1, 1, 1);
	assert_int_equal(fixture_stats(w).bags, 2);
	subject_stop(&s);
	monitor_watch_free(w);
}

static void late_marking_arms_what_waited_for_exec(void **state)
{
	struct monitor_watch *w = learning(state);
	struct subject s;

	subject_start(&s, 2);
	subject_mark_created(&s, w);
	subject_run(&s, SUBJECT_THREADS, 1, 50, 1);
	assert_int_equal(fixture_stats(w).calls, 0);
	subject_mark(&s, w);
	subject_run(&s, SUBJECT_THREADS, 1, 50, 1);
	assert_int_equal(fixture_stats(w).calls, 2 * 50 + 1);
	subject_stop(&s);
	monitor_watch_free(w);
}

static void marking_too_late_for_exec_counts_at_once(void **state)
{
	struct monitor_watch *w = learning(state);
	struct subject s;

	subject_start(&s, 0);
	subject_run(&s, SUBJECT_EXEC, 1, 40, 500);
	subject_mark_created(&s, w);
	assert_int_equal(kill(s.pid, SIGCONT), 0);
	assert_int_equal(waitpid(s.pid, NULL, 0), s.pid);
	assert_true(fixture_stats(w).calls > 0);
	subject_stop(&s);
	monitor_watch_free(w);
}

static void what_cannot_be_watched_is_said(void **state)
{
	struct monitor_watch *w = learning(state);
	struct group none = {.dir = "/nowhere"}, other = {.dir = "/proc"};
	struct subject s;
	struct err e;
	int gone;

	subject_start(&s, 0);
	assert_int_equal(group_watch(w, &none, s.pid, &e), -ENOENT);
	assert_string_equal(e.reason, "NoCgroup");
	assert_int_equal(group_watch(w, &other, s.pid, &e), -ENOTDIR);
	assert_string_equal(e.reason, "NoCgroup");
	gone = s.pid;
	subject_stop(&s);
	assert_int_equal(group_watch(w, &none, gone, &e), -ESRCH);
	assert_string_equal(e.reason, "NoSuchProcess");
	monitor_watch_free(w);
}

/* What was executed into the container before it was watched, or before the agent began anew. */
static void strangers_in_the_cgroup_are_counted_apart(void **state)
{
	struct monitor_watch *w = learning(state);
	pid_t init = sleeper_start(), stranger = sleeper_start();
	struct group g;

	group_make(&g);
	group_put(&g, init);
	group_put(&g, stranger);
	assert_int_equal(group_watch(w, &g, init, NULL), 0);
	assert_int_equal(fixture_tasks(*state, w).own, 1);
	assert_int_equal(fixture_tasks(*state, w).outside, 1);
	sleeper_end(init);
	sleeper_end(stranger);
	group_remove(&g);
	monitor_watch_free(w);
}

/*
 * A pod that shares its pid namespace: `first` is its process 1 (the sandbox), `app` the container's init;
 * `orphan` descends from app, lost its parent and hangs on first; `probe` was executed into the namespace
 * from outside. Each tells its letter; whose letter it was, the socket says in our numbers.
 */
struct pod {
	int pids[128]; /* by letter */
	int ours, theirs;
};

static void tell_and_sleep(const struct pod *p, const char *letter)
{
	if (send(p->theirs, letter, 1, 0) != 1)
		_exit(1);
	for (;;)
		pause();
}

static void orphan_main(const struct pod *p)
{
	while (getppid() != 1)
		sched_yield();
	tell_and_sleep(p, "o");
}

static void app_main(const struct pod *p)
{
	pid_t middle = fork();

	if (middle == 0) {
		if (fork() == 0)
			orphan_main(p);
		_exit(0);
	}
	waitpid(middle, NULL, 0);
	tell_and_sleep(p, "a");
}

static void first_main(const struct pod *p)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (fork() == 0)
		app_main(p);
	tell_and_sleep(p, "f");
}

static void probe_main(const struct pod *p)
{
	char path[64];
	int fd;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGCHLD, SIG_IGN); /* first cannot end before the dead probe is taken away */
	snprintf(path, sizeof(path), "/proc/%d/ns/pid", p->pids['f']);
	fd = open(path, O_RDONLY);
	if (fd < 0 || setns(fd, CLONE_NEWPID) < 0)
		_exit(1);
	if (fork() == 0)
		tell_and_sleep(p, "p");
	for (;;)
		pause();
}

static pid_t fork_in_new_pidns(void)
{
	return (pid_t)syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, NULL, NULL, NULL, 0);
}

static void pod_hear(struct pod *p)
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(struct ucred))];
	} control;
	char letter = 0;
	struct iovec v = {.iov_base = &letter, .iov_len = 1};
	struct msghdr m = {
		.msg_iov = &v, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
	struct ucred who;

	assert_int_equal(recvmsg(p->ours, &m, 0), 1);
	assert_non_null(CMSG_FIRSTHDR(&m));
	memcpy(&who, CMSG_DATA(&control.head), sizeof(who));
	p->pids[letter & 127] = who.pid;
}

static pid_t pod_start(struct pod *p)
{
	int pair[2], yes = 1;
	pid_t first, helper;

	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
	*p = (struct pod){.ours = pair[0], .theirs = pair[1]};
	assert_int_equal(setsockopt(p->ours, SOL_SOCKET, SO_PASSCRED, &yes, sizeof(yes)), 0);
	first = fork_in_new_pidns();
	if (first == 0)
		first_main(p);
	assert_true(first > 0);
	for (int i = 0; i < 3; i++)
		pod_hear(p);
	assert_int_equal(p->pids['f'], first);
	helper = fork();
	if (helper == 0)
		probe_main(p);
	pod_hear(p);
	return helper;
}

static void shared_pid_namespace_gives_orphans_but_no_probes(void **state)
{
	struct monitor_watch *w = learning(state);
	struct group app, whole;
	struct pod p;
	pid_t helper = pod_start(&p);

	group_make(&app);
	group_put(&app, p.pids['p']);
	group_put(&app, p.pids['o']);
	group_put(&app, p.pids['a']);
	assert_int_equal(group_watch(w, &app, p.pids['a'], NULL), 0);
	assert_int_equal(fixture_tasks(*state, w).own, 2);
	assert_int_equal(fixture_tasks(*state, w).outside, 1);
	/* With first as the container's own init, all that descends from it belongs to it; the probe still
	 * does not. */
	group_make(&whole);
	for (const char *who = "pofa"; *who; who++)
		group_put(&whole, p.pids[(int)*who]);
	assert_int_equal(group_watch(w, &whole, p.pids['f'], NULL), 0);
	assert_int_equal(fixture_tasks(*state, w).own, 3);
	assert_int_equal(fixture_tasks(*state, w).outside, 1);
	sleeper_end(p.pids['f']);
	sleeper_end(helper);
	group_remove(&app);
	group_remove(&whole);
	close(p.ours);
	close(p.theirs);
	monitor_watch_free(w);
}

/* Makes calls without end and counts them in shared memory. */
static void busy_main(_Atomic uint64_t *made)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		syscall(480);
		atomic_fetch_add(made, 1);
	}
}

static void wait_for_more(_Atomic uint64_t *made)
{
	uint64_t from = atomic_load(made);

	while (atomic_load(made) < from + 1000)
		sched_yield();
}

static void interrupt(pid_t pid)
{
	int status;

	assert_int_equal(ptrace(PTRACE_INTERRUPT, pid, 0, 0), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSTOPPED(status));
}

/* Calls that the watch counts while the process makes at least 1,000 under our trace. */
static uint64_t counted_while_traced(struct monitor_watch *w, pid_t pid, _Atomic uint64_t *made)
{
	uint64_t before;

	assert_int_equal(ptrace(PTRACE_SEIZE, pid, 0, 0), 0);
	interrupt(pid);
	before = fixture_stats(w).calls;
	assert_int_equal(ptrace(PTRACE_CONT, pid, 0, 0), 0);
	wait_for_more(made);
	interrupt(pid);
	return fixture_stats(w).calls - before;
}

static void traced_case(void **state, pid_t (*born)(void), bool hidden)
{
	struct monitor_watch *w = learning(state);
	_Atomic uint64_t *made =
		mmap(NULL, sizeof(*made), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint64_t before;
	struct group g;
	pid_t pid;

	assert_ptr_not_equal(made, MAP_FAILED);
	pid = born();
	if (pid == 0)
		busy_main(made);
	group_make(&g);
	group_put(&g, pid);
	assert_int_equal(group_watch(w, &g, pid, NULL), 0);
	wait_for_more(made);
	assert_true(fixture_stats(w).calls > 900);
	if (hidden)
		assert_int_equal(counted_while_traced(w, pid, made), 0);
	else
		assert_true(counted_while_traced(w, pid, made) > 900);
	before = fixture_stats(w).calls;
	assert_int_equal(ptrace(PTRACE_DETACH, pid, 0, 0), 0);
	wait_for_more(made);
	assert_true(fixture_stats(w).calls - before > 900);
	sleeper_end(pid);
	group_remove(&g);
	munmap((void *)made, sizeof(*made));
	monitor_watch_free(w);
}

static void tracer_outside_hides_what_it_makes_the_task_call(void **state)
{
	traced_case(state, fork_in_new_pidns, true);
}

static void tracer_inside_hides_nothing(void **state)
{
	traced_case(state, fork, false);
}

/* What is marked later may be less deep than all that was marked before. */
static void containers_of_all_depths_are_counted(void **state)
{
	struct monitor_watch *deep = learning(state), *flat = learning(state);
	_Atomic uint64_t *made =
		mmap(NULL, sizeof(*made), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct subject s;
	struct group g;
	pid_t pid;

	assert_ptr_not_equal(made, MAP_FAILED);
	pid = fork_in_new_pidns();
	if (pid == 0)
		busy_main(made);
	subject_start(&s, 0);
	group_make(&g);
	group_put(&g, pid);
	assert_int_equal(group_watch(deep, &g, pid, NULL), 0);
	wait_for_more(made);
	assert_true(fixture_stats(deep).calls > 900);
	subject_mark(&s, flat);
	subject_run(&s, SUBJECT_CALLS, 1, 300, 1);
	assert_int_equal(fixture_stats(flat).calls, 301);
	sleeper_end(pid);
	group_remove(&g);
	subject_stop(&s);
	munmap((void *)made, sizeof(*made));
	monitor_watch_free(deep);
	monitor_watch_free(flat);
}

static void survives_the_freezer(void **state, const struct group *g)
{
	struct monitor_watch *w = learning(state);
	struct subject s;

	subject_start(&s, 0);
	subject_mark(&s, w);
	group_put(g, s.pid);
	for (uint32_t i = 1; i <= 5; i++) {
		subject_run(&s, SUBJECT_CALLS, i, 99, 3);
		group_freeze(g, true);
		assert_int_equal(fixture_stats(w).calls, 100 * i);
		assert_int_equal(fixture_tasks(*state, w).own, 1);
		group_freeze(g, false);
	}
	assert_int_equal(fixture_stats(w).epochs, 5);
	subject_stop(&s);
	monitor_watch_free(w);
}

static void marks_survive_the_freezer(void **state)
{
	struct group g;

	for (enum group_kind kind = GROUP_V1; kind <= GROUP_V2; kind++) {
		if (!group_make_kind(&g, kind))
			continue;
		survives_the_freezer(state, &g);
		group_remove(&g);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(mark_counts_from_exec_on, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(
			unarmed_child_is_counted_from_its_exec_on, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(marks_survive_fork_and_exec, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(restarted_sleeps_are_no_calls, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(second_marking_changes_nothing, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(
			late_marking_arms_what_waited_for_exec, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(
			marking_too_late_for_exec_counts_at_once, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(what_cannot_be_watched_is_said, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(
			strangers_in_the_cgroup_are_counted_apart, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(
			shared_pid_namespace_gives_orphans_but_no_probes, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(
			tracer_outside_hides_what_it_makes_the_task_call, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(tracer_inside_hides_nothing, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(
			containers_of_all_depths_are_counted, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(marks_survive_the_freezer, fixture_up, fixture_down),
	};

	subject_exec_main(argc, argv);
	fixture_need_bpf();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
