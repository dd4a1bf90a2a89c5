/* SPDX-License-Identifier: Apache-2.0 */
/* Where does equation 2 hold? The game that it comes from: rates of dying of a lazy and of an immobile prey,
 * on a lattice with an odd side: on an even one, attackers who started on fields of one colour never share an
 * instant with those of the other, and three of one colour cannot trap anything. */
#include "study.h"

#include <base/cleanup.h>
#include <base/str.h>
#include <errno.h>
#include <math.h>
#include <model/game_lattice.h>
#include <model/model.h>

enum { SIDE = 15, V = SIDE * SIDE, FOREVER = 2000000000, BOUNDED = 200000 };

static const uint32_t ATTACKERS[] = {3, 4, 5, 6, 8, 10, 13, 17, 22, 28};

struct rates {
	struct game_tally tally[2]; /* immobile, lazy */
};

static double rate(const struct game_tally *t)
{
	return (double)t->deaths / (double)t->steps;
}

/* The ratio of the two rates, with the relative deviations of both. */
static double ratio(const struct rates *r, struct game_interval *ret)
{
	double x = rate(&r->tally[1]) / rate(&r->tally[0]);
	double off = 1.96 * sqrt(1 / (double)r->tally[0].deaths + 1 / (double)r->tally[1].deaths);

	*ret = (struct game_interval){x * exp(-off), x * exp(off)};
	return x;
}

static int play(const struct simulate_options *o, const struct game_torus *torus, uint32_t attackers,
	bool evasive, uint64_t horizon, struct game_tally *ret, struct err *e)
{
	struct game_lattice g = {
		.torus = torus, .predators = attackers, .evasive = evasive, .horizon = horizon};
	struct game_job job = {.plays = o->plays / 20 + 1};
	char what[64];
	int rc = game_lattice_job(&g, &job, e);

	str_fmt(what, sizeof(what), "%u attackers, %s prey", attackers, evasive ? "lazy" : "immobile");
	return rc ? rc : study_run_job(o, &job, what, ret, e);
}

static int bounded_add(
	const struct simulate_options *o, const struct game_torus *torus, struct buf *text, struct err *e)
{
	for (uint32_t n = 1; n <= 2; n++) {
		struct game_tally t;
		int rc = play(o, torus, n, true, BOUNDED, &t, e);

		if (rc)
			return rc;
		buf_addf(text,
			"With %u attacker%s the lazy prey was caught %llu times in %llu plays of %d steps "
			"(%llu "
			"times it had to hop).\n",
			n, n > 1 ? "s" : "", (unsigned long long)t.deaths, (unsigned long long)t.plays,
			BOUNDED, (unsigned long long)t.moves);
	}
	return 0;
}

static void row_add(uint32_t n, const struct rates *r, struct buf *text)
{
	double rho = (double)n / V, x;
	struct game_interval i;

	x = ratio(r, &i);
	buf_addf(text, "| %u | %.4f | %.3g |", n, rho, rate(&r->tally[0]));
	study_cell(
		text, rate(&r->tally[1]), game_rate_interval(r->tally[1].deaths, (double)r->tally[1].steps));
	study_cell(text, x, i);
	buf_addf(text, " %.3g | %.2f | %.3g |\n", rho * rho, x / (rho * rho),
		rate(&r->tally[1]) / ((double)n * (n - 1) * (n - 2)));
}

/* The straight line through logarithms that fits best, and how sure its slope is. */
static void slope_add(const double *x, const double *y, size_t n, const char *what, struct buf *text)
{
	double mx = 0, my = 0, xx = 0, xy = 0, rest = 0, slope;

	for (size_t i = 0; i < n; i++) {
		mx += log(x[i]) / (double)n;
		my += log(y[i]) / (double)n;
	}
	for (size_t i = 0; i < n; i++) {
		xx += (log(x[i]) - mx) * (log(x[i]) - mx);
		xy += (log(x[i]) - mx) * (log(y[i]) - my);
	}
	slope = xy / xx;
	for (size_t i = 0; i < n; i++) {
		double off = log(y[i]) - my - slope * (log(x[i]) - mx);

		rest += off * off;
	}
	buf_addf(text, "- The ratio goes with %s to the power %.2f +- %.2f.\n", what, slope,
		1.96 * sqrt(rest / (double)(n - 2) / xx));
}

