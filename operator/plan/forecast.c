/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/plan/forecast.h"

#include "operator/plan/view.h"

#include <base/cleanup.h>
#include <errno.h>
#include <stdlib.h>

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

static int by_value(const void *va, const void *vb)
{
	double a = *(const double *)va, b = *(const double *)vb;

	return a < b ? -1 : a > b;
}

/* Counts, and notes since when the hacked ones are so, in time units before now. */
static void nodes_count(const struct world *w, const struct plan_config *c, int64_t now_ms,
	struct forecast *ret, double *times)
{
	for (const struct world_node *i = w->nodes; i; i = i->hh.next) {
		enum verdict_state state;
		int64_t since_ms = now_ms;

		if (!i->known)
			continue;
		ret->nodes++;
		state = view_node_state(i, c, now_ms);
		ret->suspect += state == VERDICT_SUSPECT;
		if (state != VERDICT_HACKED)
			continue;
		if (i->verdict && i->verdict->status.state == VERDICT_HACKED &&
			i->verdict->status.since_ms < now_ms)
			since_ms = i->verdict->status.since_ms;
		times[ret->hacked++] = -(double)(now_ms - since_ms) / (double)c->time_unit_ms;
	}
	qsort(times, ret->hacked, sizeof(*times), by_value);
}

int forecast_make(const struct world *w, const struct plan_config *c, int64_t now_ms, struct forecast *ret,
	struct err *e)
{
	auto_free double *times = calloc(HASH_COUNT(w->nodes) + 1, sizeof(*times));
	double v;
	int rc;

	*ret = (struct forecast){.td = forecast_td(w, c)};
	if (!times)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for the times of %u nodes",
			HASH_COUNT(w->nodes));
	nodes_count(w, c, now_ms, ret, times);
	v = (double)ret->nodes;
	ret->density = ret->nodes ? (double)ret->hacked / v : 0;
	rc = model_growth_fit(times, ret->hacked, 0, v, &ret->growth, e);
	if (!rc)
		rc = model_growth_ahead(
			&ret->growth, (double)ret->hacked, c->horizon, v, &ret->hacked_ahead, e);
	return rc ? rc : model_forecast(ret->hacked_ahead, v, ret->td, c->horizon, &ret->survival, e);
}
