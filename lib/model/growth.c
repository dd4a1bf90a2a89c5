/* SPDX-License-Identifier: Apache-2.0 */
#include <model/growth.h>

#include <errno.h>
#include <math.h>
#include <model/model.h>
#include <stdbool.h>
#include <stdlib.h>

enum {
	POINTS_MAX = 32, /* more are thinned out evenly */
	PAIRS_MAX = POINTS_MAX * (POINTS_MAX - 1) / 2,
	EXPONENTIAL_MIN = 3,
	LOGISTIC_MIN = 5,
	CAPACITIES = 24, /* how many are tried between the hosts hacked now and all */
};

/* The logistic model has one parameter more, so it has to be this much nearer. */
#define CLEARLY_NEARER 0.7
/* Its capacity is above what is reached already. */
#define CAPACITY_ABOVE 1.02

const char *const MODEL_GROWTH_NAMES[] = {"None", "Exponential", "Logistic", NULL};

struct points {
	size_t n;
	double t[POINTS_MAX], count[POINTS_MAX];
};

struct line {
	double slope, level; /* y = level + slope * t */
};

static int by_value(const void *va, const void *vb)
{
	double a = *(const double *)va, b = *(const double *)vb;

	return a < b ? -1 : a > b;
}

/* Reorders v; n > 0. */
static double median(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), by_value);
	return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

static struct line line_fit(const double *t, const double *y, size_t n)
{
	double slopes[PAIRS_MAX], levels[POINTS_MAX];
	struct line l;
	size_t pairs = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t k = i + 1; k < n; k++)
			slopes[pairs++] = (y[k] - y[i]) / (t[k] - t[i]);
	/* N does not shrink in these models. */
	l.slope = fmax(median(slopes, pairs), 0);
	for (size_t i = 0; i < n; i++)
		levels[i] = y[i] - l.slope * t[i];
	l.level = median(levels, n);
	return l;
}

/* One point for each different time, with the hosts hacked by then; and now. Thinned out, ends kept. */
static void points_make(const double *times, size_t n, double now, struct points *p)
{
	size_t different = 0, at = 0;

	for (size_t i = 0; i < n; i++)
		different += i + 1 == n || times[i + 1] > times[i];
	different += n && now > times[n - 1];
	p->n = different < POINTS_MAX ? different : POINTS_MAX;
	for (size_t i = 0, kept = 0; i <= n && kept < p->n; i++) {
		double t = i < n ? times[i] : now;

		if (i + 1 < n && times[i + 1] <= times[i])
			continue;
		/* The kept-th of p->n among all that are different, first and last included. */
		if (at++ != (p->n > 1 ? kept * (different - 1) / (p->n - 1) : 0))
			continue;
		p->t[kept] = t - times[0];
		p->count[kept++] = (double)(i < n ? i + 1 : n);
	}
}

static double distance(const struct points *p, double (*model)(const struct line *, double mu, double t),
	const struct line *l, double mu)
{
	double sum = 0;

	for (size_t i = 0; i < p->n; i++)
		sum += fabs(model(l, mu, p->t[i]) - p->count[i]);
	return sum;
}

static double exponential(const struct line *l, double mu, double t)
{
	(void)mu;
	return exp(l->level + l->slope * t);
}

static double logistic(const struct line *l, double mu, double t)
{
	return mu / (1 + exp(-(l->level + l->slope * t)));
}

static double exponential_fit(const struct points *p, struct model_growth *ret)
{
	double y[POINTS_MAX];
	struct line l;

	for (size_t i = 0; i < p->n; i++)
		y[i] = log(p->count[i]);
	l = line_fit(p->t, y, p->n);
	*ret = (struct model_growth){.kind = GROWTH_EXPONENTIAL, .k = l.slope};
	return distance(p, exponential, &l, 0);
}

static double logistic_fit(const struct points *p, double hosts, struct model_growth *ret)
{
	double lowest = p->count[p->n - 1] * CAPACITY_ABOVE, best = INFINITY, y[POINTS_MAX];

	for (int c = 0; lowest < hosts && c < CAPACITIES; c++) {
		double mu = lowest * pow(hosts / lowest, (double)c / (CAPACITIES - 1)), far;
		struct line l;

		for (size_t i = 0; i < p->n; i++)
			y[i] = log(p->count[i] / (mu - p->count[i]));
		l = line_fit(p->t, y, p->n);
		far = distance(p, logistic, &l, mu);
		if (far < best) {
			best = far;
			*ret = (struct model_growth){.kind = GROWTH_LOGISTIC, .k = l.slope, .mu = mu};
		}
	}
	return best;
}

static int need(bool holds, const char *what, struct err *e)
{
	return holds ? 0 : err_set(e, -EDOM, "OutOfDomain", "%s", what);
}

static int need_times(const double *times, size_t n, double now, double hosts, struct err *e)
{
	int rc = need(isfinite(hosts) && hosts > 0 && (double)n <= hosts,
		"the hacked hosts must be at most all hosts, and these at least one", e);

	if (!rc)
		rc = need(isfinite(now), "now must be finite", e);
	for (size_t i = 0; !rc && i < n; i++)
		rc = need(isfinite(times[i]) && times[i] <= now && (!i || times[i - 1] <= times[i]) &&
				  isfinite(now - times[0]),
			"the times must be finite, ascending and not after now", e);
	return rc;
}

int model_growth_fit(
	const double *times, size_t n, double now, double hosts, struct model_growth *ret, struct err *e)
{
	struct model_growth exponential_one, logistic_one;
	struct points p;
	double far;
	int rc = need_times(times, n, now, hosts, e);

	if (rc)
		return rc;
	points_make(times, n, now, &p);
	*ret = (struct model_growth){.kind = GROWTH_NONE};
	if (p.n < EXPONENTIAL_MIN)
		return 0;
	far = exponential_fit(&p, &exponential_one);
	if (!isfinite(exponential_one.k) || !isfinite(far))
		return 0;
	*ret = exponential_one;
	if (p.n >= LOGISTIC_MIN && logistic_fit(&p, hosts, &logistic_one) < CLEARLY_NEARER * far &&
		isfinite(logistic_one.k))
		*ret = logistic_one;
	return 0;
}

int model_growth_ahead(const struct model_growth *g, double hacked, double t, double hosts,
	double *ret_hacked, struct err *e)
{
	if (g->kind == GROWTH_LOGISTIC)
		return model_hacked_logistic(hacked, g->k, fmax(g->mu, hacked), t, hosts, ret_hacked, e);
	return model_hacked_exponential(
		hacked, g->kind == GROWTH_EXPONENTIAL ? g->k : 0, t, hosts, ret_hacked, e);
}
