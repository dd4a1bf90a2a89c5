/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * What was found unknown, with the calls themselves and the task that made them: hashes explain nothing. One
 * layout for the BPF programs, which write it, and for user space, which reads it after a verdict.
 */
#ifndef ESCAPE_MONITOR_EVIDENCE_SHARED_H
#define ESCAPE_MONITOR_EVIDENCE_SHARED_H

#include <bosc/core.h>

#define EVIDENCE_RING 16 /* findings of each kind; the oldest gives way */

enum { EVIDENCE_PAIR, EVIDENCE_TRIPLE, EVIDENCE_BAG, EVIDENCE_KINDS };

struct evidence_task {
	__u64 start_ns; /* CLOCK_BOOTTIME, when its process began: tells it from a later one of the same pid
			 */
	__u32 pid;      /* of its process, in the container's pid namespace, */
	__u32 our_pid;  /* and in that of who loaded the programs; 0: not in it */
	char comm[16];
};

/* What belongs to another gen or an older epoch counts for nothing, so nothing is ever cleared. */
struct evidence_finding {
	__u64 key; /* 0: none, or being written */
	__u64 epoch;
	struct evidence_task task; /* that showed it first */
	__u32 gen;
	__u32 count;
	__u32 n_calls;
	__u32 unused;
	__u16 calls[BOSC_WINDOW_MAX]; /* codes, newest first */
};

/* Of one container. */
struct evidence {
	__u64 next[EVIDENCE_KINDS];
	struct evidence_finding at[EVIDENCE_KINDS][EVIDENCE_RING];
};

_Static_assert(sizeof(struct evidence_task) == 32, "layout");
_Static_assert(sizeof(struct evidence_finding) == 192, "layout");

#endif
