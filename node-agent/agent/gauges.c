/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/agent/gauges.h"

#include "node-agent/agent/guard/guard.h"
#include "node-agent/agent/report/metrics.h"

static size_t *state_of(const struct guard *g, struct agent_gauges *n)
{
	if (g->alarmed || g->keeper->last.state == KEEPER_FROZEN)
		return &n->frozen;
	if (g->mode == MONITOR_LEARN)
		return &n->learning;
	return g->mode == MONITOR_DETECT ? &n->watching : &n->other;
}

void gauges_tick(struct agent *a)
{
	struct agent_gauges n = {.orders = keepers_in_flight(a->keepers)};
	struct monitor_stats s;

	for (const struct guard *g = a->guards; g; g = g->next) {
		if (!g->policy || g->init_container)
			continue;
		(*state_of(g, &n))++;
		if (!g->watch || monitor_watch_stats(g->watch, &s))
			continue;
		n.bags += s.bags;
		n.lost += s.lost;
	}
	metrics_gauges(a->metrics, &n);
}
