/* SPDX-License-Identifier: Apache-2.0 */
/* What the two halves of plan_alarms share: the limits, counted over the world and over what this round has
 * planned already. */
#ifndef ESCAPE_OPERATOR_ROUND_H
#define ESCAPE_OPERATOR_ROUND_H

#include "operator/plan/action.h"
#include "operator/plan/config.h"
#include "operator/plan/draft.h"

struct round {
	const struct world *w;
	const struct plan_config *c;
	int64_t now_ms;
	uint64_t entropy;
	struct actions *out;
};

/* Under way in the world, or planned in this round. */
bool round_pod_busy(const struct round *r, const struct world_pod *p);
/* Would one more Escape be more than a share of the cluster at once? Told on the pod once per cause. */
bool round_braked(const struct round *r, const struct world_pod *p, const char *cause);
/* Would one more Move be more than the policy's maxConcurrent? */
bool round_moves_full(const struct round *r, const struct policy *p);
/* The state that moves: the policy's word, or what the cause asks for. */
enum state_choice round_state(const struct policy *p, enum state_choice by_cause);
/*
 * Adds a Move of d (its kind, seed and placement are set here). With the reason: -ENOENT when there is
 * nowhere to go, -EHOSTDOWN when the agent of the source is silent, so that nobody would freeze and dump.
 */
int round_move(struct round *r, struct draft *d, struct err *e);

/* The running, guarded pods of policies that act, on the nodes that are `wanted`, the most valuable first,
 * then by name. Caller frees *ret; NULL and 0 when memory is out (the round has then failed). */
size_t round_prey(struct round *r, bool (*wanted)(const struct world_node *n), const struct world_pod ***ret);
/* No alarm of its own, or each of them answered by an Escape that went well, and no foreign detector names
 * it: its memory may be trusted. */
bool round_pod_clean(const struct round *r, const struct world_pod *p);

/* Guarded, clean pods of enforcing policies on nodes that others have hacked. */
void plan_alarms_beside(struct round *r);

#endif
