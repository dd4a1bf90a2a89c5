/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of plan_escape share; nobody else includes it. */
#ifndef ESCAPE_OPERATOR_PLAN_PRIV_H
#define ESCAPE_OPERATOR_PLAN_PRIV_H

#include "operator/plan/action.h"
#include "operator/plan/config.h"

struct step {
	const struct world *w;
	const struct plan_config *c;
	const struct world_escape *entry;
	const struct escape *x;
	const struct world_pod *old;       /* NULL: gone */
	const struct world_pod *successor; /* NULL: not made yet, or gone */
	int64_t now_ms;
	struct actions *out;
};

/* The phase lasts longer than a step may; else a wake-up is planned for then. */
bool step_overdue(const struct step *s);
bool step_overdue_after(const struct step *s, int64_t deadline_ms);
/* To the phase, provided that the Escape is still at the version seen. */
struct action *step_to(const struct step *s, enum escape_phase to, const char *reason, const char *message);
/* The same, provided that the old pod is really gone. */
struct action *step_to_when_gone(
	const struct step *s, enum escape_phase to, const char *reason, const char *message);

void plan_move(const struct step *s);
/* The phases from Restored on. */
void plan_handover(const struct step *s);
void plan_network_release(const struct step *s);

#endif
