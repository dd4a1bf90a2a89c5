/* SPDX-License-Identifier: Apache-2.0 */
/* The NodeVerdicts that should be written, the Events that tell of them, and the nodes to cordon. Pure. */
#ifndef ESCAPE_OPERATOR_PLAN_VERDICTS_H
#define ESCAPE_OPERATOR_PLAN_VERDICTS_H

#include "operator/plan/action.h"
#include "operator/plan/config.h"

void plan_verdicts(const struct world *w, const struct plan_config *c, int64_t now_ms, struct actions *out);

/* How many nodes foreign detectors may make hacked at the same time: a share of all, never less than one. */
size_t plan_foreign_limit(const struct world *w, const struct plan_config *c);
/* Nodes about which foreign detectors said more than they may. */
size_t plan_foreign_limited(const struct world *w, const struct plan_config *c, int64_t now_ms);

#endif
