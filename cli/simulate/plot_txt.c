/* SPDX-License-Identifier: Apache-2.0 */
#include "plot.h"

#include <errno.h>
#include <math.h>
#include <string.h>

enum { COLUMNS = 68, ROWS = 20 };

struct screen {
	char cells[ROWS + 1][COLUMNS + 2];
};

static void series_draw(struct screen *s, const struct plot *p, size_t i)
{
	for (size_t k = 0; k < p->series[i].n; k++) {
		const struct plot_point *at = &p->series[i].points[k];
		size_t column = (size_t)lround(plot_place(&p->x, at->x) * COLUMNS);
		size_t row = (size_t)lround((1 - plot_place(&p->y, at->y)) * ROWS);

		s->cells[row][column] = (char)('a' + i);
	}
}

/* Nothing but blanks to the right is not sent. */
static int width_of(const char *row)
{
	size_t n = strlen(row);

	while (n && row[n - 1] == ' ')
		n--;
	return (int)n;
}

static void rows_add(const struct screen *s, const struct plot *p, struct buf *out)
{
	for (size_t row = 0; row <= ROWS; row++) {
		/* Every fourth row has its value in front. */
		double share = 1 - (double)row / ROWS, lin = p->y.min + share * (p->y.max - p->y.min);
		double value = p->y.log ? p->y.min * pow(p->y.max / p->y.min, share) : lin;

		if (row % 4)
			buf_addf(out, "         |%.*s\n", width_of(s->cells[row]), s->cells[row]);
		else
			buf_addf(out, "%8.3g +%.*s\n", value, width_of(s->cells[row]), s->cells[row]);
	}
	buf_addf(out, "         +%.*s\n", COLUMNS + 1,
		"-------------------------------------------------------------------------------");
	buf_addf(out, "         %-*g%*g\n", COLUMNS / 2, p->x.min, COLUMNS / 2 + 2, p->x.max);
	buf_addf(out, "         %s\n\n", p->x.name);
}

static void legend_add(const struct plot *p, struct buf *out)
{
	for (size_t i = 0; i < p->n_series; i++) {
		const struct plot_series *s = &p->series[i];

		if (s->n)
			buf_addf(out, "  %c  %-24s %-10.4g at %-8g %-10.4g at %g\n", (char)('a' + i), s->name,
				s->points[0].y, s->points[0].x, s->points[s->n - 1].y, s->points[s->n - 1].x);
	}
}

int plot_txt(const struct plot *p, struct buf *out)
{
	struct screen s;

	memset(&s, ' ', sizeof(s));
	for (size_t row = 0; row <= ROWS; row++)
		s.cells[row][COLUMNS + 1] = '\0';
	for (size_t i = 0; i < p->n_series; i++)
		series_draw(&s, p, i);
	buf_addf(out, "%s\n\n%s\n", p->title, p->y.name);
	rows_add(&s, p, out);
	legend_add(p, out);
	return out->failed ? -ENOMEM : 0;
}
