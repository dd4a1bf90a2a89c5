/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/agent/network/routes.h"

#include <base/clock.h>
#include <base/log.h>
#include <base/str.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "node-agent/agent/escapes/escapes.h"
#include "node-agent/agent/guard/guard.h"
#include "node-agent/agent/keepers/fence.h"
#include "node-agent/net/netswitch.h"

#define SWEEP_MS 30000
#define KEEP_MAX 2048

struct routes {
	struct agent *agent;
	struct node *nodes;
	size_t n_nodes, cap_nodes;
	struct net_route *applied;
	size_t n_applied;
	bool ever_applied;
	bool soon, dirty;
	int64_t sweep_due_ms;
};

int routes_new(struct agent *a, struct routes **ret)
{
	struct routes *rs = calloc(1, sizeof(*rs));

	if (!rs)
		return -ENOMEM;
	rs->agent = a;
	*ret = rs;
	return 0;
}

void routes_free(struct routes *rs)
{
	if (!rs)
		return;
	free(rs->nodes);
	free(rs->applied);
	free(rs);
}

struct gather {
	const struct agent *agent;
	struct route_input *list;
	size_t n, max;
};

static bool is_cut(const struct agent *a, const struct escape *x)
{
	enum escape_phase p = x->status.phase;

	return (p == PHASE_STAGED || p == PHASE_SEALED) && str_eq(x->spec.source_node, a->cfg->node) &&
	       fence_stands(a->fences_dir, x->spec.pod_uid);
}

static void gather_one(void *arg, const struct escape *x)
{
	struct gather *g = arg;

	if (g->n < g->max)
		g->list[g->n++] = (struct route_input){.x = x, .cut = is_cut(g->agent, x)};
}

static int pid_of_pod(const struct agent *a, const char *uid)
{
	for (const struct guard *g = a->guards; g; g = g->next)
		if (str_eq(g->keeper->last.pod_uid, uid) && g->keeper->last.init_pid && g->keeper->connected)
			return g->keeper->last.init_pid;
	return 0;
}

static bool route_resolve(const struct agent *a, const struct route_plan *p, struct net_route *r)
{
	int pid = p->local ? pid_of_pod(a, p->successor_uid) : 0;
	struct err e;

	*r = (struct net_route){.local = p->local};
	str_copy(r->address, sizeof(r->address), p->address);
	str_copy(r->via, sizeof(r->via), p->via);
	if (!p->local)
		return true;
	if (!pid)
		return false;
	if (!net_pod_bridge(pid, r->device, sizeof(r->device), &e))
		return true;
	log_warn("moved address not routed", "address", p->address, "reason", e.reason, "why", e.message);
	return false;
}

/* A local address whose pod is not found keeps the route that it has: its keeper may just be connecting
 * again. */
static bool route_as_before(const struct routes *rs, const struct route_plan *p, struct net_route *r)
{
	for (size_t i = 0; i < rs->n_applied; i++)
		if (str_eq(rs->applied[i].address, p->address) && rs->applied[i].local) {
			*r = rs->applied[i];
			return true;
		}
	return false;
}

static size_t routes_resolve(
	const struct routes *rs, const struct route_plan *plan, size_t n, struct net_route *ret)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		if (route_resolve(rs->agent, &plan[i], &ret[count]) ||
			route_as_before(rs, &plan[i], &ret[count]))
			count++;
	return count;
}

static bool routes_equal(const struct routes *rs, const struct net_route *r, size_t n)
{
	if (!rs->ever_applied || n != rs->n_applied)
		return false;
	for (size_t i = 0; i < n; i++) {
		const struct net_route *a = &rs->applied[i], *b = &r[i];

		if (!str_eq(a->address, b->address) || a->local != b->local ||
			!str_eq(a->device, b->device) || !str_eq(a->via, b->via))
			return false;
	}
	return true;
}

/* Takes r. */
static void routes_apply(struct routes *rs, struct net_route *r, size_t n)
{
	struct err e;

	if (routes_equal(rs, r, n)) {
		free(r);
		return;
	}
	if (net_routes_apply(r, n, &e)) {
		log_error("routes not applied", "reason", e.reason, "why", e.message);
		rs->dirty = true;
		free(r);
		return;
	}
	free(rs->applied);
	rs->applied = r;
	rs->n_applied = n;
	rs->ever_applied = true;
}

static bool routes_known(const struct routes *rs)
{
	const struct agent *a = rs->agent;

	/* From half the picture, routes of the other half would be removed. */
	return escapes_synced(a->escapes) && kube_informer_synced(a->nodes) && keepers_settled(a->keepers);
}

