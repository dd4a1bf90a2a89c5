/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * What the BPF programs and user space both read: one layout, asserted on both sides. Ids are never used
 * twice while the maps live, so a mark or a bag of a watch that is gone means nothing to the next one in its
 * slot.
 */
#ifndef ESCAPE_MONITOR_SHARED_H
#define ESCAPE_MONITOR_SHARED_H

#include <bosc/core.h>
#include <linux/bpf.h>

#define MONITOR_SLOTS 1024           /* containers on one node */
#define MONITOR_BAGS 262144          /* known bags of all of them */
#define MONITOR_BAGS_PER_WATCH 65536 /* a container that learns without end takes no more than this */
#define MONITOR_RING_BYTES (64 * 1024)

/* Written by user space only, through the mapped .bss; the programs read it. gen is written last. */
struct monitor_conf {
	__u32 watch;   /* id; 0: the slot is free */
	__u32 gen;     /* another one: a new epoch begins */
	__u32 windows; /* another one: the windows are forgotten */
	__u32 mode;    /* enum monitor_mode */
	__u32 profile; /* id; first half of the key of its bags */
	__u32 preset;  /* bags that user space put into the profile */
	__u32 row;     /* another one: quiet epochs count from here */
	struct bosc_params params;
};

/* Of one task: written by the task itself, by its parent at fork, and by user space at marking. */
struct monitor_mark {
	__u32 watch;
	__u32 slot;
	__u32 windows; /* the conf's, when the window began */
	__u32 armed;   /* 0: it has not executed its program yet, so its calls are the runtime's */
	struct bosc_window window;
};

/* Of one container: written by the programs only. calls and lost are counted atomically, the rest under the
 * lock. */
struct monitor_state {
	struct bosc_tally tally;
	__u64 lost;
	__u32 watch;
	__u32 gen;
	__u32 profile;
	__u32 row;
	__u32 bags;
	struct bpf_spin_lock lock;
};

struct monitor_bag_key {
	__u64 bag;
	__u32 profile;
	__u32 unused;
};

struct monitor_record {
	__u64 epoch;
	__u64 first_ns;
	__u64 verdict_ns;
	__u32 mismatches;
	__u32 slot;
	__u32 watch;
	__u32 gen;
	char comm[16];
};

_Static_assert(sizeof(struct bosc_window) == 144, "layout");
_Static_assert(sizeof(struct bosc_tally) == 96, "layout");
_Static_assert(sizeof(struct monitor_conf) == 40, "layout");
_Static_assert(sizeof(struct monitor_mark) == 160, "layout");
_Static_assert(sizeof(struct monitor_state) == 128, "layout");
_Static_assert(sizeof(struct monitor_bag_key) == 16, "layout");
_Static_assert(sizeof(struct monitor_record) == 56, "layout");

#endif
