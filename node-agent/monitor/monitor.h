/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The eye: bags of system calls counted in the kernel for marked tasks only (tp_btf/sys_enter, task storage),
 * verdicts through a ring buffer. User space marks, reads counters and moves profiles in and out; it sees no
 * single call. A watch is one container: a slot in the kernel maps. The program is attached only while there
 * is a watch. Loop thread only. Not here: freezing (node-agent/agent), learning across nodes
 * (BehaviorProfile).
 */
#ifndef ESCAPE_MONITOR_MONITOR_H
#define ESCAPE_MONITOR_MONITOR_H

#include <base/err.h>
#include <bosc/graded.h>
#include <loop/loop.h>

#include "evidence.h"

#define MONITOR_WINDOW_MAX 64
#define MONITOR_FUSED_EPOCHS_MIN 20 /* scored, before Fused can detect */

struct monitor;
struct monitor_watch;

enum monitor_mode { MONITOR_OFF, MONITOR_LEARN, MONITOR_DETECT };

/* The paper's bags with a fixed threshold, or bags with pairs and triples (bosc/graded.h) and thresholds that
 * are learned. */
enum monitor_detector { MONITOR_BOSC, MONITOR_FUSED };

struct monitor_params {
	uint32_t window;    /* N calls, 2..MONITOR_WINDOW_MAX */
	uint32_t epoch;     /* E calls of the container */
	uint32_t threshold; /* BoSC, T: verdict as soon as the mismatches of one epoch exceed it */
	enum monitor_detector detector;
	bool execs_own; /* what is executed into the container from outside is learned and judged as its own
			 */
};

struct monitor_verdict {
	uint64_t epoch;
	bool graded; /* Fused: it was R that exceeded its threshold, and stands in place of the mismatches */
	uint32_t mismatches, threshold;
	uint64_t first_mismatch_ns; /* CLOCK_MONOTONIC, of this epoch's first mismatch (R: since it was 0) */
	uint64_t verdict_ns;        /* CLOCK_MONOTONIC, in the kernel */
	struct monitor_task task;   /* whose call it was */
};
/* Runs on the loop; one verdict per epoch at most, and none after one until monitor_watch_rearm. */
typedef void (*monitor_on_verdict)(void *arg, const struct monitor_verdict *v);

struct monitor_stats {
	uint64_t calls, epochs;
	uint64_t bags;         /* distinct bags of the profile */
	uint64_t quiet_epochs; /* epochs in a row, up to now, that brought no new bag (learning) */
	uint64_t mismatches;   /* since the watch began */
	uint64_t scored;       /* Fused: epochs that were scored while they were learned */
	uint64_t lost;         /* marks, bags, pairs, scores and verdicts that the maps could not take, */
	uint64_t unjudged;     /* and epochs in which that was: none of them is quiet, or makes a threshold */
	uint64_t execs;        /* executed into the container from outside and counted apart, */
	uint64_t exec_calls;   /* and the calls of these and their children */
};

/* Alive when they were counted: the container's own, and what is counted apart. */
struct monitor_tasks {
	uint32_t own, outside;
};

/* Can this kernel do it? 0, or -ENOTSUP with reason NoBTF, NoPrivilege, ProgramRefused and the remedy in the
 * message. */
int monitor_probe(struct err *e);
int monitor_new(struct loop *l, struct monitor **ret, struct err *e);
void monitor_free(struct monitor *m);

int monitor_watch_new(struct monitor *m, const struct monitor_params *p, monitor_on_verdict on_verdict,
	void *arg, struct monitor_watch **ret, struct err *e);
