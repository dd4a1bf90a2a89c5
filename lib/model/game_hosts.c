/* SPDX-License-Identifier: Apache-2.0 */
#include "game_internal.h"

#include <base/backoff.h>
#include <base/cleanup.h>
#include <errno.h>
#include <math.h>
#include <model/model.h>

const char *const GAME_STRATEGY_NAMES[GAME_STRATEGIES] = {
	[GAME_STATIC] = "static",
	[GAME_RANDOM] = "random",
	[GAME_FARTHEST] = "farthest",
	[GAME_PREDATOR_PREY] = "predator-prey",
	[GAME_EQUATION_2] = "equation-2",
	[GAME_ORACLE] = "oracle",
};

/* Somewhere the prey must be able to begin. */
static int start_check(const struct game_hosts *s, struct err *e)
{
	uint32_t open = 0;

	if (s->n_start > s->hacked)
		return err_set(e, -EDOM, "OutOfDomain", "%u attackers start somewhere: there are %u",
			s->n_start, s->hacked);
	for (uint32_t i = 0; i < s->n_start; i++)
		if (s->start[i] >= s->graph->n)
			return err_set(e, -EDOM, "OutOfDomain", "host %u of %u: there is none", s->start[i],
				s->graph->n);
	for (uint32_t h = 0; h < s->graph->n; h++) {
		bool free = !s->closed || !s->closed[h];

		for (uint32_t i = 0; i < s->n_start && free; i++)
			free = s->start[i] != h;
		open += free;
	}
	return open ? 0 : err_set(e, -EDOM, "OutOfDomain", "no host is open to the container and not hacked");
}

static int setup_check(const struct game_hosts *s, struct err *e)
{
	if (!s->hacked || s->hacked >= s->graph->n || s->hacked > GAME_HACKED_MAX)
		return err_set(e, -EDOM, "OutOfDomain",
			"%u hacked of %u hosts: must be at least 1, fewer than the hosts, and at most %d",
			s->hacked, s->graph->n, GAME_HACKED_MAX);
	if (s->horizon < 2 || s->horizon > GAME_STEPS_MAX)
		return err_set(
			e, -EDOM, "OutOfDomain", "%u steps: must be 2 to %d", s->horizon, GAME_STEPS_MAX);
	if (!isfinite(s->heterogeneity_weight) || s->heterogeneity_weight < 0)
		return err_set(e, -EDOM, "OutOfDomain",
			"heterogeneityWeight is %g: must be finite and not negative",
			s->heterogeneity_weight);
	if (!(s->stay >= 0 && s->stay <= 1))
		return err_set(e, -EDOM, "OutOfDomain", "stay is %g: must be 0 to 1", s->stay);
	if (isnan(s->nerve) || s->nerve < 0)
		return err_set(e, -EDOM, "OutOfDomain", "nerve is %g: must not be negative", s->nerve);
	return start_check(s, e);
}

/* Each step's number of attackers, whole ones. */
static int growth_fill(struct game_hosts_plan *p, struct err *e)
{
	const struct game_hosts *s = &p->setup;
	/* One host is left to the prey, so that the game can go on. */
	double limit = fmin(s->graph->n - 1.0, GAME_HACKED_MAX), now = s->hacked;

	for (uint32_t t = 0; t <= s->horizon; t++) {
		int rc = s->mu > 0 ? model_hacked_logistic(s->hacked, s->k, s->mu, t, limit, &now, e) : 0;

		if (rc)
			return rc;
		p->wanted[t] = (uint16_t)fmax(now, s->hacked);
		p->most = p->wanted[t] > p->most ? p->wanted[t] : p->most;
	}
	return 0;
}

static int near_fill(struct game_hosts_plan *p, struct err *e)
{
	size_t n = p->setup.graph->n;

	p->near = calloc(n * n, sizeof(*p->near));
	p->near_all = calloc(n, sizeof(*p->near_all));
	if (!p->near || !p->near_all)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for %zu hosts", n);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n; k++) {
			double near = place_near((double)p->setup.graph->distance[i * n + k]);

			p->near[i * n + k] = (float)near;
			p->near_all[i] += near;
		}
	return 0;
}

int game_hosts_plan_new(const struct game_hosts *setup, struct game_hosts_plan **ret, struct err *e)
{
	struct game_hosts_plan *p;
	int rc = setup_check(setup, e);

	if (rc)
		return rc;
	p = calloc(1, sizeof(*p));
	if (!p)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for a game");
	p->setup = *setup;
	p->delay = (uint32_t)fmin(fmax(floor(setup->td), 0), GAME_DELAY_MAX);
	rc = model_visited_undetected(1, setup->td, &p->harm, e);
	if (!rc)
		rc = model_visited(setup->horizon, &p->visited, e);
	if (!rc)
		rc = model_visited_undetected(p->visited, setup->td, &p->visited, e);
	if (!rc)
		rc = growth_fill(p, e);
	if (!rc)
		rc = near_fill(p, e);
	if (rc)
		game_hosts_plan_free(p);
	else
		*ret = p;
	return rc;
}

