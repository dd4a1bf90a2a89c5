/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evictions that become moves (onEviction: Move). The webhook asks eviction_judge for each eviction; one that
 * should be a move is refused with "try again" and written down on the pod, and the leader's round makes an
 * Escape of it. Whoever evicts (kubectl drain, an autoscaler) asks again until the pod is gone. No drain
 * waits for ever: what cannot move, or did not in time, is evicted. Pure.
 */
#ifndef ESCAPE_OPERATOR_PLAN_EVICTIONS_H
#define ESCAPE_OPERATOR_PLAN_EVICTIONS_H

#include "operator/plan/round.h"

enum eviction {
	EVICTION_PASSES, /* an ordinary eviction; *why says why a pod that should move does not, or its code
			    is 0 */
	EVICTION_WAITS,  /* try again: the move is asked for, or under way */
	EVICTION_ASKS,   /* the same, and the wish is to be written down on the pod */
};

/* *why is for whoever evicts. */
enum eviction eviction_judge(const struct world *w, const struct plan_config *c, const struct world_pod *p,
	int64_t now_ms, struct err *why);

/* Moves for the evictions that were written down. */
void plan_evictions(struct round *r);

#endif
