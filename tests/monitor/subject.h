/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process whose system calls are known one by one: between two commands it is stopped (the last call it
 * made is the kill that stops itself), so that counters read then are exact. Commands travel through shared
 * memory and cost no call.
 */
#ifndef ESCAPE_TESTS_MONITOR_SUBJECT_H
#define ESCAPE_TESTS_MONITOR_SUBJECT_H

#include "group.h"

#include <bosc/bosc.h>
#include <loop/loop.h>
#include <node-agent/monitor/monitor.h>
#include <stdatomic.h>
#include <sys/types.h>

#define SUBJECT_THREADS_MAX 64

enum subject_op {
	SUBJECT_CALLS, /* n calls drawn from seed */
	SUBJECT_FORK,  /* a child makes the n calls and ends; the subject waits for it */
	SUBJECT_EXEC, /* executes this test's own program, which makes n times the call `kinds`, then stops */
	SUBJECT_SPAWN,   /* a child does the same as EXEC, but ends; the subject waits for it */
	SUBJECT_RESTART, /* as CALLS, with a restart_syscall after each call */
	SUBJECT_THREADS, /* each further thread k makes n calls drawn from seed + k, all at once */
	SUBJECT_NUMBER,  /* n times the call `kinds` */
	SUBJECT_INT80,   /* the same through the 32-bit gate */
};

struct subject_shared {
	enum subject_op op;
	uint32_t n, kinds;
	uint64_t seed;
	uint32_t threads;
	_Atomic uint32_t round, done;
};

struct subject {
	pid_t pid;
	struct subject_shared *shared;
	struct group group; /* from subject_mark on */
};

/* The number of the i-th call that a seed stands for: one of `kinds` numbers that no kernel has yet (they end
 * at once with ENOSYS). */
uint32_t subject_call(uint64_t *seed, uint32_t kinds);

/* Stopped when it returns. threads: how many further threads it has. */
void subject_start(struct subject *s, uint32_t threads);
void subject_stop(struct subject *s);
/* Runs one command and returns when the subject has stopped itself again. */
void subject_run(struct subject *s, enum subject_op op, uint64_t seed, uint32_t n, uint32_t kinds);
/* Lets it go on without waiting, and waits. */
void subject_go(struct subject *s, enum subject_op op, uint64_t seed, uint32_t n, uint32_t kinds);
void subject_wait(const struct subject *s);

/* The same calls for the reference: of a SUBJECT_CALLS command, with the kill at its end. Returns verdicts.
 */
int subject_replay(struct bosc_replay *r, uint32_t task, uint64_t seed, uint32_t n, uint32_t kinds);

/*
 * What SUBJECT_EXEC and _SPAWN start, to be called first by main: makes the calls that argv[1] names, then
 * ends, or stops (for EXEC), or lets a child do the same, or enters a process's mount namespace and executes
 * itself again to end.
 */
void subject_exec_main(int argc, char **argv);
/* Executes that: n times the call nr, then "end", "stop", "spawn" or "enter:PID". */
void subject_exec(uint32_t n, uint32_t nr, const char *then);
/* Enters the process's mount namespace. */
void subject_enter(pid_t of);

/* Makes the subject the init of a container: in a cgroup of its own, which goes with it. */
void subject_mark(struct subject *s, struct monitor_watch *w);
/* Before it has executed its program. */
void subject_mark_created(struct subject *s, struct monitor_watch *w);

/* A process that sleeps until it is killed. */
pid_t sleeper_start(void);
void sleeper_end(pid_t pid);

/* A running container: its cgroup and its init. */
int group_watch(struct monitor_watch *w, const struct group *g, pid_t init, struct err *e);

/* A monitor on a loop, or exit 77 with the reason where this machine cannot have one. */
struct fixture {
	struct loop *loop;
	struct monitor *monitor;
};
int fixture_up(void **state);
int fixture_down(void **state);
void fixture_need_bpf(void);
/* What follows fails the test when the monitor refuses. */
struct monitor_watch *fixture_watch(
	struct fixture *f, const struct monitor_params *p, monitor_on_verdict cb, void *arg);
struct monitor_stats fixture_stats(const struct monitor_watch *w);
/* Alive now. */
struct monitor_tasks fixture_tasks(const struct fixture *f, const struct monitor_watch *w);
bool fixture_knows(const struct monitor_watch *w, uint64_t bag);
/* Gives the watch what the reference learned. */
void fixture_teach(struct monitor_watch *w, const struct bosc_db *db);

#endif
