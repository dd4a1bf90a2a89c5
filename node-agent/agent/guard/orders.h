/* SPDX-License-Identifier: Apache-2.0 */
/* The same order to several containers of one pod at once, answered when all have answered. */
#ifndef ESCAPE_AGENT_ORDERS_H
#define ESCAPE_AGENT_ORDERS_H

#include "node-agent/agent/guard/guard.h"

/* e: the first failure, or NULL. */
typedef void (*orders_done)(void *arg, const struct err *e);
/*
 * FREEZE, THAW or KILL to each guard of the pod for which `wants` is true (NULL: all); these need no order
 * id, doing them twice is doing them once. done runs exactly once, never from inside this call, also when
 * there is nobody to order; not at all when this fails.
 */
int orders_to_pod(struct agent *a, const char *pod_uid, bool (*wants)(const struct guard *g),
	enum keeper_verb verb, orders_done done, void *arg, struct err *e);

#endif
