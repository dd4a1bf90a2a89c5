/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/plan/forecast.h"

#include "operator/plan/view.h"

double forecast_td(const struct world *w, const struct plan_config *c)
{
	double sum = 0;
	size_t n = 0;

	for (const struct world_node *i = w->nodes; i; i = i->hh.next) {
		if (!i->reported || i->detection_ms <= 0)
			continue;
		sum += (double)i->detection_ms / (double)c->time_unit_ms;
		n++;
	}
	return n ? sum / (double)n : 1;
}

int forecast_make(const struct world *w, const struct plan_config *c, int64_t now_ms, struct forecast *ret,
	struct err *e)
{
	*ret = (struct forecast){.td = forecast_td(w, c)};
	for (const struct world_node *i = w->nodes; i; i = i->hh.next) {
		if (!i->known)
			continue;
		ret->nodes++;
		ret->hacked += view_node_hacked(i, c, now_ms);
	}
	return model_forecast(
		(double)ret->hacked, (double)ret->nodes, ret->td, c->horizon, &ret->survival, e);
}
