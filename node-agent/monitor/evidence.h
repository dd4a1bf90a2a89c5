/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a verdict rests on: the calls that were found unknown, the tasks that made them, and how far the
 * scores have come. The kernel keeps the newest few of each kind; it is to be read after the verdict and
 * before the rearm, best when the container stands still. Loop thread only.
 */
#ifndef ESCAPE_MONITOR_EVIDENCE_H
#define ESCAPE_MONITOR_EVIDENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MONITOR_FINDINGS_MAX 48
#define MONITOR_FINDING_CALLS_MAX 64

struct monitor_watch;
struct monitor_verdict;

struct monitor_task {
	int pid;           /* of its process, as the container numbers it; 0: not known */
	int our_pid;       /* the same as we number it; 0: not among ours */
	uint64_t start_ns; /* CLOCK_BOOTTIME, when the process began */
	char comm[16];     /* any bytes, terminated */
};

enum monitor_finding_kind { MONITOR_PAIR, MONITOR_TRIPLE, MONITOR_BAG };

struct monitor_finding {
	enum monitor_finding_kind kind;
	uint32_t count; /* how often in its epoch */
	uint64_t epoch;
	struct monitor_task task;                  /* that showed it first */
	uint16_t calls[MONITOR_FINDING_CALLS_MAX]; /* codes (bosc/core.h) in their order */
	size_t n_calls;
};

struct monitor_evidence {
	struct monitor_finding at[MONITOR_FINDINGS_MAX]; /* by kind, then the most frequent, then the newest
							    first */
	size_t n;
	uint32_t graded, graded_threshold; /* Fused: R by now; threshold 0: it does not count */
	uint32_t bags, bags_threshold; /* mismatches, the most that an epoch has had since the verdict's */
};

/* -errno when the kernel's maps cannot be read. */
int monitor_watch_evidence(
	const struct monitor_watch *w, const struct monitor_verdict *v, struct monitor_evidence *ret);

/*
 * Path of the program that the task's process runs, as the container sees it; what cannot be printed, and the
 * backslash, is written as \xNN, and of a path too long the end is kept, after "...". -ESRCH: it is gone.
 * Looks into /proc: the process may have executed another program since.
 */
int monitor_task_executable(const struct monitor_task *t, char *dst, size_t size);

#endif
