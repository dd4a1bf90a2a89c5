/* SPDX-License-Identifier: Apache-2.0 */
/* Counts the node's containers for the metrics. */
#ifndef ESCAPE_AGENT_GAUGES_H
#define ESCAPE_AGENT_GAUGES_H

#include "node-agent/agent/core/agent.h"

/* Each second. */
void gauges_tick(struct agent *a);

#endif
