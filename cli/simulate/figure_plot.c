/* SPDX-License-Identifier: Apache-2.0 */
#include "figure_plot.h"

#include <base/str.h>
#include <errno.h>
#include <model/figure.h>

static int series_fill(struct plot *p, const struct figure_series *from, struct err *e)
{
	struct plot_series *s = plot_add(p, FIGURE_T_LAST - FIGURE_T_FIRST + 1);

	if (!s)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for the figure");
	str_copy(s->name, sizeof(s->name), from->name);
	s->line = from->moves ? PLOT_SOLID : PLOT_DASHED;
	s->marker = from->kind % PLOT_MARKERS;
	for (size_t i = 0; i < s->n; i++) {
		int rc;

		s->points[i].x = FIGURE_T_FIRST + (double)i;
		rc = figure_at(from, s->points[i].x, &s->points[i].y, e);
		if (rc)
			return rc;
	}
	return 0;
}

int figure_plot(int number, struct plot *ret, struct err *e)
{
	struct figure f;
	int rc = figure_get(number, &f, e);

	if (rc)
		return rc;
	*ret = (struct plot){
		.x = {.name = "time t (in units of one hop of an attacker)", .min = 0, .max = FIGURE_T_LAST},
		.y = {.name = "survival probability P(t)", .min = 0, .max = 1},
	};
	str_fmt(ret->id, sizeof(ret->id), "%d", number);
	str_fmt(ret->title, sizeof(ret->title), "Figure %d. %s", number, f.title);
	for (size_t i = 0; i < f.n_series && !rc; i++)
		rc = series_fill(ret, &f.series[i], e);
	return rc;
}
