/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Child processes with a deadline: started with default signal dispositions, an empty signal mask and a
 * process group of their own, their output captured when asked for. While one runs, `pump` may serve others.
 * Not for children that outlive the call. The caller must not reap children elsewhere meanwhile.
 */
#ifndef ESCAPE_RUNTIME_PROC_H
#define ESCAPE_RUNTIME_PROC_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <base/buf.h>
#include <base/err.h>

#define PROC_OUTPUT_MAX 16384
#define PROC_PUMP_FDS 4

/* Waits with poll(2) semantics on `fds` and, if it likes, does other work. timeout_ms -1: for ever. */
struct pump {
	void (*wait)(void *ctx, struct pollfd *fds, nfds_t count, int timeout_ms);
	void *ctx;
};

struct proc {
	char *const *argv;   /* argv[0] is an absolute path */
	struct buf *output;  /* stdout and stderr go here, the first PROC_OUTPUT_MAX bytes of it; stdin is
				/dev/null */
	bool keep_stdio;     /* our own three instead: `output` must be NULL then */
	int64_t deadline_at; /* clock_monotonic_ms; 0: none */
	/* For what must not be killed in its work: called at the deadline, and `grace_ms` later it is killed
	 * after all. */
	void (*give_up)(void *ctx);
	void *ctx;
	int grace_ms;
};

/* With pump NULL nothing else is served. */
void pump_wait(const struct pump *p, struct pollfd *fds, nfds_t count, int timeout_ms);
/* What is left until deadline_at as a timeout for poll: -1 without a deadline, at most `at_most` when that is
 * >= 0. */
int proc_time_left(int64_t deadline_at, int at_most);
/*
 * Runs to the end: 0 with *ret_status as waitpid gives it; -ETIMEDOUT when it did not end before the
 * deadline; -errno when it could not be started.
 */
int proc_run(const struct proc *p, const struct pump *pump, int *ret_status);
/* For a child after fork, before exec: default dispositions, empty mask. */
void proc_reset_signals(void);
/* Waits until process `pid` (any, not only a child) has ended or the deadline passes. 0, -ETIMEDOUT. */
int proc_wait_gone(pid_t pid, int64_t deadline_at, const struct pump *pump);

#endif