void game_hosts_plan_free(struct game_hosts_plan *p)
{
	if (!p)
		return;
	free(p->near);
	free(p->near_all);
	free(p);
}

static bool prey_may_begin(const struct game_play *p, uint32_t host)
{
	const struct game_hosts *s = &p->plan->setup;

	for (uint32_t i = 0; i < s->n_start; i++)
		if (s->start[i] == host)
			return false;
	return !s->closed || !s->closed[host];
}

static void all_set(struct game_play *p)
{
	const struct game_hosts *s = &p->plan->setup;
	uint32_t hosts = s->graph->n;

	do
		p->prey = (uint32_t)(rng_next(&p->rng) % hosts);
	while (!prey_may_begin(p, p->prey));
	p->n = s->hacked;
	for (uint32_t i = 0; i < p->n; i++)
		p->now[i] = i < s->n_start
				    ? s->start[i]
				    : (p->prey + 1 + (uint32_t)(rng_next(&p->rng) % (hosts - 1))) % hosts;
}

/* All hop; those that growth adds come from where another one is. */
static void attackers_hop(struct game_play *p, uint32_t step)
{
	const struct game_graph *g = p->plan->setup.graph;

	for (; p->n < p->plan->wanted[step]; p->n++)
		p->now[p->n] = p->now[rng_next(&p->rng) % p->n];
	for (uint32_t i = 0; i < p->n; i++)
		if (p->now[i] != p->prey || game_uniform(rng_next(&p->rng)) >= p->plan->setup.stay)
			p->now[i] = game_graph_hop(g, p->now[i], rng_next(&p->rng));
}

static uint32_t row_of(const struct game_play *p, uint32_t step)
{
	return step % (p->plan->delay + 1);
}

static void remember(struct game_play *p, uint32_t step)
{
	uint32_t row = row_of(p, step);

	for (uint32_t i = 0; i < p->n; i++)
		p->past[(size_t)row * p->plan->most + i] = p->now[i];
	p->known[row] = p->n;
}

enum visit { NOBODY, DETECTED, HARMED };

static enum visit visit(struct game_play *p)
{
	enum visit v = NOBODY;

	for (uint32_t i = 0; i < p->n; i++) {
		if (p->now[i] != p->prey)
			continue;
		if (game_uniform(rng_next(&p->rng)) < p->plan->harm)
			return HARMED;
		v = DETECTED;
	}
	return v;
}

/* True when it went somewhere. */
static bool prey_acts(struct game_play *p, uint32_t step, bool alarmed)
{
	const struct game_hosts_plan *plan = p->plan;
	uint32_t old = step > plan->delay ? step - plan->delay : 0, row = row_of(p, old), from = p->prey;
	const uint32_t *at = &p->past[(size_t)row * plan->most];
	uint32_t n = p->known[row];

	if (plan->setup.strategy == GAME_STATIC)
		return false;
	if (alarmed || plan->setup.strategy == GAME_ORACLE ||
		(plan->setup.nerve <= 1 &&
			game_hazard(plan->setup.graph, at, n, p->prey) >= plan->setup.nerve))
		p->prey = game_choose(p, at, n);
	return p->prey != from;
}

/* The step of the harm, or one behind the horizon. */
static uint32_t play(struct game_play *p, struct game_tally *tally)
{
	uint32_t horizon = p->plan->setup.horizon;

	remember(p, 0);
	for (uint32_t step = 1; step <= horizon; step++) {
		enum visit v;

		attackers_hop(p, step);
		remember(p, step);
		tally->hops += p->n;
		v = visit(p);
		if (v == HARMED)
			return step;
		if (!prey_acts(p, step, v == DETECTED))
			continue;
		tally->moves++;
		if (visit(p) == HARMED)
			return step;
	}
	return horizon + 1;
}

static void trial(const void *arg, void *scratch, uint64_t seed, struct game_tally *tally)
{
	const struct game_hosts_plan *plan = arg;
	struct game_play p = {.plan = plan, .rng = seed, .share = scratch};
	uint32_t end;

	p.now = (void *)(p.share + plan->setup.graph->n);
	p.past = p.now + plan->most;
	p.known = p.past + (size_t)plan->most * (plan->delay + 1);
	p.hacked = (void *)(p.known + plan->delay + 1);
	all_set(&p);
	end = play(&p, tally);
	tally->steps += end <= plan->setup.horizon ? end : plan->setup.horizon;
	if (end <= plan->setup.horizon) {
		tally->deaths++;
		tally->died_at[end]++;
	}
}

void game_hosts_job(const struct game_hosts_plan *p, struct game_job *job)
{
	size_t rows = p->delay + 2;

	job->trial = trial;
	job->arg = p;
	job->scratch_size = p->setup.graph->n * (sizeof(double) + 1) + p->most * rows * sizeof(uint32_t) +
			    rows * sizeof(uint32_t);
}
