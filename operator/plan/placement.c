/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/plan/placement.h"

#include "operator/plan/forecast.h"
#include "operator/plan/view.h"

#include <base/cleanup.h>
#include <base/str.h>
#include <errno.h>
#include <model/place.h>
#include <stdlib.h>

static bool node_selector_matches(const struct json *node, const struct json *pod)
{
	const struct json *labels = json_at(node, "metadata.labels");

	json_foreach(want, json_at(pod, "spec.nodeSelector"))
	{
		if (!str_eq(json_str(json_member(labels, json_key(want))), json_str(want)))
			return false;
	}
	return true;
}

const char *placement_excluded(
	const struct world_node *n, const struct world_pod *p, const struct plan_config *c, int64_t now_ms)
{
	if (str_eq(n->name, p->node))
		return "it is the source";
	if (view_node_hacked(n, c, now_ms))
		return "it is hacked";
	if (!n->node.ready)
		return "it is not Ready";
	if (n->node.unschedulable)
		return "it is cordoned";
	if (n->node.noschedule_taint)
		return "it has a NoSchedule or NoExecute taint";
	if (!n->reported)
		return "no agent reports from it";
	if (!view_agent_alive(n, c, now_ms))
		return "its agent is silent";
	if (!n->can_restore)
		return "its agent says that it cannot restore (see its NodeReport)";
	if (!node_selector_matches(n->obj, p->obj))
		return "it does not match the pod's nodeSelector";
	return "";
}

static size_t nodes_fill(const struct world *w, const struct plan_config *c, const struct world_pod *p,
	int64_t now_ms, struct place_node *nodes)
{
	size_t n = 0;

	for (const struct world_node *i = w->nodes; i; i = i->hh.next) {
		const char *excluded;

		if (!i->known)
			continue;
		excluded = placement_excluded(i, p, c, now_ms);
		nodes[n++] = (struct place_node){.name = i->name,
			.trait = {[PLACE_ZONE] = i->node.zone,
				[PLACE_REGION] = i->node.region,
				[PLACE_RACK] = i->node.rack,
				[PLACE_KERNEL] = i->node.kernel,
				[PLACE_CPU_MODEL] = i->cpu_model,
				[PLACE_RUNTIME] = i->node.runtime,
				[PLACE_OS] = i->node.os_image,
				[PLACE_PROVIDER] = i->node.provider,
				[PLACE_NETWORK] = i->node.network},
			.hacked = view_node_hacked(i, c, now_ms),
			.excluded = *excluded ? excluded : NULL};
	}
	return n;
}

static int heavier_first(const void *va, const void *vb)
{
	const struct place_row *a = va, *b = vb;

	if (a->weight != b->weight)
		return a->weight > b->weight ? -1 : 1;
	return 0;
}

static void candidate_fill(struct escape_candidate *dst, const struct place_row *r)
{
	str_copy(dst->node, sizeof(dst->node), r->node);
	dst->density = r->density;
	dst->survival = r->survival;
	dst->distance = r->distance;
	dst->weight = r->weight;
	str_copy(dst->excluded, sizeof(dst->excluded), r->excluded);
}

/* In the order of names where all fit. */
static void candidates_fill(
	struct placement *dst, struct place_row *rows, size_t n, const struct place_row *chosen)
{
	struct place_row kept = chosen ? *chosen : (struct place_row){0};
	bool listed = !chosen;

	if (n > ESCAPE_CANDIDATES_MAX) {
		qsort(rows, n, sizeof(*rows), heavier_first);
		n = ESCAPE_CANDIDATES_MAX;
	}
	for (size_t i = 0; i < n; i++) {
		candidate_fill(&dst->candidates[i], &rows[i]);
		listed |= str_eq(rows[i].node, kept.node);
	}
	if (!listed)
		candidate_fill(&dst->candidates[n - 1], &kept);
	dst->n_candidates = n;
}

static enum place_strategy strategy_of(const struct policy *p)
{
	static const enum place_strategy OURS[] = {[STRATEGY_PREDATOR_PREY] = PLACE_PREDATOR_PREY,
		[STRATEGY_RANDOM] = PLACE_RANDOM,
		[STRATEGY_FARTHEST] = PLACE_FARTHEST};

	return OURS[p->placement.strategy];
}

static struct place_weights weights_of(const struct policy *p)
{
	return (struct place_weights){{
		[PLACE_ZONE] = p->placement.distance.zone,
		[PLACE_REGION] = p->placement.distance.region,
		[PLACE_RACK] = p->placement.distance.rack,
		[PLACE_KERNEL] = p->placement.distance.kernel,
		[PLACE_CPU_MODEL] = p->placement.distance.cpu_model,
		[PLACE_CPU_FEATURES] = p->placement.distance.cpu_features,
		[PLACE_RUNTIME] = p->placement.distance.runtime,
		[PLACE_OS] = p->placement.distance.os,
		[PLACE_PROVIDER] = p->placement.distance.provider,
		[PLACE_NETWORK] = p->placement.distance.network,
	}};
}

int placement_choose(const struct world *w, const struct plan_config *c, const struct world_pod *p,
	uint64_t seed, int64_t now_ms, struct placement *ret, struct err *e)
{
	size_t max = HASH_COUNT(w->nodes) + 1, n, chosen = 0;
	auto_free struct place_node *nodes = calloc(max, sizeof(*nodes));
	auto_free struct place_row *rows = calloc(max, sizeof(*rows));
	const struct place_ask ask = {.source = p->node,
		.strategy = strategy_of(p->policy),
		.heterogeneity_weight = p->policy->placement.heterogeneity_weight,
		.distance = weights_of(p->policy),
		.td = forecast_td(w, c),
		.horizon = c->horizon,
		.seed = seed};
	int rc;

	if (!nodes || !rows)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory to choose among %zu nodes", max);
	n = nodes_fill(w, c, p, now_ms, nodes);
	rc = place_choose(nodes, n, &ask, rows, &chosen, e);
	if (rc && rc != -ENOENT)
		return rc;
	if (!rc)
		str_copy(ret->node, sizeof(ret->node), rows[chosen].node);
	candidates_fill(ret, rows, n, rc ? NULL : &rows[chosen]);
	return rc;
}
