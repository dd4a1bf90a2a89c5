/* SPDX-License-Identifier: Apache-2.0 */
#include "worker.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct order {
	uint32_t kind, n;
};

void bench_fail(const char *what, int err)
{
	fprintf(stderr, "bench-detect: %s: %s\n", what, strerror(err));
	exit(EXIT_FAILURE);
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

static void calls_one(uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		syscall(SYS_getppid);
}

static const long NUMBERS[] = {SYS_getppid, SYS_getuid, SYS_getgid, SYS_geteuid, SYS_getegid};

static uint32_t draw(uint32_t *x)
{
	*x = *x * 1103515245 + 12345;
	return *x >> 16;
}

static void calls_loop(uint32_t n)
{
	static const uint8_t round[24] = {
		0, 1, 2, 2, 3, 4, 0, 3, 3, 3, 1, 4, 4, 2, 0, 0, 1, 3, 2, 4, 1, 1, 0, 2};
	uint32_t x = 1, at = 0;

	for (uint32_t i = 0; i < n; i++) {
		syscall(NUMBERS[round[at]]);
		at = (at + (draw(&x) % 32 ? 1 : 3)) % 24;
	}
}

static void calls_random(uint32_t n)
{
	uint32_t x = 1;

	for (uint32_t i = 0; i < n; i++)
		syscall(NUMBERS[draw(&x) % 5]);
}

static uint64_t measure(const struct order *o)
{
	uint64_t begin = now_ns();

	switch (o->kind) {
	case CALLS_ONE:
		calls_one(o->n);
		break;
	case CALLS_LOOP:
		calls_loop(o->n);
		break;
	default:
		calls_random(o->n);
	}
	return (now_ns() - begin) * 1000 / o->n;
}

static void serve(int order, int answer)
{
	struct order o;
	uint64_t ps;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (read(order, &o, sizeof(o)) == sizeof(o)) {
		ps = measure(&o);
		if (write(answer, &ps, sizeof(ps)) != sizeof(ps))
			_exit(1);
	}
	_exit(0);
}

static void *thread_main(void *arg)
{
	const int *pipes = arg;

	serve(pipes[0], pipes[1]);
	return NULL;
}

/* A program's calls come from its threads more often than from its first one, and a thread costs the monitor
 * a second look when it is not protected. */
static void serve_in_thread(int *pipes)
{
	pthread_t t;
	int err = pthread_create(&t, NULL, thread_main, pipes);

	if (err)
		bench_fail("cannot start a worker's thread", err);
	pthread_join(t, NULL);
}

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) < 0)
		bench_fail("cannot pin a worker to its CPU", errno);
}

void worker_start(struct worker *w, bool in_pod, int cpu)
{
	int order[2], answer[2];

	if (pipe(order) < 0 || pipe(answer) < 0)
		bench_fail("cannot make a pipe", errno);
	w->pid = (pid_t)syscall(SYS_clone, SIGCHLD | (in_pod ? CLONE_NEWPID : 0), NULL, NULL, NULL, NULL);
	if (w->pid < 0)
		bench_fail("cannot start a worker", errno);
	if (w->pid == 0) {
		close(order[1]);
		close(answer[0]);
		pin(cpu);
		serve_in_thread((int[]){order[0], answer[1]});
	}
	close(order[0]);
	close(answer[1]);
	w->order = order[1];
	w->answer = answer[0];
}

void worker_stop(struct worker *w)
{
	kill(w->pid, SIGKILL);
	close(w->order);
	close(w->answer);
	waitpid(w->pid, NULL, 0);
}

uint64_t worker_run(const struct worker *w, enum calls kind, uint32_t n)
{
	const struct order o = {.kind = kind, .n = n};
	uint64_t ps;

	if (write(w->order, &o, sizeof(o)) != sizeof(o) || read(w->answer, &ps, sizeof(ps)) != sizeof(ps))
		bench_fail("a worker ended", errno);
	return ps;
}
