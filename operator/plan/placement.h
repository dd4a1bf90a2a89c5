/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a pod goes: the nodes that could take it (feasible.h), and the model's seeded choice among them
 * (model/place.h). Pure.
 */
#ifndef ESCAPE_OPERATOR_PLACEMENT_H
#define ESCAPE_OPERATOR_PLACEMENT_H

#include "operator/plan/action.h"
#include "operator/plan/config.h"
#include "operator/world/world.h"

struct placement {
	char node[API_NAME_MAX];
	struct escape_choice choice;
	/* Every node in the order of names, or where there are more than fit, those that drew highest (the
	 * chosen one first) and then excluded ones. */
	struct escape_candidate candidates[ESCAPE_CANDIDATES_MAX];
	size_t n_candidates;
};

/* For a pod that a policy governs. planned: what this round has decided already, or NULL. -ENOENT with reason
 * NoFeasibleNode and why; choice and candidates are filled in that case too. -ENOMEM. */
int placement_choose(const struct world *w, const struct plan_config *c, const struct world_pod *p,
	const struct actions *planned, uint64_t seed, int64_t now_ms, struct placement *ret, struct err *e);

#endif
