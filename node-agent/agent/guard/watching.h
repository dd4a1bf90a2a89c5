/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The eye on one guard: makes its eBPF watch what the policy, the keeper's state and the profile ask for now,
 * marks the container's tasks, and notices when learning has come to its end. Part of a guard; no state of
 * its own.
 */
#ifndef ESCAPE_AGENT_WATCHING_H
#define ESCAPE_AGENT_WATCHING_H

#include "node-agent/agent/guard/guard.h"

void watching_sync(struct guard *g);
void watching_end(struct guard *g);
/* Each second: what was learned goes to the profiles. */
void watching_tick(struct agent *a);

#endif
