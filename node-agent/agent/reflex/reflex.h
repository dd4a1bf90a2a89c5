/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reflex: a verdict freezes the container at once, is written down beside the keeper, and goes into the
 * report. Within milliseconds and without the API server. What then happens is the operator's decision; when
 * none comes (decide_locally), the container is rolled back by the cached policy, and never more than that.
 */
#ifndef ESCAPE_AGENT_REFLEX_H
#define ESCAPE_AGENT_REFLEX_H

#include "node-agent/agent/guard/guard.h"

/* What the reflex needs is there before it is needed. */
int reflex_prepare(struct guard *g);
/* monitor_on_verdict; arg is the guard. */
void reflex_on_verdict(void *arg, const struct monitor_verdict *v);
/* Once per guard, when enough is known: the alarm of an earlier agent, or a container frozen by nobody knows
 * whom. */
void reflex_sight(struct guard *g);

#endif
