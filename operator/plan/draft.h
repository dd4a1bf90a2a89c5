/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A new Escape, on its way into the list of actions. Its name follows from the pod, the cause (the anomaly,
 * if one led to it) and the attempt, so that two plans from the same or a stale view make the same object and
 * the API server refuses the second.
 */
#ifndef ESCAPE_OPERATOR_DRAFT_H
#define ESCAPE_OPERATOR_DRAFT_H

#include "operator/plan/action.h"
#include "operator/plan/config.h"
#include "operator/plan/placement.h"

struct draft {
	const struct world_pod *pod;
	const struct report_anomaly *anomaly; /* NULL: no alarm led to it, then cause says what did */
	const char *cause; /* anomaly NULL: names the occasion; another occasion, another name */
	enum escape_kind kind;
	enum state_choice state;
	const char *container; /* whose alarm, or "" */
	const char *reason;
	char message[ERR_MESSAGE_MAX];
	uint64_t seed;                     /* Move */
	const struct placement *placement; /* Move */
};

/* "<pod, shortened>-<8 hex>": a DNS label, also the successor's name. A successor's own hash is not kept, so
 * names do not grow. */
void draft_name(char dst[static API_LABEL_MAX], const struct world_pod *p, const char *cause, size_t attempt);
/* Adds the create and the Event on the pod. */
void draft_add(const struct world *w, const struct draft *d, struct actions *out);

#endif
