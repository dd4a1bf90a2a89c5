/* SPDX-License-Identifier: Apache-2.0 */
/* The numbers that the model takes from the world: V, N, how N grows, and td. Pure. */
#ifndef ESCAPE_OPERATOR_FORECAST_H
#define ESCAPE_OPERATOR_FORECAST_H

#include "operator/plan/config.h"
#include "operator/world/world.h"

#include <model/growth.h>
#include <model/model.h>

struct forecast {
	size_t nodes, suspect, hacked;
	double density; /* rho = N / V; 0 without nodes */
	double td;      /* mean detection time in time units */
	struct model_growth growth;
	double hacked_ahead;            /* N at the horizon, by that growth */
	struct model_forecast survival; /* of a container, up to the horizon, with that N */
};

/* Mean over the nodes that measured one; one time unit where none has yet. */
double forecast_td(const struct world *w, const struct plan_config *c);
/* -EDOM when there is no node. */
int forecast_make(const struct world *w, const struct plan_config *c, int64_t now_ms, struct forecast *ret,
	struct err *e);

#endif
