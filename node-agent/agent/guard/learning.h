/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Learning over replicas, the pure part: what a container learned is added to its workload's profile; how far
 * the profile is, when it is Ready, and when an admin has to be asked. No I/O, no clock.
 */
#ifndef ESCAPE_AGENT_LEARNING_H
#define ESCAPE_AGENT_LEARNING_H

#include <api/policy.h>
#include <api/profile.h>

#include "node-agent/monitor/monitor.h"

/* How far a profile is. */
struct learning_depth {
	int64_t epochs, quiet, scored;
};

/* How often something new comes, and how fast epochs pass; of the newest epochs. All zero is its beginning.
 */
struct learning_pace {
	int64_t first_ms, last_ms; /* monotonic */
	uint64_t first_epochs, epochs, bags;
	double seen, noisy; /* epochs, and those of them with a new bag; older ones fade */
};
void learning_pace_note(struct learning_pace *p, uint64_t epochs, uint64_t bags, int64_t now_ms);

bool learning_done(const struct policy *p, const struct learning_depth *d);
/*
 * Epochs until learning_done, if new bags go on coming as they did: as many as the policy's minimum needs, or
 * as a row of quiet epochs of the policy's length takes when each is quiet with the measured probability.
 */
double learning_epochs_left(
	const struct policy *p, const struct learning_depth *d, const struct learning_pace *pace);
int64_t learning_percent(const struct learning_depth *d, double epochs_left);
/* 0: no pace is known yet. */
int64_t learning_seconds_left(const struct learning_pace *pace, double epochs_left);

/* Where the profile would be with what `now` has beyond `sent`, if that brought nothing new. */
struct learning_depth learning_ahead(
	const struct profile *p, const struct monitor_stats *now, const struct monitor_learned *sent);
/*
 * Adds to p what `now` has beyond `sent`, which is in p already: bags, pairs and triples that any replica
 * knows are known, tasks add up, and thresholds are those of the replica that scored the most epochs. After
 * -ENOMEM p is good for profile_free only.
 */
int learning_merge(struct profile *p, const struct monitor_learned *now, const struct monitor_learned *sent);
/* The pairs as the monitor wants them: rarity by the tasks of all replicas. */
void learning_known(const struct profile *p, struct graded_known *ret);

/* The bags of BoSC, which scores no epoch while it learns: 1 when there are more new ones than T for each of
 * the epochs since. */
bool learning_bags_outside(
	const struct policy *p, const struct monitor_stats *before, const struct monitor_stats *now);
/* Up to REPORT_FINDINGS_MAX pairs that `before` did not have. */
void learning_findings(
	const struct monitor_learned *now, const struct monitor_learned *before, struct profile_held *ret);

#endif
