/* SPDX-License-Identifier: Apache-2.0 */
#include "game_internal.h"

#include <base/backoff.h>
#include <math.h>
#include <string.h>

double game_hazard(const struct game_graph *g, const uint32_t *at, uint32_t n, uint32_t host)
{
	double spared = 1;

	for (uint32_t i = 0; i < n; i++)
		spared *= 1 - (double)g->hop[(size_t)at[i] * g->n + host];
	return 1 - spared;
}

static void hacked_set(const struct game_graph *g, const uint32_t *at, uint32_t n, unsigned char *hacked)
{
	memset(hacked, 0, g->n);
	for (uint32_t i = 0; i < n; i++)
		hacked[at[i]] = 1;
}

/* Of known hacked hosts, each counted once, as in placement. */
static double density_at(
	const struct game_hosts_plan *p, const uint32_t *at, uint32_t n, unsigned char *hacked, uint32_t host)
{
	double sum = 0;

	for (uint32_t i = 0; i < n; i++)
		if (hacked[at[i]] == 1) {
			sum += (double)p->near[(size_t)host * p->setup.graph->n + at[i]];
			hacked[at[i]] = 2;
		}
	for (uint32_t i = 0; i < n; i++)
		hacked[at[i]] = 1;
	return fmin(sum / p->near_all[host], 1);
}

static bool is_closed(const struct game_hosts_plan *p, uint32_t host)
{
	return p->setup.closed && p->setup.closed[host];
}

static double log_weight(const struct game_hosts_plan *p, uint32_t prey, const uint32_t *at, uint32_t n,
	unsigned char *hacked, uint32_t host)
{
	const struct place_ask ask = {
		.strategy = PLACE_PREDATOR_PREY, .heterogeneity_weight = p->setup.heterogeneity_weight};
	double distance = (double)p->setup.graph->distance[(size_t)prey * p->setup.graph->n + host];

	switch (p->setup.strategy) {
	case GAME_FARTHEST:
		return 1e6 * distance;
	case GAME_PREDATOR_PREY:
		return place_log_weight(&ask, p->visited, density_at(p, at, n, hacked, host), distance);
	case GAME_EQUATION_2:
		return -pow(density_at(p, at, n, hacked, host), 3) * p->visited +
		       log1p(p->setup.heterogeneity_weight * distance);
	default:
		return 0;
	}
}

static void shares_fill(const struct game_hosts_plan *p, uint32_t prey, const uint32_t *at, uint32_t n,
	unsigned char *hacked, double *share)
{
	uint32_t hosts = p->setup.graph->n;
	double top = -INFINITY, sum = 0;

	hacked_set(p->setup.graph, at, n, hacked);
	for (uint32_t h = 0; h < hosts; h++) {
		bool open = h != prey && !hacked[h] && !is_closed(p, h);

		share[h] = open ? log_weight(p, prey, at, n, hacked, h) : -INFINITY;
		top = fmax(top, share[h]);
	}
	for (uint32_t h = 0; h < hosts; h++) {
		share[h] = isfinite(share[h]) ? exp(share[h] - top) : 0;
		sum += share[h];
	}
	for (uint32_t h = 0; h < hosts && sum > 0; h++)
		share[h] /= sum;
}

void game_hosts_shares(
	const struct game_hosts_plan *p, uint32_t prey, const uint32_t *known, uint32_t n, double *share)
{
	unsigned char hacked[GAME_HOSTS_MAX];

	shares_fill(p, prey, known, n, hacked, share);
}

static uint32_t draw(const double *share, uint32_t hosts, uint32_t prey, uint64_t bits)
{
	double u = game_uniform(bits);
	uint32_t chosen = prey;

	for (uint32_t h = 0; h < hosts; h++) {
		if (share[h] <= 0)
			continue;
		chosen = h;
		u -= share[h];
		if (u < 0)
			break;
	}
	return chosen;
}

/* Where it is counts too. Of hosts alike the first from a random one on, so that no corner is preferred. */
static uint32_t least_hazard(struct game_play *p)
{
	const struct game_graph *g = p->plan->setup.graph;
	uint32_t from = (uint32_t)(rng_next(&p->rng) % g->n), best = p->prey;
	double least = game_hazard(g, p->now, p->n, p->prey);

	hacked_set(g, p->now, p->n, p->hacked);
	for (uint32_t i = 0; i < g->n; i++) {
		uint32_t h = (from + i) % g->n;
		double hazard;

		if (p->hacked[h] || is_closed(p->plan, h))
			continue;
		hazard = game_hazard(g, p->now, p->n, h);
		if (hazard < least || p->hacked[best]) {
			least = hazard;
			best = h;
		}
	}
	return best;
}

uint32_t game_choose(struct game_play *p, const uint32_t *at, uint32_t n)
{
	const struct game_hosts_plan *plan = p->plan;

	if (plan->setup.strategy == GAME_STATIC)
		return p->prey;
	if (plan->setup.strategy == GAME_ORACLE)
		return least_hazard(p);
	shares_fill(plan, p->prey, at, n, p->hacked, p->share);
	return draw(p->share, plan->setup.graph->n, p->prey, rng_next(&p->rng));
}
