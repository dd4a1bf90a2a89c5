/* SPDX-License-Identifier: Apache-2.0 */
/* The operator's own decision on a cluster made up for it: 30 protected pods a node, three zones, one node in
 * fifty hacked. */
#ifndef ESCAPE_BENCH_DECISION_H
#define ESCAPE_BENCH_DECISION_H

#include <stddef.h>

enum { DECISION_REPEATS = 21 };

struct decision_times {
	size_t pods;
	double choice_ms[DECISION_REPEATS]; /* the filters and the choice, for one pod */
	double round_ms[DECISION_REPEATS];  /* a whole round: alarms, who moves, where to, the Escapes written
					     */
};

typedef double (*decision_clock)(void); /* seconds */

int decision_measure(size_t nodes, decision_clock clock_s, struct decision_times *ret);

#endif
