/* SPDX-License-Identifier: Apache-2.0 */
/* Many at once: threads of one container, threads that come and go, containers with different profiles. */
#include "subject.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

#define THREADS 4096
#define CALLS 50
#define CALL 480
#define CONTAINERS 60

static const struct monitor_params params = {.window = 10, .epoch = 100, .threshold = 5};
static const struct bosc_params same = {.window = 10, .epoch = 100, .threshold = 5};

/* Waits for its byte, makes its calls and ends: one call more. */
static void *thread_main(void *arg)
{
	char byte;

	if (syscall(SYS_read, *(int *)arg, &byte, 1) == 1)
		for (int i = 0; i < CALLS; i++)
			syscall(CALL);
	syscall(SYS_exit, 0);
	return NULL;
}

static void crowd_main(int fd)
{
	pthread_attr_t attr;
	pthread_t t;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 65536);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&t, &attr, thread_main, &fd))
			_exit(1);
	for (;;)
		pause();
}

/* How many threads there are, and how many of them sleep in read or pause. */
static int threads_of(pid_t pid, int *ret_asleep)
{
	char path[300], text[64];
	struct dirent *ent;
	int n = 0;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	d = opendir(path);
	assert_non_null(d);
	*ret_asleep = 0;
	while ((ent = readdir(d))) {
		FILE *f;

		if (*ent->d_name == '.')
			continue;
		n++;
		snprintf(path, sizeof(path), "/proc/%d/task/%s/syscall", pid, ent->d_name);
		f = fopen(path, "r");
		if (f && fgets(text, sizeof(text), f) && *text != 'r' && *text != '-' &&
			(atoi(text) == SYS_read || atoi(text) == SYS_pause))
			++*ret_asleep;
		if (f)
			fclose(f);
	}
	closedir(d);
	return n;
}

static void await_threads(pid_t pid, int n)
{
	int asleep, there;

	do {
		assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
		there = threads_of(pid, &asleep);
		sched_yield();
	} while (there != n || asleep != n);
}

static void give_bytes(int fd, size_t n)
{
	static const char bytes[THREADS];

	while (n) {
		ssize_t w = write(fd, bytes, n);

		assert_true(w > 0);
		n -= (size_t)w;
	}
}

static void thousands_of_threads_are_counted_exactly(void **state)
{
	struct monitor_watch *w = fixture_watch(*state, &params, NULL, NULL);
	struct group g;
	int fds[2];
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	group_make(&g);
	pid = fork();
	if (pid == 0)
		crowd_main(fds[0]);
	await_threads(pid, THREADS + 1);
	group_put(&g, pid);
	assert_int_equal(group_watch(w, &g, pid, NULL), 0);
	assert_int_equal(monitor_watch_mode(w, MONITOR_LEARN), 0);
	assert_int_equal(fixture_tasks(*state, w).own, THREADS + 1);
	give_bytes(fds[1], THREADS);
	await_threads(pid, 1);
	assert_int_equal(fixture_stats(w).calls, THREADS * (CALLS + 1));
	assert_int_equal(fixture_stats(w).epochs, THREADS * (CALLS + 1) / 100);
	assert_int_equal(fixture_stats(w).bags, 2);
	assert_int_equal(fixture_stats(w).lost, 0);
	assert_int_equal(fixture_tasks(*state, w).own, 1);
	sleeper_end(pid);
	group_remove(&g);
	close(fds[0]);
	close(fds[1]);
	monitor_watch_free(w);
}

#define WAVES 200
#define WAVE 8

static int short_thread(void *arg)
{
	(void)arg;
	for (int i = 0; i < CALLS; i++)
		syscall(CALL);
	return 0;
}

/* The kernel clears a thread's cell when it has ended, so that waiting for that costs no call. */
static void wave(char stacks[WAVE][16384], volatile pid_t cells[WAVE])
{
	for (int i = 0; i < WAVE; i++) {
		cells[i] = 1;
		if (clone(short_thread, stacks[i] + sizeof(stacks[i]),
			    CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |
				    CLONE_CHILD_CLEARTID,
			    NULL, NULL, NULL, (pid_t *)&cells[i]) < 0)
			_exit(1);
	}
	for (int i = 0; i < WAVE; i++)
		while (cells[i])
			;
}

static void waves_main(void)
{
	static char stacks[WAVE][16384] __attribute__((aligned(16)));
	static volatile pid_t cells[WAVE];
	pid_t pid = getpid();

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	syscall(SYS_kill, pid, SIGSTOP);
	for (int i = 0; i < WAVES; i++)
		wave(stacks, cells);
	syscall(SYS_kill, pid, SIGSTOP);
}

static void threads_that_come_and_go_are_counted_exactly(void **state)
{
	struct monitor_watch *w = fixture_watch(*state, &params, NULL, NULL);
	struct group g;
	int status;
	pid_t pid;

	group_make(&g);
	pid = fork();
	if (pid == 0)
		waves_main();
	assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
	group_put(&g, pid);
	assert_int_equal(group_watch(w, &g, pid, NULL), 0);
	assert_int_equal(monitor_watch_mode(w, MONITOR_LEARN), 0);
	assert_int_equal(kill(pid, SIGCONT), 0);
	assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
	assert_true(WIFSTOPPED(status));
	/* A clone, the calls and an exit for each, and the kill at the end. */
	assert_int_equal(fixture_stats(w).calls, WAVES * WAVE * (CALLS + 2) + 1);
	assert_int_equal(fixture_stats(w).lost, 0);
	assert_int_equal(fixture_tasks(*state, w).own, 1);
	sleeper_end(pid);
	group_remove(&g);
	monitor_watch_free(w);
}

