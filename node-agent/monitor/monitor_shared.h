/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * What the BPF programs and user space both read: one layout, asserted on both sides. Ids are never used
 * twice while the maps live, so a mark or a bag of a watch that is gone means nothing to the next one in its
 * slot.
 */
#ifndef ESCAPE_MONITOR_SHARED_H
#define ESCAPE_MONITOR_SHARED_H

#include <bosc/graded.h>
#include <linux/bpf.h>

#include "evidence_shared.h"

#define MONITOR_SLOTS 1024           /* containers on one node */
#define MONITOR_BAGS 262144          /* known bags of all of them */
#define MONITOR_BAGS_PER_WATCH 65536 /* a container that learns without end takes no more than this */
#define MONITOR_PAIRS 131072         /* pairs that are being learned, of all of them */
#define MONITOR_STAMPS 65536
#define MONITOR_PATHS 1024
#define MONITOR_KNOWN 64
#define MONITOR_RING_BYTES (64 * 1024)
#define MONITOR_SAMPLE_BYTES (64 * 1024)

/* Written by user space only, through the mapped .bss; the programs read it. gen is written last. */
struct monitor_conf {
	__u32 watch;   /* id; 0: the slot is free */
	__u32 gen;     /* another one: a new epoch begins */
	__u32 windows; /* another one: the windows are forgotten */
	__u32 mode;    /* enum monitor_mode */
	__u32 profile; /* id; first half of the key of its bags */
	__u32 preset;  /* bags that user space put into the profile */
	__u32 row;     /* another one: quiet epochs count from here */
	__u32 fused;   /* pairs and triples count too; its slot has a monitor_known */
	__u32 graded;  /* R above this is a verdict */
	struct bosc_params params;
	__u32 mntns;     /* inode of its init's mount namespace */
	__u32 execs_own; /* what is executed into it from outside is its own */
	__u32 unused[2];
};

enum {
	MONITOR_ARMED = 1,   /* has executed its program: what it called before is the runtime's */
	MONITOR_OUTSIDE = 2, /* executed into the container from outside, and counted apart */
};

/* Of one task: written by the task itself, by its parent at fork, and by user space at marking. */
struct monitor_mark {
	__u32 watch;
	__u32 slot;
	__u32 windows; /* the conf's, when the window began */
	__u32 state;   /* MONITOR_ARMED, MONITOR_OUTSIDE */
	struct bosc_window window;
	union {                             /* of `profile` */
		struct graded_filter shown; /* Fused, learning: pairs */
		__u64 known[MONITOR_KNOWN]; /* BoSC: bags found known, so that they are not looked up again */
	};
	__u32 profile;
	__u32 mntns; /* inode of the mount namespace in which it was attached: the runtime's */
};

/* What a fused profile knows; while it is learned, pairs holds those that were not rare when last seen. */
struct monitor_known {
	struct graded_known known;
	/* What was found known, so that it is not looked up again: bags, and by graded_path all three. */
	__u64 bags[MONITOR_PATHS];
	__u64 paths[MONITOR_PATHS];
};

/* A cgroup: the id is the inode number of its directory, in the hierarchy of that number (0: v2). */
struct monitor_cgroup_key {
	__u64 id;
	__u32 hierarchy;
	__u32 unused;
};

struct monitor_cgroup {
	__u32 watch;
	__u32 slot;
};

/* Of one container: written by the programs only. calls, execs and exec_calls are counted atomically, the
 * rest under the lock. */
struct monitor_state {
	struct bosc_tally tally;
	__u64 lost;
	__u64 unjudged;    /* epochs in which something was lost */
	__u64 unjudged_to; /* the last of them, plus 1 */
	__u64 execs;       /* executed into the container from outside, */
	__u64 exec_calls;  /* and what they and their children called */
	__u32 watch;
	__u32 gen;
	__u32 profile;
	__u32 row;
	__u32 bags;
	struct bpf_spin_lock lock;
	/* Fused only. */
	struct graded_tally graded;
	__u64 graded_ns;           /* when R left 0 */
	__u64 edge;                /* learning: number of the first call of the next epoch */
	__u64 current;             /* learning: the epoch that runs */
	struct graded_count tasks; /* learning: that made a call */
	__u32 fresh;               /* learning: bags in this epoch that were not known before it */
};

struct monitor_bag_key {
	__u64 bag;
	__u32 profile;
	__u32 unused;
};

struct monitor_bag {
	__u32 epoch; /* that brought it */
};

struct monitor_pair_key {
	__u32 profile;
	__u32 pair;
};

struct monitor_stamp_key {
	__u32 watch;
	__u32 key; /* a triple, or GRADED_TRIPLES | a pair */
};

/* What a learned epoch had, judged by what was known before it. */
struct monitor_sample {
	__u32 slot;
	__u32 watch;
	__u32 profile;
	__u32 graded;
	__u32 bosc;
	__u32 unused;
};

enum { MONITOR_PART_BAGS, MONITOR_PART_GRADED };

struct monitor_record {
	__u64 epoch;
	__u64 first_ns;
	__u64 verdict_ns;
	__u32 part;  /* which exceeded its threshold, */
	__u32 score; /* and with what */
	__u32 slot;
	__u32 watch;
	__u32 gen;
	__u32 unused;
	struct evidence_task task; /* whose call it was */
};

_Static_assert(sizeof(struct bosc_window) == 152, "layout");
_Static_assert(sizeof(struct bosc_tally) == 96, "layout");
_Static_assert(sizeof(struct monitor_conf) == 64, "layout");
_Static_assert(sizeof(struct monitor_mark) == 688, "layout");
_Static_assert(sizeof(struct monitor_known) == 81920, "layout");
_Static_assert(sizeof(struct monitor_state) == 264, "layout");
_Static_assert(sizeof(struct monitor_cgroup_key) == 16, "layout");
_Static_assert(sizeof(struct monitor_bag_key) == 16, "layout");
_Static_assert(sizeof(struct monitor_sample) == 24, "layout");
_Static_assert(sizeof(struct monitor_record) == 80, "layout");

#endif
