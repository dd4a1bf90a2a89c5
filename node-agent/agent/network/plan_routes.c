/* SPDX-License-Identifier: Apache-2.0 */
#include <base/str.h>

#include "node-agent/agent/network/routes.h"

/* Sent ahead: from the cut on, packets wait at the destination's bridge until the pod is back, instead of
 * being lost. */
static bool is_sent_ahead(const struct route_input *in, const char *me)
{
	enum escape_phase p = in->x->status.phase;

	return (p == PHASE_STAGED || p == PHASE_SEALED) &&
	       (str_eq(in->x->spec.destination_node, me) || (in->cut && str_eq(in->x->spec.source_node, me)));
}

static bool has_address(const struct route_input *in, const char *me)
{
	const struct escape *x = in->x;
	enum escape_phase p = x->status.phase;

	return x->spec.kind == ESCAPE_MOVE && x->spec.network == NETWORK_ADDRESS &&
	       !x->status.network_released &&
	       (p == PHASE_RESTORING || p == PHASE_RESTORED || p == PHASE_SUCCEEDED || is_sent_ahead(in, me));
}

static int64_t claimed_at(const struct escape *x)
{
	for (size_t i = 0; i < x->status.n_timeline; i++)
		if (str_eq(x->status.timeline[i].phase, ESCAPE_PHASE_NAMES[PHASE_RESTORING]))
			return x->status.timeline[i].at_ms;
	return x->created_ms;
}

static const struct node *node_by_name(const struct node *nodes, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(nodes[i].name, name))
			return &nodes[i];
	return NULL;
}

static struct route_plan *entry_for(struct route_plan *ret, size_t *n, size_t max, const char *address)
{
	for (size_t i = 0; i < *n; i++)
		if (str_eq(ret[i].address, address))
			return &ret[i];
	if (*n == max)
		return NULL;
	ret[*n] = (struct route_plan){.claimed_ms = INT64_MIN};
	str_copy(ret[*n].address, sizeof(ret[*n].address), address);
	return &ret[(*n)++];
}

static void entry_set(const struct escape *x, const struct node *to, const char *me, struct route_plan *r)
{
	r->local = str_eq(x->spec.destination_node, me);
	r->claimed_ms = claimed_at(x);
	str_copy(r->successor_uid, sizeof(r->successor_uid), x->status.successor_uid);
	str_copy(r->via, sizeof(r->via), r->local ? "" : to->internal_ip);
}

size_t plan_routes(const struct route_input *in, size_t n, const struct node *nodes, size_t n_nodes,
	const char *me, struct route_plan *ret, size_t max)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++) {
		const struct escape *x = in[i].x;
		const struct node *to = node_by_name(nodes, n_nodes, x->spec.destination_node);

		if (!has_address(&in[i], me) ||
			(!str_eq(x->spec.destination_node, me) && (!to || !*to->internal_ip)))
			continue;
		for (size_t a = 0; a < x->spec.n_addresses; a++) {
			struct route_plan *r = entry_for(ret, &count, max, x->spec.addresses[a]);

			if (r && claimed_at(x) > r->claimed_ms)
				entry_set(x, to, me, r);
		}
	}
	return count;
}
