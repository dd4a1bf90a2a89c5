/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where moved addresses live, as this node must route them: a pure plan over all Escapes and nodes, applied
 * whenever it changes. Also keeps the reservations of addresses that live elsewhere, and frees them when they
 * are needed no more.
 */
#ifndef ESCAPE_AGENT_ROUTES_H
#define ESCAPE_AGENT_ROUTES_H

#include <api/escape.h>
#include <api/pod.h>

#include "node-agent/agent/core/agent.h"

#define ROUTES_MAX 1024

struct route_plan {
	char address[API_ADDRESS_MAX];
	bool local; /* on this node, behind the bridge of the pod successor_uid */
	char successor_uid[API_UID_MAX];
	char via[API_ADDRESS_MAX]; /* else: the destination's internal IP */
	int64_t claimed_ms;        /* when its Escape was claimed: the latest claim has the address */
};

struct route_input {
	const struct escape *x;
	bool cut; /* this node is the source, and the pod is cut off and fenced */
};

/*
 * Pure. One entry per address, from Moves that are Restoring, Restored or Succeeded and have not released the
 * network; source and destination send packets ahead from the cut on. The one claimed last wins. Destinations
 * whose node is unknown are left out. Returns the number of entries, at most max.
 */
size_t plan_routes(const struct route_input *in, size_t n, const struct node *nodes, size_t n_nodes,
	const char *me, struct route_plan *ret, size_t max);

struct routes;
int routes_new(struct agent *a, struct routes **ret);
void routes_free(struct routes *rs);
/* Something may have changed: planned and applied before the loop waits again. */
void routes_touch(struct routes *rs);
void routes_on_node(void *arg, enum kube_change change, const struct json *object, const struct json *old);
/* Each second: reservations and fences that nobody needs any more go, when pods went. */
void routes_tick(struct agent *a);

#endif
