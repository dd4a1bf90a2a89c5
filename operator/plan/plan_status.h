/* SPDX-License-Identifier: Apache-2.0 */
/* What an EscapePolicy's status should say, and a patch when it says something else. Pure. */
#ifndef ESCAPE_OPERATOR_PLAN_STATUS_H
#define ESCAPE_OPERATOR_PLAN_STATUS_H

#include "operator/plan/action.h"
#include "operator/plan/config.h"

void plan_status(const struct world *w, const struct plan_config *c, const struct world_policy *p,
	int64_t now_ms, struct actions *out);

#endif