void monitor_watch_free(struct monitor_watch *w);
struct monitor_container {
	int init_pid;       /* in our pid namespace */
	const char *cgroup; /* directory of its cgroup: of the v1 freezer, or of v2 */
	bool running;       /* init has executed the container's program */
};
/*
 * Whose calls count. From here on whoever is attached to the cgroup from outside is marked in the kernel; its
 * calls are those of what was executed into the container, from the program it executes there on. All
 * processes that are in it already are marked now, again until a pass finds nothing new: with what descends
 * from init as the container's own. Children and threads born later inherit. Running: their calls count at
 * once. Not running, if it is still so: init's calls count from its first execve on, and other processes in
 * the cgroup are the runtime's. To be called again when the container has another init (a restore).
 */
int monitor_watch_container(struct monitor_watch *w, const struct monitor_container *c, struct err *e);
/*
 * Fused, MONITOR_DETECT: -EAGAIN as long as too little was learned for thresholds (MONITOR_FUSED_EPOCHS_MIN
 * epochs), and no profile was set; the mode stays as it was. A watch begins in MONITOR_OFF, which counts
 * nothing. OFF and back to the mode before is a pause (a snapshot): the epoch goes on, each task begins a
 * fresh window. Any other change of mode begins a new epoch, and quiet epochs count from there.
 */
int monitor_watch_mode(struct monitor_watch *w, enum monitor_mode mode);
/*
 * New epoch, windows forgotten, verdicts possible again: after a rollback, a restore or the thaw after a
 * verdict. Not needed after a snapshot's thaw: it would throw the epoch away that is under way.
 */
int monitor_watch_rearm(struct monitor_watch *w);
int monitor_watch_stats(const struct monitor_watch *w, struct monitor_stats *ret);
/* Walks all tasks of the node, once for all watches: for every few seconds, not for every event. */
int monitor_count_tasks(struct monitor *m);
/* What monitor_count_tasks found. */
struct monitor_tasks monitor_watch_tasks(const struct monitor_watch *w);
/* The profile as ascending bag hashes. Caller frees. Replaces what was learned when set. */
int monitor_watch_profile_get(const struct monitor_watch *w, uint64_t **ret, size_t *ret_n);
int monitor_watch_profile_set(struct monitor_watch *w, const uint64_t *bags, size_t n, struct err *e);
/* What a watch has learned so far; all owned. */
struct monitor_learned {
	uint64_t epochs, quiet_epochs;
	uint64_t *bags; /* ascending */
	size_t n_bags;
	/* Fused only, else triples is NULL. */
	uint64_t tasks;     /* that were learned */
	uint64_t *pairs;    /* ascending, */
	uint32_t *tasks_of; /* and how many tasks showed each: at least 1 */
	size_t n_pairs;
	uint64_t *triples;     /* GRADED_TRIPLE_WORDS */
	uint64_t scored;       /* epochs that the thresholds come from */
	uint32_t graded, bosc; /* thresholds; 0: too little was learned */
};
/* Reads only; learning goes on. monitor_learned_free is due after 0. */
int monitor_watch_learned(const struct monitor_watch *w, struct monitor_learned *ret);
void monitor_learned_free(struct monitor_learned *l); /* takes NULL; leaves it empty */
/* A learned epoch far outside of what was learned before it (bosc/fused.h), and what it might have had. */
struct monitor_outlier {
	uint32_t graded, graded_limit, bosc, bosc_limit;
};
/*
 * Fused: judges the epochs learned since the last call, once `after` of them were learned. Returns 1 and the
 * one that is furthest outside, or 0, or -errno. What was judged is not judged again.
 */
int monitor_watch_outlier(struct monitor_watch *w, uint64_t after, struct monitor_outlier *ret);
/* What Fused knows beside the bags. */
struct monitor_fused {
	struct graded_known known;
	uint32_t graded, bosc; /* thresholds */
};
/* -EAGAIN: it has learned, or learns, and MONITOR_DETECT was not entered since. */
int monitor_watch_fused_get(const struct monitor_watch *w, struct monitor_fused *ret);
/* Before the bags of the same profile are set. */
int monitor_watch_fused_set(struct monitor_watch *w, const struct monitor_fused *f, struct err *e);

#endif
