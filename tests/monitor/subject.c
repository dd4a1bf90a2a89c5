/* SPDX-License-Identifier: Apache-2.0 */
#include "subject.h"

#include <base/backoff.h>
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

#define FIRST_CALL 480

uint32_t subject_call(uint64_t *seed, uint32_t kinds)
{
	return FIRST_CALL + (uint32_t)(rng_next(seed) % kinds);
}

static void make_calls(uint64_t seed, uint32_t n, uint32_t kinds)
{
	for (uint32_t i = 0; i < n; i++)
		syscall(subject_call(&seed, kinds));
}

static struct subject *me;

/* Waits by turning, not by a call: what a thread calls is then known; while the subject is stopped it costs
 * nothing. */
static void *thread_main(void *arg)
{
	struct subject_shared *sh = me->shared;

	atomic_fetch_add(&sh->done, 1);
	for (uint32_t round = 0;; round++) {
		while (atomic_load(&sh->round) == round)
			;
		make_calls(sh->seed + (uintptr_t)arg, sh->n, sh->kinds);
		atomic_fetch_add(&sh->done, 1);
	}
	return NULL;
}

static void threads_run(struct subject_shared *sh)
{
	atomic_store(&sh->done, 0);
	atomic_fetch_add(&sh->round, 1);
	while (atomic_load(&sh->done) < sh->threads)
		;
}

static void fork_and_wait(const struct subject_shared *sh)
{
	pid_t child = (pid_t)syscall(SYS_fork);

	if (child == 0) {
		make_calls(sh->seed, sh->n, sh->kinds);
		syscall(SYS_exit_group, 0);
	}
	syscall(SYS_wait4, child, NULL, 0, NULL);
}

void subject_exec(uint32_t n, uint32_t nr, const char *then)
{
	char path[] = "/proc/self/exe", spec[64], after[32];
	char *argv[] = {path, spec, after, NULL};

	snprintf(spec, sizeof(spec), "calls:%u:%u", n, nr);
	snprintf(after, sizeof(after), "%s", then);
	execv(path, argv);
	_exit(1);
}

static void spawn_and_wait(const struct subject_shared *sh)
{
	pid_t child = fork();

	if (child == 0)
		subject_exec(sh->n, sh->kinds, "end");
	waitpid(child, NULL, 0);
}

void subject_enter(pid_t of)
{
	char path[40];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", of);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNS) < 0)
		_exit(1);
}

void subject_exec_main(int argc, char **argv)
{
	unsigned long n;
	long nr;
	char *end;

	if (argc != 3 || strncmp(argv[1], "calls:", 6) != 0)
		return;
	n = strtoul(argv[1] + 6, &end, 10);
	nr = strtol(end + 1, NULL, 10);
	for (unsigned long i = 0; i < n; i++)
		syscall(nr);
	if (strcmp(argv[2], "stop") == 0)
		kill(getpid(), SIGSTOP);
	if (strcmp(argv[2], "spawn") == 0)
		spawn_and_wait(&(struct subject_shared){.n = (uint32_t)n, .kinds = (uint32_t)nr});
	if (strncmp(argv[2], "enter:", 6) == 0) {
		subject_enter((pid_t)strtol(argv[2] + 6, NULL, 10));
		subject_exec((uint32_t)n, (uint32_t)nr, "end");
	}
	_exit(0);
}

static void call_int80(uint32_t nr)
{
#ifdef __x86_64__
	long result;

	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"((long)nr), "b"(-1L)
			 : "memory", "r8", "r9", "r10", "r11");
#else
	(void)nr;
	_exit(1);
#endif
}

static void command_run(struct subject_shared *sh)
{
	switch (sh->op) {
	case SUBJECT_CALLS:
		make_calls(sh->seed, sh->n, sh->kinds);
		break;
	case SUBJECT_FORK:
		fork_and_wait(sh);
		break;
	case SUBJECT_SPAWN:
		spawn_and_wait(sh);
		break;
	case SUBJECT_EXEC:
		subject_exec(sh->n, sh->kinds, "stop");
		break;
	case SUBJECT_RESTART:
		for (uint32_t i = 0; i < sh->n; i++) {
			make_calls(sh->seed + i, 1, sh->kinds);
			syscall(SYS_restart_syscall);
		}
		break;
	case SUBJECT_THREADS:
		threads_run(sh);
		break;
	case SUBJECT_NUMBER:
		for (uint32_t i = 0; i < sh->n; i++)
			syscall((int)sh->kinds);
		break;
	case SUBJECT_INT80:
		for (uint32_t i = 0; i < sh->n; i++)
			call_int80(sh->kinds);
		break;
	}
}

static void subject_main(struct subject *s)
{
	pid_t pid = getpid();
	pthread_t t;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	me = s;
	for (uintptr_t i = 0; i < s->shared->threads; i++)
		if (pthread_create(&t, NULL, thread_main, (void *)i))
			_exit(1);
	while (atomic_load(&s->shared->done) < s->shared->threads)
		; /* the C library's own calls at a thread's birth are over then */
	for (;;) {
		syscall(SYS_kill, pid, SIGSTOP);
		command_run(s->shared);
	}
}

