/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/agent/gauges.h"

#include <base/log.h>

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

static void watch_add(const struct guard *g, struct agent_gauges *n)
{
	struct monitor_stats s;

	if (!g->watch || monitor_watch_stats(g->watch, &s))
		return;
	n->bags += s.bags;
	n->lost += s.lost;
	n->unjudged += s.unjudged;
	n->execs += s.execs;
	n->exec_calls += s.exec_calls;
	n->exec_tasks += monitor_watch_tasks(g->watch).outside;
}

void gauges_tick(struct agent *a)
{
	struct agent_gauges n = {.orders = keepers_in_flight(a->keepers)};

	if (a->monitor && monitor_count_tasks(a->monitor))
		log_warn("tasks not counted");
	for (const struct guard *g = a->guards; g; g = g->next) {
		if (!g->policy || g->init_container)
			continue;
		(*state_of(g, &n))++;
		watch_add(g, &n);
	}
	metrics_gauges(a->metrics, &n);
}
