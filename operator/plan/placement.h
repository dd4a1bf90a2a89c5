/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a pod goes: which nodes could take it, with the reason for each that cannot, and the model's seeded
 * choice among the others. Pure. It does not know of free resources: kube-scheduler has the last word on the
 * successor, and an Escape that it cannot place is called off.
 */
#ifndef ESCAPE_OPERATOR_PLACEMENT_H
#define ESCAPE_OPERATOR_PLACEMENT_H

#include "operator/plan/config.h"
#include "operator/world/world.h"

struct placement {
	char node[API_NAME_MAX];
	/* Every node, or where there are more than fit, the heaviest and the chosen one. */
	struct escape_candidate candidates[ESCAPE_CANDIDATES_MAX];
	size_t n_candidates;
};

/* Why the pod cannot go to this node, a static string; "" when it can. */
const char *placement_excluded(
	const struct world_node *n, const struct world_pod *p, const struct plan_config *c, int64_t now_ms);
/* -ENOENT with reason NoFeasibleNode and why; candidates are filled in any case. */
int placement_choose(const struct world *w, const struct plan_config *c, const struct world_pod *p,
	uint64_t seed, int64_t now_ms, struct placement *ret, struct err *e);

#endif
