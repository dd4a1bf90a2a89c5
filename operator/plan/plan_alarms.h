/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which new Escapes the alarms ask for. Pure: the same world, time and entropy give the same actions. An
 * anomaly of a pod is answered by a rollback, a restart, or, when it persists, a move with the last safe
 * state; clean pods beside a predator move with their live state. Nothing here drives an Escape that exists:
 * that is plan_escape.
 */
#ifndef ESCAPE_OPERATOR_PLAN_ALARMS_H
#define ESCAPE_OPERATOR_PLAN_ALARMS_H

#include "operator/plan/action.h"
#include "operator/plan/config.h"

/* Entropy is where the placements' seeds come from; each is written into its Escape. */
void plan_alarms(const struct world *w, const struct plan_config *c, int64_t now_ms, uint64_t entropy,
	struct actions *out);

#endif