static int curves_add(const double *rho, const double *ratios, struct plot *plot, struct err *e)
{
	struct plot_series *s[2];

	*plot = (struct plot){.id = "evasive",
		.title = "The lazy prey: its rate of dying, in that of an immobile one (15 x 15 hosts)",
		.x = {.name = "density of attackers N/V", .min = 0.01, .max = 0.2, .log = true},
		.y = {.name = "ratio of the rates", .min = 1e-4, .max = 1, .log = true}};
	for (int i = 0; i < 2; i++) {
		s[i] = plot_add(plot, ARRAY_LEN(ATTACKERS));
		if (!s[i])
			return study_no_memory(e);
		for (size_t k = 0; k < s[i]->n; k++)
			s[i]->points[k] = (struct plot_point){rho[k], i ? rho[k] * rho[k] : ratios[k]};
		s[i]->line = i ? PLOT_DASHED : PLOT_SOLID;
		s[i]->marker = (size_t)i;
		str_copy(s[i]->name, sizeof(s[i]->name), i ? "(N/V)^2: equation 2" : "simulated");
	}
	return 0;
}

static int rates_add(const struct simulate_options *o, const struct game_torus *torus, struct buf *text,
	struct plot *plot, struct err *e)
{
	double rho[ARRAY_LEN(ATTACKERS)], ratios[ARRAY_LEN(ATTACKERS)], triples[ARRAY_LEN(ATTACKERS)];

	buf_adds(text, "\n| N | N/V | rate, immobile | rate, lazy | ratio | (N/V)^2 | ratio / (N/V)^2 | "
		       "rate, lazy / "
		       "N(N-1)(N-2) |\n|---|---|---|---|---|---|---|---|\n");
	for (size_t i = 0; i < ARRAY_LEN(ATTACKERS); i++) {
		struct game_interval unused;
		struct rates r;
		uint32_t n = ATTACKERS[i];

		for (int lazy = 0; lazy < 2; lazy++) {
			int rc = play(o, torus, n, lazy, FOREVER, &r.tally[lazy], e);

			if (rc)
				return rc;
		}
		row_add(n, &r, text);
		rho[i] = (double)n / V;
		ratios[i] = ratio(&r, &unused);
		triples[i] = (n - 1.0) * (n - 2.0);
	}
	buf_adds(text, "\n");
	slope_add(triples, ratios, ARRAY_LEN(ATTACKERS), "(N-1)(N-2)", text);
	slope_add(rho + 4, ratios + 4, ARRAY_LEN(ATTACKERS) - 4, "N/V, from N = 8 on,", text);
	return curves_add(rho, ratios, plot, e);
}

/* Figure 4's own numbers: 20 hosts, t = 100. */
static int small_add(const struct simulate_options *o, struct buf *text, struct err *e)
{
	static const uint32_t HACKED[] = {1, 2, 3, 4, 5, 7};
	struct simulate_options more = *o;
	struct game_torus t;
	int rc = game_torus_init(&t, 5, 4, e);

	more.plays = o->plays * 20;
	buf_adds(text, "\nThe paper's 20 hosts (5 x 4), t = 100:\n\n"
		       "| N | P, lazy prey, simulated | P_mobile, equation 2 |\n|---|---|---|\n");
	for (size_t i = 0; i < ARRAY_LEN(HACKED) && !rc; i++) {
		struct model_forecast f = {0};
		struct game_tally tally;

		rc = play(&more, &t, HACKED[i], true, 100, &tally, e);
		if (!rc)
			rc = model_forecast(HACKED[i], 20, 1e9, 100, &f, e);
		if (rc)
			break;
		buf_addf(text, "| %u |", HACKED[i]);
		study_survival_cell(text, &tally, 100);
		buf_addf(text, " %.4g |\n", f.survival_mobile);
	}
	game_torus_free(&t);
	return rc;
}

int study_evasive(const struct simulate_options *o, struct buf *text, struct plot *plot, struct err *e)
{
	struct game_torus t;
	int rc = game_torus_init(&t, SIDE, SIDE, e);

	if (!rc)
		rc = bounded_add(o, &t, text, e);
	if (!rc)
		rc = rates_add(o, &t, text, plot, e);
	game_torus_free(&t);
	return rc ? rc : small_add(o, text, e);
}
