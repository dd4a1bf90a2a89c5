/* SPDX-License-Identifier: Apache-2.0 */
/* What is told about an Escape that changed its phase: an Event, and the numbers for the metrics. Pure. */
#ifndef ESCAPE_OPERATOR_NOTICES_H
#define ESCAPE_OPERATOR_NOTICES_H

#include "operator/plan/action.h"

/* Events on the Escape, and at the end of it on the pods. */
void notices_phase(const struct escape *x, struct actions *out);
/* Seconds that the phase before the present one took, by the timeline; negative when it does not say. */
double notices_last_phase_s(const struct escape *x, const char **ret_phase);

#endif
