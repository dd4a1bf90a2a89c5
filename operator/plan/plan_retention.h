/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which finished Escapes may go: the newest stay, and so do those that still mean something: addresses that
 * live by them, rollbacks that count towards persistence, anomalies that would else look unanswered. Pure.
 */
#ifndef ESCAPE_OPERATOR_PLAN_RETENTION_H
#define ESCAPE_OPERATOR_PLAN_RETENTION_H

#include "operator/plan/action.h"
#include "operator/plan/config.h"

void plan_retention(const struct world *w, const struct plan_config *c, const char *namespace_,
	int64_t now_ms, struct actions *out);

#endif