struct container {
	struct monitor_watch *watch;
	struct subject subject;
	struct bosc_db *db;
	struct bosc_replay *learn, *detect;
};

static void container_start(struct container *c, void **state)
{
	c->watch = fixture_watch(*state, &params, NULL, NULL);
	subject_start(&c->subject, 0);
	subject_mark(&c->subject, c->watch);
	assert_int_equal(bosc_db_new(&c->db), 0);
	assert_int_equal(bosc_replay_new(&same, c->db, true, &c->learn), 0);
	assert_int_equal(bosc_replay_new(&same, c->db, false, &c->detect), 0);
	assert_int_equal(monitor_watch_mode(c->watch, MONITOR_LEARN), 0);
}

static void container_stop(struct container *c)
{
	subject_stop(&c->subject);
	monitor_watch_free(c->watch);
	bosc_replay_free(c->learn);
	bosc_replay_free(c->detect);
	bosc_db_free(c->db);
}

/* All at once, container i with the seed i + from. */
static void all_run(struct container *all, uint64_t from, bool learn)
{
	for (uint32_t i = 0; i < CONTAINERS; i++)
		subject_go(&all[i].subject, SUBJECT_CALLS, i + from, 300, 3);
	for (uint32_t i = 0; i < CONTAINERS; i++) {
		subject_wait(&all[i].subject);
		subject_replay(learn ? all[i].learn : all[i].detect, 1, i + from, 300, 3);
	}
}

static void all_agree(const struct container *all, bool learn)
{
	for (uint32_t i = 0; i < CONTAINERS; i++) {
		struct monitor_stats st = fixture_stats(all[i].watch);
		struct bosc_replay_result want;

		bosc_replay_result(learn ? all[i].learn : all[i].detect, &want);
		assert_int_equal(st.mismatches, want.mismatches);
		assert_int_equal(st.bags, bosc_db_size(all[i].db));
		assert_int_equal(st.lost, 0);
	}
}

static void profiles_of_many_containers_do_not_mix(void **state)
{
	struct container *all = calloc(CONTAINERS, sizeof(*all));

	assert_non_null(all);
	for (int i = 0; i < CONTAINERS; i++)
		container_start(&all[i], state);
	all_run(all, 0, true);
	all_agree(all, true);
	for (int i = 0; i < CONTAINERS; i++)
		assert_int_equal(monitor_watch_mode(all[i].watch, MONITOR_DETECT), 0);
	/* What it learned itself is normal, what its neighbours learned is not. */
	all_run(all, 0, false);
	for (int i = 0; i < CONTAINERS; i++)
		assert_int_equal(fixture_stats(all[i].watch).mismatches, 0);
	all_run(all, 1, false);
	all_agree(all, false);
	for (int i = 0; i < CONTAINERS; i++)
		assert_true(fixture_stats(all[i].watch).mismatches > 0);
	for (int i = 0; i < CONTAINERS; i++)
		container_stop(&all[i]);
	free(all);
}

/* Our links to that tracepoint. */
static int attached_to(const char *tracepoint)
{
	struct dirent *ent;
	char want[64];
	int n = 0;
	DIR *d = opendir("/proc/self/fdinfo");

	assert_non_null(d);
	snprintf(want, sizeof(want), "tp_name:\t%s\n", tracepoint);
	while ((ent = readdir(d))) {
		char path[300], text[512] = "";
		FILE *f;

		snprintf(path, sizeof(path), "/proc/self/fdinfo/%s", ent->d_name);
		f = fopen(path, "r");
		if (f && fread(text, 1, sizeof(text) - 1, f) > 0)
			n += strstr(text, want) != NULL;
		if (f)
			fclose(f);
	}
	closedir(d);
	return n;
}

static void assert_attached(int n)
{
	assert_int_equal(attached_to("sys_enter"), n);
	assert_int_equal(attached_to("task_newtask"), n);
	assert_int_equal(attached_to("sched_process_exec"), n);
	assert_int_equal(attached_to("cgroup_attach_task"), n);
}

static void programs_are_attached_only_while_something_is_watched(void **state)
{
	struct monitor_watch *a, *b;

	assert_attached(0);
	a = fixture_watch(*state, &params, NULL, NULL);
	assert_attached(1);
	b = fixture_watch(*state, &params, NULL, NULL);
	monitor_watch_free(a);
	assert_attached(1);
	monitor_watch_free(b);
	assert_attached(0);
	a = fixture_watch(*state, &params, NULL, NULL);
	assert_attached(1);
	monitor_watch_free(a);
	assert_attached(0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			thousands_of_threads_are_counted_exactly, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(
			threads_that_come_and_go_are_counted_exactly, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(
			profiles_of_many_containers_do_not_mix, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(
			programs_are_attached_only_while_something_is_watched, fixture_up, fixture_down),
	};

	fixture_need_bpf();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
