/* SPDX-License-Identifier: Apache-2.0 */
/* How much survival does each strategy buy, at which cost? */
#include "study.h"

#include <base/cleanup.h>
#include <base/str.h>
#include <math.h>

struct game_hosts study_setup(
	const struct simulate_options *o, const struct game_graph *g, enum game_strategy strategy)
{
	return (struct game_hosts){
		.graph = g,
		.strategy = strategy,
		.hacked = o->hacked,
		.stay = o->stay,
		.k = o->k,
		.mu = o->mu,
		.td = o->td,
		.nerve = o->nerve,
		.heterogeneity_weight = o->weight,
		.horizon = o->steps,
	};
}

void study_moves_cell(struct buf *text, const struct game_tally *t)
{
	struct game_interval i = game_rate_interval(t->moves, (double)t->steps / 100);

	study_cell(text, (double)t->moves / (double)t->steps * 100, i);
}

static int curve_add(const struct simulate_options *o, const struct game_tally *t,
	enum game_strategy strategy, struct plot *plot, struct err *e)
{
	struct plot_series *s = plot_add(plot, o->steps + 1);

	if (!s)
		return study_no_memory(e);
	str_copy(s->name, sizeof(s->name), GAME_STRATEGY_NAMES[strategy]);
	s->marker = (size_t)strategy % PLOT_MARKERS;
	s->line = strategy == GAME_STATIC ? PLOT_DASHED : PLOT_SOLID;
	for (uint32_t k = 0; k <= o->steps; k++)
		s->points[k] = (struct plot_point){k, game_survival(t, k)};
	return 0;
}

static void survival_plot(
	const struct simulate_options *o, const char *id, const char *where, struct plot *plot)
{
	*plot = (struct plot){.x = {.name = "time t (hops)", .max = o->steps},
		.y = {.name = "survival probability P(t)", .max = 1}};
	str_copy(plot->id, sizeof(plot->id), id);
	str_fmt(plot->title, sizeof(plot->title),
		"The simulated game: %.40s, %u attackers, td = %g, stay = %g", where, o->hacked, o->td,
		o->stay);
}

/* How often it was hacked by then and how often it moved, for each of the strategies that o names. */
static int strategies_add(const struct simulate_options *o, const struct game_graph *g, struct buf *text,
	struct plot *plot, struct err *e)
{
	buf_addf(text, "| strategy | P(%u) | migrations per 100 steps |\n|---|---|---|\n", o->steps);
	for (int s = 0; s < GAME_STRATEGIES; s++) {
		struct game_hosts setup = study_setup(o, g, (enum game_strategy)s);
		struct game_tally t;
		int rc;

		if (!(o->strategies & 1u << s))
			continue;
		rc = study_run_hosts(o, &setup, GAME_STRATEGY_NAMES[s], &t, e);
		if (!rc)
			rc = curve_add(o, &t, setup.strategy, plot, e);
		if (rc)
			return rc;
		buf_addf(text, "| %s |", GAME_STRATEGY_NAMES[s]);
		study_survival_cell(text, &t, o->steps);
		study_moves_cell(text, &t);
		buf_adds(text, "\n");
	}
	return 0;
}

int study_play(const struct simulate_options *o, struct buf *text, struct plot *plot, struct err *e)
{
	struct game_graph g;
	int rc = study_topology(o->topology, o->wall, &g, e);

	survival_plot(o, "play", o->topology, plot);
	if (!rc)
		rc = strategies_add(o, &g, text, plot, e);
	game_graph_free(&g);
	return rc;
}

/* The same prey, more and more nervous. */
static int nerve_add(
	const struct simulate_options *o, const struct game_graph *g, struct buf *text, struct err *e)
{
	static const double NERVES[] = {2, 0.4, 0.2, 0.1, 0.05, 0.02};

	buf_addf(text,
		"\n| predator-prey moves when | P(%u) | migrations per 100 steps |\n"
		"|---|---|---|\n",
		o->steps);
	for (size_t i = 0; i < ARRAY_LEN(NERVES); i++) {
		struct game_hosts setup = study_setup(o, g, GAME_PREDATOR_PREY);
		struct game_tally t;
		int rc;

		setup.nerve = NERVES[i];
		rc = study_run_hosts(o, &setup, "nerve", &t, e);
		if (rc)
			return rc;
		if (NERVES[i] > 1)
			buf_adds(text, "| a visit was detected |");
		else
			buf_addf(text, "| or the next step's risk is %g |", NERVES[i]);
		study_survival_cell(text, &t, o->steps);
		study_moves_cell(text, &t);
		buf_adds(text, "\n");
	}
	return 0;
}

/* Against attackers who go on after a visit, and against those who stay. */
static int forest_add(const struct simulate_options *o, const struct game_graph *g, struct buf *text,
	struct plot *plot, struct err *e)
{
	for (int stays = 0; stays < 2; stays++) {
		struct simulate_options with = *o;
		auto_plot struct plot unused = {0};
		int rc;

		with.stay = stays ? o->stay : 0;
		with.strategies = (1u << GAME_STRATEGIES) - 1;
		buf_addf(text,
			"\nAttackers stay where they have found the container with probability %g:\n\n",
			with.stay);
		rc = strategies_add(&with, g, text, stays ? plot : &unused, e);
		if (rc)
			return rc;
	}
	return 0;
}

int study_strategies(const struct simulate_options *o, struct buf *text, struct plot *plot, struct err *e)
{
	static const struct {
		const char *name, *topology;
		double wall;
	} FORESTS[] = {
		{"64 hosts on a square lattice", "lattice:8x8", 0},
		{"60 hosts in 3 zones, all alike to attackers (wall 0)", "zones:3x2x10", 0},
		{"60 hosts in 3 zones, differences hinder much (wall 5)", "zones:3x2x10", 5},
	};
	int rc = 0;

	buf_addf(text, "%u attackers, td = %g; the container moves at a risk of %g or after a visit.\n",
		o->hacked, o->td, o->nerve);
	survival_plot(o, "strategies", "square lattice of 64", plot);
	for (size_t i = 0; i < ARRAY_LEN(FORESTS) && !rc; i++) {
		auto_plot struct plot unused = {0};
		struct game_graph g;

		rc = study_topology(FORESTS[i].topology, FORESTS[i].wall, &g, e);
		buf_addf(text, "\n**%s**\n", FORESTS[i].name);
		if (!rc)
			rc = forest_add(o, &g, text, i ? &unused : plot, e);
		if (!rc && i != 1)
			rc = nerve_add(o, &g, text, e);
		game_graph_free(&g);
	}
	return rc;
}