static void routes_update(void *arg)
{
	struct routes *rs = arg;
	struct gather g = {.agent = rs->agent, .max = ROUTES_MAX};
	struct route_plan *plan = NULL;
	struct net_route *routes = NULL;
	size_t n;

	rs->soon = false;
	if (rs->agent->stopping)
		return;
	rs->dirty = !routes_known(rs);
	if (rs->dirty)
		return;
	g.list = calloc(g.max, sizeof(*g.list));
	plan = calloc(ROUTES_MAX, sizeof(*plan));
	routes = calloc(ROUTES_MAX, sizeof(*routes));
	if (g.list && plan && routes) {
		escapes_each(rs->agent->escapes, gather_one, &g);
		n = plan_routes(g.list, g.n, rs->nodes, rs->n_nodes, rs->agent->cfg->node, plan, ROUTES_MAX);
		n = routes_resolve(rs, plan, n, routes);
		routes_apply(rs, routes, n);
		routes = NULL;
	}
	free(g.list);
	free(plan);
	free(routes);
}

void routes_touch(struct routes *rs)
{
	if (rs->soon || rs->agent->stopping)
		return;
	rs->soon = !loop_soon(rs->agent->loop, routes_update, rs);
}

static void node_remove(struct routes *rs, const char *name)
{
	for (size_t i = 0; i < rs->n_nodes; i++)
		if (str_eq(rs->nodes[i].name, name))
			rs->nodes[i--] = rs->nodes[--rs->n_nodes];
}

static int node_add(struct routes *rs, const struct json *object)
{
	if (rs->n_nodes == rs->cap_nodes) {
		size_t cap = rs->cap_nodes ? rs->cap_nodes * 2 : 16;
		struct node *nodes = realloc(rs->nodes, cap * sizeof(*nodes));

		if (!nodes)
			return -ENOMEM;
		rs->nodes = nodes;
		rs->cap_nodes = cap;
	}
	return node_decode(object, &rs->nodes[rs->n_nodes], NULL) ? -EINVAL : (int)(rs->n_nodes++, 0);
}

static bool address_same(const struct json *a, const struct json *b)
{
	return json_equal(json_at(a, "status.addresses"), json_at(b, "status.addresses"));
}

void routes_on_node(void *arg, enum kube_change change, const struct json *object, const struct json *old)
{
	struct agent *a = arg;
	const char *name = json_str_at(object, "metadata.name", "");

	/* Nodes report their heartbeat often; their address matters. */
	if (change == KUBE_UPDATED && address_same(object, old))
		return;
	node_remove(a->routes, name);
	if (change != KUBE_REMOVED && node_add(a->routes, object))
		log_warn("node not understood", "node", name);
	routes_touch(a->routes);
}

struct keep {
	const char **list;
	size_t n;
	bool full;
};

static void keep_add(struct keep *k, const char *address)
{
	if (k->n == KEEP_MAX)
		k->full = true;
	else
		k->list[k->n++] = address;
}

static void keep_escape(void *arg, const struct escape *x)
{
	enum escape_phase p = x->status.phase;

	if (x->spec.kind != ESCAPE_MOVE || x->status.network_released || p == PHASE_ABORTED ||
		p == PHASE_FAILED)
		return;
	for (size_t i = 0; i < x->spec.n_addresses; i++)
		keep_add(arg, x->spec.addresses[i]);
}

static void keep_pod(void *arg, const struct json *pod)
{
	json_foreach(ip, json_at(pod, "status.podIPs")) keep_add(arg, json_str_at(ip, "ip", ""));
}

static bool fence_is_over(void *arg, const char *uid)
{
	struct agent *a = arg;

	for (const struct guard *g = a->guards; g; g = g->next)
		if (str_eq(g->keeper->last.pod_uid, uid))
			return false;
	return !agent_pod_exists(a, uid) && !escapes_open_for_pod(a->escapes, uid);
}

static void sweep(struct agent *a)
{
	struct keep k = {.list = calloc(KEEP_MAX, sizeof(*k.list))};
	struct err e;

	if (!k.list)
		return;
	escapes_each(a->escapes, keep_escape, &k);
	kube_informer_each(a->pods, keep_pod, &k);
	/* An incomplete list would free addresses that are in use. */
	if (!k.full && net_ipam_sweep(a->cfg->cni_dir, k.list, k.n, &e))
		log_warn("address reservations not swept", "reason", e.reason, "why", e.message);
	free(k.list);
	fence_sweep(a->fences_dir, fence_is_over, a);
}

void routes_tick(struct agent *a)
{
	struct routes *rs = a->routes;
	int64_t now = clock_monotonic_ms();

	if (rs->dirty)
		routes_touch(rs);
	if (now < rs->sweep_due_ms || !routes_known(rs) || !kube_informer_synced(a->pods))
		return;
	rs->sweep_due_ms = now + SWEEP_MS;
	sweep(a);
}
