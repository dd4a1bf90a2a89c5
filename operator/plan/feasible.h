/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hard filters: why a pod cannot go to a node. Pure. What is the same for all nodes is looked up once; a
 * node then costs no search and no memory. Volumes that belong to one node, anti-affinity between pods,
 * spread constraints and host ports are left to kube-scheduler, which has the last word on the successor: an
 * Escape that it cannot place is called off.
 */
#ifndef ESCAPE_OPERATOR_FEASIBLE_H
#define ESCAPE_OPERATOR_FEASIBLE_H

#include "operator/plan/action.h"
#include "operator/plan/config.h"
#include "operator/world/world.h"

#define FEASIBLE_WHY_MAX 96

/* A successor that is on its way, or planned in this round. */
struct inbound {
	const struct world_node *to;
	struct resources asks; /* 0 once the pod is on the node and counted there */
};

/* A node that the pod itself has left, or failed to reach, a short while ago. */
struct footprint {
	const struct world_node *node;
	int64_t at_ms;
	bool failed; /* it never arrived there */
};
enum { FOOTPRINTS_MAX = 8 };

struct feasible {
	const struct world *w;
	const struct plan_config *c;
	const struct world_pod *pod;
	const struct world_node *source; /* NULL: not known */
	int64_t now_ms;
	struct inbound *inbound; /* owned */
	size_t n_inbound;
	struct footprint footprints[FOOTPRINTS_MAX];
	size_t n_footprints;
};

/* planned: actions of this round, or NULL. -ENOMEM. */
int feasible_begin(const struct world *w, const struct plan_config *c, const struct world_pod *p,
	const struct actions *planned, int64_t now_ms, struct feasible *ret, struct err *e);
void feasible_end(struct feasible *f);
/* False, and why, when the pod cannot go to this node. */
bool feasible_node(const struct feasible *f, const struct world_node *n, char why[static FEASIBLE_WHY_MAX]);
/* How many are on their way to the node; a move of the pod itself there that was called off a moment ago
 * counts as one. Nodes with fewer come first. */
uint32_t feasible_crowd(const struct feasible *f, const struct world_node *n);

#endif
