/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operator's next step of one Escape (the table of who may take which step is PHASE_STEPS in
 * api/escape.h). Pure and level-triggered: it looks at the phase, the two pods and the clock, never at what
 * was done before, so it may be called at any time, twice, late, or by an operator that has just started.
 * What depends on something being gone says so in action.need, and the shell reads it afresh.
 */
#ifndef ESCAPE_OPERATOR_PLAN_ESCAPE_H
#define ESCAPE_OPERATOR_PLAN_ESCAPE_H

#include "operator/plan/action.h"
#include "operator/plan/config.h"

void plan_escape(const struct world *w, const struct plan_config *c, const struct world_escape *e,
	int64_t now_ms, struct actions *out);
/* The step after the successor's creation; the shell calls it with the object that the API server returned.
 */
struct json *plan_staging_patch(const struct escape *x, const struct json *successor, int64_t now_ms);

#endif
