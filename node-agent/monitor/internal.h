/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the monitor share; nobody else includes it. */
#ifndef ESCAPE_MONITOR_INTERNAL_H
#define ESCAPE_MONITOR_INTERNAL_H

#include "monitor.h"
#include "monitor_shared.h"

struct monitor_bpf;
struct bpf_link;
struct ring_buffer;

#define MONITOR_LINKS 4

struct monitor {
	struct loop *loop;
	struct monitor_bpf *skel;
	struct ring_buffer *ring, *samples;
	struct loop_poll *poll, *samples_poll;
	struct bpf_link *links[MONITOR_LINKS];
	struct monitor_watch *watches[MONITOR_SLOTS];
	uint32_t n_watches;
	uint32_t last_slot;
	uint32_t last_id; /* of watches and profiles */
};

struct monitor_score {
	uint32_t graded, bosc;
};

/* Of the epochs learned, in their order: of every stride'th. */
struct monitor_scores {
	struct monitor_score *at;
	size_t n, cap;
	size_t judged; /* by monitor_watch_outlier */
	uint64_t epochs, stride;
};

struct monitor_watch {
	struct monitor *monitor;
	uint32_t slot;
	enum monitor_detector detector;
	struct bosc_params params; /* Fused: the threshold is the profile's */
	bool execs_own;
	struct monitor_cgroup_key cgroup; /* id 0: none yet */
	struct monitor_scores scores;
	bool fused_ready;          /* a profile with thresholds is in place */
	bool fused_learned;        /* and something was learned since */
	enum monitor_mode counted; /* the last mode that was not OFF */
	monitor_on_verdict on_verdict;
	void *arg;
};

/* Opens and loads the programs; *ret needs monitor_bpf__destroy. */
int monitor_load(struct monitor_bpf **ret, struct err *e);
uint32_t monitor_next_id(struct monitor *m);
int monitor_attach(struct monitor *m, struct err *e);
void monitor_detach(struct monitor *m);

struct monitor_conf *monitor_conf_of(const struct monitor_watch *w);
/* The programs begin a new epoch and forget the windows at the next call. What conf holds must be written
 * before. */
void monitor_conf_commit(struct monitor_conf *c);
int monitor_bags_fd(const struct monitor *m);
int monitor_marks_fd(const struct monitor *m);
/* From here on who is attached to this cgroup, or one below it, is marked by the kernel. */
int monitor_cgroup_set(struct monitor_watch *w, const char *dir, struct err *e);
void monitor_cgroup_forget(struct monitor_watch *w);
/* Removes the bags of a profile id. */
void monitor_bags_drop(const struct monitor *m, uint32_t profile);

#endif
