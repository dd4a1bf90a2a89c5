/* SPDX-License-Identifier: Apache-2.0 */
/* Which weights are best? Of heterogeneity, and which equation's survival weighs. */
#include "study.h"

#include <base/cleanup.h>
#include <base/str.h>
#include <math.h>

static const double WEIGHTS[] = {0, 1, 2, 5, 10, 1000};

static int row_add(const struct simulate_options *o, const struct game_graph *g, enum game_strategy strategy,
	struct buf *text, struct plot_series *s, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(WEIGHTS); i++) {
		struct game_hosts setup = study_setup(o, g, strategy);
		struct game_tally t;
		int rc;

		setup.heterogeneity_weight = WEIGHTS[i];
		rc = study_run_hosts(o, &setup, "weights", &t, e);
		if (rc)
			return rc;
		study_survival_cell(text, &t, o->steps);
		if (i < s->n)
			s->points[i] = (struct plot_point){WEIGHTS[i], game_survival(&t, o->steps)};
	}
	return 0;
}

/* One by equation 1, as placement does it, and one by equation 2. */
static int rows_add(const struct simulate_options *o, double wall, size_t kind, struct buf *text,
	struct plot *plot, struct err *e)
{
	struct game_graph g;
	int rc = study_topology("zones:3x2x10", wall, &g, e);

	for (int equation = 1; equation <= 2 && !rc; equation++) {
		struct plot_series *s = plot_add(plot, ARRAY_LEN(WEIGHTS) - 1);

		if (!s) {
			rc = study_no_memory(e);
			break;
		}
		str_fmt(s->name, sizeof(s->name), "wall %g: equation %d", wall, equation);
		s->marker = kind;
		s->line = equation == 2 ? PLOT_DASHED : PLOT_SOLID;
		buf_addf(text, "| %g | %d |", wall, equation);
		rc = row_add(o, &g, equation == 2 ? GAME_EQUATION_2 : GAME_PREDATOR_PREY, text, s, e);
		buf_adds(text, "\n");
	}
	game_graph_free(&g);
	return rc;
}

/* The differences are small: the axis ends where the curves do. */
static void axis_fit(struct plot *plot)
{
	double top = 0;

	for (size_t i = 0; i < plot->n_series; i++)
		for (size_t k = 0; k < plot->series[i].n; k++)
			top = fmax(top, plot->series[i].points[k].y);
	plot->y.max = fmin(ceil(top * 10 + 0.5) / 10, 1);
}

int study_weights(const struct simulate_options *o, struct buf *text, struct plot *plot, struct err *e)
{
	static const double WALLS[] = {0, 1.6, 5, 8};
	int rc = 0;

	*plot = (struct plot){.id = "weights",
		.title = "heterogeneityWeight: survival of a container among 60 hosts in 3 zones",
		.x = {.name = "heterogeneityWeight", .max = 10},
		.y = {.name = "survival probability P(t) at the end", .max = 1}};
	buf_addf(text,
		"%u attackers, 60 hosts in 3 zones, td = %g, stay = %g, P(%u):\n\n| wall | survival by "
		"equation |",
		o->hacked, o->td, o->stay, o->steps);
	for (size_t i = 0; i < ARRAY_LEN(WEIGHTS); i++)
		buf_addf(text, " weight %g |", WEIGHTS[i]);
	buf_adds(text, "\n|---|---|---|---|---|---|---|---|\n");
	for (size_t i = 0; i < ARRAY_LEN(WALLS) && !rc; i++)
		rc = rows_add(o, WALLS[i], i, text, plot, e);
	axis_fit(plot);
	return rc;
}