void subject_wait(const struct subject *s)
{
	int status;

	assert_int_equal(waitpid(s->pid, &status, WUNTRACED), s->pid);
	assert_true(WIFSTOPPED(status));
}

void subject_start(struct subject *s, uint32_t threads)
{
	s->shared = mmap(NULL, sizeof(*s->shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(s->shared, MAP_FAILED);
	memset(s->shared, 0, sizeof(*s->shared));
	s->shared->threads = threads;
	s->group.dir[0] = 0;
	s->pid = fork();
	assert_true(s->pid >= 0);
	if (s->pid == 0)
		subject_main(s);
	subject_wait(s);
}

void subject_stop(struct subject *s)
{
	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
	munmap(s->shared, sizeof(*s->shared));
	if (*s->group.dir)
		group_remove(&s->group);
}

void subject_go(struct subject *s, enum subject_op op, uint64_t seed, uint32_t n, uint32_t kinds)
{
	s->shared->op = op;
	s->shared->seed = seed;
	s->shared->n = n;
	s->shared->kinds = kinds;
	assert_int_equal(kill(s->pid, SIGCONT), 0);
}

void subject_run(struct subject *s, enum subject_op op, uint64_t seed, uint32_t n, uint32_t kinds)
{
	subject_go(s, op, seed, n, kinds);
	subject_wait(s);
}

int subject_replay(struct bosc_replay *r, uint32_t task, uint64_t seed, uint32_t n, uint32_t kinds)
{
	int verdicts = 0;

	for (uint32_t i = 0; i < n; i++)
		verdicts += bosc_replay_call(r, task, subject_call(&seed, kinds));
	return verdicts + bosc_replay_call(r, task, SYS_kill);
}

static void mark(struct subject *s, struct monitor_watch *w, bool running)
{
	struct monitor_container c = {.init_pid = s->pid, .cgroup = s->group.dir, .running = running};
	struct err e;

	if (!*s->group.dir) {
		group_make(&s->group);
		group_put(&s->group, s->pid);
	}
	if (monitor_watch_container(w, &c, &e) < 0)
		fail_msg("%s: %s", e.reason, e.message);
}

void subject_mark(struct subject *s, struct monitor_watch *w)
{
	mark(s, w, true);
}

void subject_mark_created(struct subject *s, struct monitor_watch *w)
{
	mark(s, w, false);
}

pid_t sleeper_start(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	assert_true(pid > 0);
	return pid;
}

void sleeper_end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

int group_watch(struct monitor_watch *w, const struct group *g, pid_t init, struct err *e)
{
	return monitor_watch_container(
		w, &(struct monitor_container){.init_pid = init, .cgroup = g->dir, .running = true}, e);
}

struct monitor_watch *fixture_watch(
	struct fixture *f, const struct monitor_params *p, monitor_on_verdict cb, void *arg)
{
	struct monitor_watch *w = NULL;
	struct err e;

	if (monitor_watch_new(f->monitor, p, cb, arg, &w, &e) < 0)
		fail_msg("%s: %s", e.reason, e.message);
	return w;
}

struct monitor_stats fixture_stats(const struct monitor_watch *w)
{
	struct monitor_stats st;

	assert_int_equal(monitor_watch_stats(w, &st), 0);
	return st;
}

struct monitor_tasks fixture_tasks(const struct fixture *f, const struct monitor_watch *w)
{
	assert_int_equal(monitor_count_tasks(f->monitor), 0);
	return monitor_watch_tasks(w);
}

bool fixture_knows(const struct monitor_watch *w, uint64_t bag)
{
	uint64_t *bags;
	size_t n;
	bool found = false;

	assert_int_equal(monitor_watch_profile_get(w, &bags, &n), 0);
	for (size_t i = 0; i < n; i++)
		found |= bags[i] == bosc_key(bag);
	free(bags);
	return found;
}

void fixture_teach(struct monitor_watch *w, const struct bosc_db *db)
{
	uint64_t *bags;
	struct err e;
	size_t n;

	assert_int_equal(bosc_db_bags(db, &bags, &n), 0);
	if (monitor_watch_profile_set(w, bags, n, &e) < 0)
		fail_msg("%s: %s", e.reason, e.message);
	free(bags);
}

void fixture_need_bpf(void)
{
	struct err e;

	/* Where everything takes twenty times as long, a few of them are tried: a glob of cmocka's. */
	cmocka_set_test_filter(getenv("ESCAPE_TEST_FILTER"));
	if (monitor_probe(&e) == 0)
		return;
	fprintf(stderr, "skipped: %s: %s\n", e.reason, e.message);
	exit(77);
}

int fixture_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct err e;

	if (!f || loop_new(&f->loop) < 0)
		return -1;
	if (monitor_new(f->loop, &f->monitor, &e) < 0) {
		fprintf(stderr, "%s: %s\n", e.reason, e.message);
		return -1;
	}
	*state = f;
	return 0;
}

int fixture_down(void **state)
{
	struct fixture *f = *state;

	monitor_free(f->monitor);
	loop_free(f->loop);
	free(f);
	return 0;
}
