/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's numbers for Prometheus, and the pages /metrics, /healthz and /readyz. */
#ifndef ESCAPE_AGENT_METRICS_H
#define ESCAPE_AGENT_METRICS_H

#include <http/server.h>

#include "node-agent/agent/core/agent.h"

struct agent_metrics;

struct agent_gauges {
	size_t learning, watching, frozen, other; /* containers */
	uint64_t bags, lost, unjudged;            /* of the watches that stand */
	uint64_t exec_tasks, execs, exec_calls; /* executed into containers from outside and counted apart */
	size_t orders;                          /* to keepers, under way */
};

int agent_metrics_new(struct agent_metrics **ret, struct err *e);
void agent_metrics_free(struct agent_metrics *m);
int agent_metrics_serve(struct agent *a, struct http_server *s);

void metrics_detection(struct agent_metrics *m, double seconds);
void metrics_verdict(struct agent_metrics *m, double seconds);
void metrics_freeze(struct agent_metrics *m, double seconds);
/* seconds 0: a part of a move, whose steps are in the Escape. */
void metrics_snapshot(struct agent_metrics *m, bool ok, double seconds);
void metrics_restore(struct agent_metrics *m, bool ok);
void metrics_gauges(struct agent_metrics *m, const struct agent_gauges *g);

#endif
