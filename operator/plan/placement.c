/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/plan/placement.h"

#include "operator/plan/feasible.h"
#include "operator/plan/forecast.h"
#include "operator/plan/view.h"

#include <base/buf.h>
#include <base/cleanup.h>
#include <base/str.h>
#include <errno.h>
#include <model/place.h>
#include <stdlib.h>

static struct place_node node_of(const struct feasible *f, const struct world_node *n)
{
	return (struct place_node){.name = n->name,
		.trait = {[PLACE_ZONE] = n->node.zone,
			[PLACE_REGION] = n->node.region,
			[PLACE_RACK] = n->node.rack,
			[PLACE_KERNEL] = n->node.kernel,
			[PLACE_CPU_MODEL] = n->cpu_model,
			[PLACE_CPU_FEATURES] = n->cpu_features_id,
			[PLACE_RUNTIME] = n->node.runtime,
			[PLACE_OS] = n->node.os_image,
			[PLACE_PROVIDER] = n->node.provider,
			[PLACE_NETWORK] = n->node.network},
		.hacked = view_node_hacked(n, f->c, f->now_ms),
		.inbound = feasible_crowd(f, n)};
}

static size_t nodes_fill(const struct feasible *f, struct place_node *nodes, char (*why)[FEASIBLE_WHY_MAX])
{
	size_t n = 0;

	for (const struct world_node *i = f->w->nodes; i; i = i->hh.next) {
		if (!i->known)
			continue;
		nodes[n] = node_of(f, i);
		if (!feasible_node(f, i, why[n]))
			nodes[n].excluded = why[n];
		n++;
	}
	return n;
}

static void differs_fill(const struct feasible *f, struct escape_candidate *dst)
{
	const struct world_node *n = world_node(f->w, dst->node);
	auto_buf struct buf names = BUF_INIT(sizeof(dst->differs));
	struct place_node source, other;
	uint32_t differences;

	if (!n || !f->source)
		return;
	source = node_of(f, f->source);
	other = node_of(f, n);
	differences = place_differences(&source, &other);
	for (size_t t = 0; t < PLACE_TRAITS; t++)
		if (differences & 1u << t)
			buf_addf(&names, "%s%s", names.len ? " " : "", PLACE_TRAIT_NAMES[t]);
	str_copy(dst->differs, sizeof(dst->differs), names.data);
}

/* Those that are not listed then have drawn lower than all that are, or are excluded. */
static int higher_draw_first(const void *va, const void *vb)
{
	const struct place_row *a = va, *b = vb;

	if (a->draw != b->draw)
		return a->draw > b->draw ? -1 : 1;
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
static void candidates_fill(const struct feasible *f, struct placement *dst, struct place_row *rows, size_t n)
{
	dst->choice.nodes = (int64_t)n;
	for (size_t i = 0; i < n; i++)
		dst->choice.feasible += !rows[i].excluded;
	if (n > ESCAPE_CANDIDATES_MAX) {
		qsort(rows, n, sizeof(*rows), higher_draw_first);
		n = ESCAPE_CANDIDATES_MAX;
	}
	for (size_t i = 0; i < n; i++) {
		candidate_fill(&dst->candidates[i], &rows[i]);
		differs_fill(f, &dst->candidates[i]);
	}
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

static struct escape_choice choice_of(const struct place_ask *ask, const struct policy *p)
{
	struct escape_choice choice = {
		.heterogeneity_weight = ask->heterogeneity_weight, .td = ask->td, .horizon = ask->horizon};

	str_copy(choice.strategy, sizeof(choice.strategy), STRATEGY_NAMES[p->placement.strategy]);
	return choice;
}

static int choose(const struct feasible *f, const struct place_ask *ask, struct placement *ret, struct err *e)
{
	size_t max = HASH_COUNT(f->w->nodes) + 1, n, chosen = 0;
	auto_free struct place_node *nodes = calloc(max, sizeof(*nodes));
	auto_free struct place_row *rows = calloc(max, sizeof(*rows));
	auto_free char(*why)[FEASIBLE_WHY_MAX] = calloc(max, sizeof(*why));
	int rc;

	if (!nodes || !rows || !why)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory to choose among %zu nodes", max);
	n = nodes_fill(f, nodes, why);
	rc = place_choose(nodes, n, ask, rows, &chosen, e);
	if (rc && rc != -ENOENT)
		return rc;
	if (!rc)
		str_copy(ret->node, sizeof(ret->node), rows[chosen].node);
	candidates_fill(f, ret, rows, n);
	return rc;
}

int placement_choose(const struct world *w, const struct plan_config *c, const struct world_pod *p,
	const struct actions *planned, uint64_t seed, int64_t now_ms, struct placement *ret, struct err *e)
{
	const struct place_ask ask = {.source = p->node,
		.strategy = strategy_of(p->policy),
		.heterogeneity_weight = p->policy->placement.heterogeneity_weight,
		.distance = weights_of(p->policy),
		.td = forecast_td(w, c),
		.horizon = c->horizon,
		.seed = seed};
	struct feasible f;
	int rc = feasible_begin(w, c, p, planned, now_ms, &f, e);

	*ret = (struct placement){.choice = choice_of(&ask, p->policy)};
	if (!rc)
		rc = choose(&f, &ask, ret, e);
	feasible_end(&f);
	return rc;
}
