/* SPDX-License-Identifier: Apache-2.0 */
#include "plot.h"

#include "../text.h"

#include <base/cleanup.h>
#include <errno.h>
#include <math.h>

struct plot_series *plot_add(struct plot *p, size_t n_points)
{
	struct plot_series *s = &p->series[p->n_series];

	if (p->n_series == PLOT_SERIES_MAX || n_points > PLOT_POINTS_MAX)
		return NULL;
	*s = (struct plot_series){.n = n_points, .points = calloc(n_points + 1, sizeof(*s->points))};
	if (!s->points)
		return NULL;
	p->n_series++;
	return s;
}

void plot_free(struct plot *p)
{
	for (size_t i = 0; i < p->n_series; i++)
		free(p->series[i].points);
	p->n_series = 0;
}

int plot_csv(const struct plot *p, bool header, struct buf *out)
{
	if (header)
		buf_adds(out, "figure,series,t,p\n");
	for (size_t i = 0; i < p->n_series; i++)
		for (size_t k = 0; k < p->series[i].n; k++)
			buf_addf(out, "%s,%s,%.17g,%.17g\n", p->id, p->series[i].name,
				p->series[i].points[k].x, p->series[i].points[k].y);
	return out->failed ? -ENOMEM : 0;
}

static struct json *point_json(const struct plot_point *p)
{
	struct json *j = json_new_arr();

	if (json_add(j, json_new_num(p->x)) || json_add(j, json_new_num(p->y))) {
		json_free(j);
		return NULL;
	}
	return j;
}

static struct json *series_json(const struct plot_series *s)
{
	auto_json struct json *j = json_new_obj(), *points = json_new_arr();

	for (size_t i = 0; i < s->n; i++)
		if (json_add(points, point_json(&s->points[i])))
			return NULL;
	if (json_set_str(j, "name", s->name) || json_set(j, "points", TAKE_PTR(points)))
		return NULL;
	return TAKE_PTR(j);
}

int plot_json(const struct plot *p, struct buf *out)
{
	auto_json struct json *j = json_new_obj(), *series = json_new_arr();

	for (size_t i = 0; i < p->n_series; i++)
		if (json_add(series, series_json(&p->series[i])))
			return -ENOMEM;
	if (json_set_str(j, "figure", p->id) || json_set_str(j, "title", p->title) ||
		json_set_str(j, "x", p->x.name) || json_set_str(j, "y", p->y.name) ||
		json_set(j, "series", TAKE_PTR(series)))
		return -ENOMEM;
	return text_add_json(out, j);
}

double plot_place(const struct plot_axis *a, double v)
{
	double at = a->log ? log(fmax(v, a->min) / a->min) / log(a->max / a->min)
			   : (v - a->min) / (a->max - a->min);

	return fmin(fmax(at, 0), 1);
}

/* 1, 2 or 5 times a power of ten, so that about six fit. */
static double step_of(const struct plot_axis *a)
{
	double raw = (a->max - a->min) / 6, power = pow(10, floor(log10(raw)));

	if (raw <= 2 * power)
		return 2 * power;
	return raw <= 5 * power ? 5 * power : 10 * power;
}

size_t plot_ticks(const struct plot_axis *a, double *ticks, size_t max)
{
	double step = a->log ? 1 : step_of(a), first = a->log ? log10(a->min) : a->min / step,
	       last = a->log ? log10(a->max) : a->max / step;
	size_t n = 0;

	for (double i = ceil(first - 1e-9); i <= last + 1e-9 && n < max; i++)
		ticks[n++] = a->log ? pow(10, i) : (i + 0) * step;
	return n;
}
