/* SPDX-License-Identifier: Apache-2.0 */
/* Where does equation 1 hold? A prey that stays, on the paper's 20 hosts and on a plane that is large enough.
 */
#include "study.h"

#include <base/cleanup.h>
#include <base/str.h>
#include <errno.h>
#include <math.h>
#include <model/game_lattice.h>
#include <model/model.h>

static const uint32_t TIMES[] = {5, 10, 20, 50, 100, 1000};

static int visited_add(struct buf *text, struct err *e)
{
	buf_adds(text, "Distinct hosts that one attacker has visited on a plane, S(t):\n\n"
		       "| t | exact | pi t / ln t | too large by |\n|---|---|---|---|\n");
	for (size_t i = 0; i < ARRAY_LEN(TIMES); i++) {
		double exact = 1, printed = 1;
		int rc = game_lattice_visited(TIMES[i], &exact, e);

		if (!rc)
			rc = model_visited(TIMES[i], &printed, e);
		if (rc)
			return rc;
		buf_addf(text, "| %u | %.2f | %.2f | %.0f %% |\n", TIMES[i], exact, printed,
			(printed / exact - 1) * 100);
	}
	return 0;
}

struct place_of_play {
	uint32_t width, height, attackers;
};

static int play(const struct simulate_options *o, const struct place_of_play *at, struct game_tally *ret,
	struct err *e)
{
	struct game_torus t;
	struct game_job job = {.plays = o->plays};
	struct game_lattice g = {.torus = &t, .predators = at->attackers, .horizon = 100};
	char what[64];
	int rc = game_torus_init(&t, at->width, at->height, e);

	str_fmt(what, sizeof(what), "%u attackers on %ux%u", at->attackers, at->width, at->height);
	if (!rc)
		rc = game_lattice_job(&g, &job, e);
	if (!rc)
		rc = study_run_job(o, &job, what, ret, e);
	game_torus_free(&t);
	return rc;
}

/* What equation 1 says with S(t) as printed, and with the exact one (the prey's host is none that was
 * visited). */
static int by_equation(
	const struct place_of_play *at, uint32_t t, double *printed, double *exact, struct err *e)
{
	double hosts = (double)at->width * at->height, s = 0, real = 1;
	int rc = model_visited(t, &s, e);

	if (!rc)
		rc = game_lattice_visited(t, &real, e);
	if (!rc)
		rc = model_survival_static(at->attackers, hosts, s, printed, e);
	return rc ? rc : model_survival_static(at->attackers, hosts, real - 1, exact, e);
}

static int row_add(
	const struct place_of_play *at, const struct game_tally *t, struct buf *text, struct err *e)
{
	static const uint32_t AT[] = {20, 100};

	for (size_t i = 0; i < ARRAY_LEN(AT); i++) {
		double printed = 0, exact = 0;
		int rc = by_equation(at, AT[i], &printed, &exact, e);

		if (rc)
			return rc;
		buf_addf(text, "| %u x %u | %u | %u |", at->width, at->height, at->attackers, AT[i]);
		study_survival_cell(text, t, AT[i]);
		buf_addf(text, " %.4g | %.4g |\n", printed, exact);
	}
	return 0;
}

static int curves_add(const struct place_of_play *at, const struct game_tally *t, size_t kind,
	struct plot *plot, struct err *e)
{
	for (int by = 0; by < 2; by++) {
		struct plot_series *s = plot_add(plot, 99);

		if (!s)
			return study_no_memory(e);
		str_fmt(s->name, sizeof(s->name), "%s: %u/%u", by ? "eq. 1" : "simulated", at->attackers,
			at->width * at->height);
		s->line = by ? PLOT_DASHED : PLOT_SOLID;
		s->marker = kind;
		for (uint32_t k = 0; k < s->n; k++) {
			double printed = 0, exact = 0;
			int rc = by_equation(at, k + 2, &printed, &exact, e);

			if (rc)
				return rc;
			s->points[k] = (struct plot_point){k + 2, by ? printed : game_survival(t, k + 2)};
		}
	}
	return 0;
}

/* Equation 3's factor is what the logarithm of survival is multiplied with, if it holds. */
static int detection_add(const struct simulate_options *o, struct buf *text, struct err *e)
{
	static const double TDS[] = {0.2, 0.5, 1, 10};
	struct game_graph g;
	struct game_tally t;
	double all = 0;
	int rc = game_graph_lattice(&g, 9, 9, e);

	buf_adds(text, "\nEquation 3, on 9 x 9 hosts with 2 attackers, t = 100: visits do harm with 1 - "
		       "exp(-td).\n\n"
		       "| td | P, simulated | ln P / ln P (td = 10) | 1 - exp(-td) |\n|---|---|---|---|\n");
	for (size_t i = ARRAY_LEN(TDS); i-- > 0 && !rc;) {
		struct game_hosts setup = {
			.graph = &g, .hacked = 2, .td = TDS[i], .nerve = 2, .horizon = 100};
		double p;

		rc = study_run_hosts(o, &setup, "detection", &t, e);
		if (rc)
			break;
		p = game_survival(&t, 100);
		all = all < 0 ? all : log(p);
		buf_addf(text, "| %g |", TDS[i]);
		study_survival_cell(text, &t, 100);
		/* In a run that was too short nobody may have survived. */
		if (p > 0 && isfinite(all) && all < 0)
			buf_addf(text, " %.3f | %.3f |\n", log(p) / all, -expm1(-TDS[i]));
		else
			buf_addf(text, " unknown | %.3f |\n", -expm1(-TDS[i]));
	}
	game_graph_free(&g);
	return rc;
}

int study_static(const struct simulate_options *o, struct buf *text, struct plot *plot, struct err *e)
{
	static const struct place_of_play PLAYED[] = {
		{5, 4, 1}, {5, 4, 3}, {5, 4, 7}, {51, 51, 26}, {51, 51, 130}};
	int rc = visited_add(text, e);

	*plot = (struct plot){.id = "static",
		.title = "A container that stays: equation 1 and the simulated game",
		.x = {.name = "time t (hops)", .max = 100},
		.y = {.name = "survival probability P(t)", .max = 1}};
	buf_adds(text, "\nSurvival of a prey that stays, hit by every visit:\n\n"
		       "| hosts | attackers | t | P, simulated | equation 1 | with the exact S(t) |\n"
		       "|---|---|---|---|---|---|\n");
	for (size_t i = 0; i < ARRAY_LEN(PLAYED) && !rc; i++) {
		struct game_tally t;

		rc = play(o, &PLAYED[i], &t, e);
		if (!rc)
			rc = row_add(&PLAYED[i], &t, text, e);
		if (!rc && i != 1)
			rc = curves_add(&PLAYED[i], &t, i > 1 ? i - 1 : i, plot, e);
	}
	return rc ? rc : detection_add(o, text, e);
}
