/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is told when something changes, and what is due each second. The modules know nothing of those above
 * them: the ways back up are all here. Loop thread only.
 */
#ifndef ESCAPE_AGENT_EVENTS_H
#define ESCAPE_AGENT_EVENTS_H

#include "node-agent/agent/escapes/escapes.h"
#include "node-agent/agent/guard/guard.h"
#include "node-agent/agent/keepers/keepers.h"

/* The argument is the agent. */
extern const struct keepers_ops EVENTS_OF_KEEPERS;
extern const struct escapes_ops EVENTS_OF_ESCAPES;
extern const struct guard_ops EVENTS_OF_GUARDS;

void events_on_pod(void *arg, enum kube_change change, const struct json *object, const struct json *old);
void events_on_synced(void *arg);
void events_tick(void *arg);

#endif
