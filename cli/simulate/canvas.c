/* SPDX-License-Identifier: Apache-2.0 */
#include "canvas.h"

#include <base/cleanup.h>
#include <base/str.h>
#include <math.h>

enum { LEFT = 76, RIGHT = 640, TOP = 48, BOTTOM = 420, LEGEND = RIGHT + 22, TICKS_MAX = 24 };

static const struct canvas_dash FULL = {0, 0};
static const struct canvas_dash DASHES[PLOT_LINES] = {
	[PLOT_SOLID] = {0, 0}, [PLOT_DASHED] = {7, 4}, [PLOT_DOTTED] = {1.5, 3}};

/* Unit shapes: circle (eight corners are enough at this size), square, triangle, its mirror, diamond, circle
 * again but filled. */
static const struct {
	size_t n;
	enum canvas_fill fill;
	struct plot_point corners[8];
} MARKERS[PLOT_MARKERS] = {
	{8, CANVAS_WHITE, {{1, 0}, {.7, .7}, {0, 1}, {-.7, .7}, {-1, 0}, {-.7, -.7}, {0, -1}, {.7, -.7}}},
	{4, CANVAS_BLACK, {{-.9, -.9}, {.9, -.9}, {.9, .9}, {-.9, .9}}},
	{3, CANVAS_WHITE, {{0, -1.2}, {1.1, .8}, {-1.1, .8}}},
	{4, CANVAS_BLACK, {{0, -1.3}, {1.3, 0}, {0, 1.3}, {-1.3, 0}}},
	{4, CANVAS_WHITE, {{-.9, -.9}, {.9, -.9}, {.9, .9}, {-.9, .9}}},
	{3, CANVAS_BLACK, {{0, 1.2}, {1.1, -.8}, {-1.1, -.8}}},
};

static double at_x(const struct plot *p, double v)
{
	return LEFT + plot_place(&p->x, v) * (RIGHT - LEFT);
}

static double at_y(const struct plot *p, double v)
{
	return BOTTOM - plot_place(&p->y, v) * (BOTTOM - TOP);
}

static void line(struct canvas *c, double x0, double y0, double x1, double y1, struct canvas_dash dash)
{
	c->path(c, (const struct plot_point[]){{x0, y0}, {x1, y1}}, 2, CANVAS_OPEN, dash, 1);
}

static void marker(struct canvas *c, size_t which, double x, double y)
{
	struct plot_point corners[8];

	for (size_t i = 0; i < MARKERS[which].n; i++)
		corners[i] = (struct plot_point){
			x + 4 * MARKERS[which].corners[i].x, y + 4 * MARKERS[which].corners[i].y};
	c->path(c, corners, MARKERS[which].n, MARKERS[which].fill, FULL, 1.2);
}

static void axes(struct canvas *c, const struct plot *p)
{
	double ticks[TICKS_MAX];
	char label[32];
	size_t n = plot_ticks(&p->x, ticks, TICKS_MAX);

	for (size_t i = 0; i < n; i++) {
		line(c, at_x(p, ticks[i]), BOTTOM, at_x(p, ticks[i]), BOTTOM + 5, FULL);
		str_fmt(label, sizeof(label), "%g", ticks[i]);
		c->text(c, at_x(p, ticks[i]), BOTTOM + 21, CANVAS_MIDDLE, false, label);
	}
	n = plot_ticks(&p->y, ticks, TICKS_MAX);
	for (size_t i = 0; i < n; i++) {
		line(c, LEFT - 5, at_y(p, ticks[i]), LEFT, at_y(p, ticks[i]), FULL);
		line(c, LEFT, at_y(p, ticks[i]), RIGHT, at_y(p, ticks[i]), (struct canvas_dash){1, 7});
		str_fmt(label, sizeof(label), "%g", ticks[i]);
		c->text(c, LEFT - 9, at_y(p, ticks[i]) + 5, CANVAS_END, false, label);
	}
	c->path(c, (const struct plot_point[]){{LEFT, TOP}, {LEFT, BOTTOM}, {RIGHT, BOTTOM}}, 3, CANVAS_OPEN,
		FULL, 1);
	c->text(c, (LEFT + RIGHT) / 2.0, BOTTOM + 46, CANVAS_MIDDLE, false, p->x.name);
	c->text(c, 22, (TOP + BOTTOM) / 2.0, CANVAS_MIDDLE, true, p->y.name);
	c->text(c, LEFT, 26, CANVAS_START, false, p->title);
}

static void curve(struct canvas *c, const struct plot *p, size_t i)
{
	const struct plot_series *s = &p->series[i];
	struct plot_point at[PLOT_POINTS_MAX];

	for (size_t k = 0; k < s->n; k++)
		at[k] = (struct plot_point){at_x(p, s->points[k].x), at_y(p, s->points[k].y)};
	c->path(c, at, s->n, CANVAS_OPEN, DASHES[s->line], 1.4);
}

/* About eight per curve, at other places on each, so that curves on top of each other can be told apart. */
static void curve_markers(struct canvas *c, const struct plot *p, size_t i)
{
	const struct plot_series *s = &p->series[i];
	size_t every = s->n > 16 ? s->n / 8 : 1;

	for (size_t k = every > 1 ? i * every / p->n_series : 0; k < s->n; k += every)
		marker(c, s->marker, at_x(p, s->points[k].x), at_y(p, s->points[k].y));
}

static void legend(struct canvas *c, const struct plot *p)
{
	for (size_t i = 0; i < p->n_series; i++) {
		const struct plot_series *s = &p->series[i];
		double y = TOP + 10 + 24 * (double)i;

		c->path(c, (const struct plot_point[]){{LEGEND, y}, {LEGEND + 42, y}}, 2, CANVAS_OPEN,
			DASHES[s->line], 1.4);
		marker(c, s->marker, LEGEND + 21, y);
		c->text(c, LEGEND + 50, y + 5, CANVAS_START, false, s->name);
	}
}

void canvas_draw(struct canvas *c, const struct plot *p)
{
	axes(c, p);
	for (size_t i = 0; i < p->n_series; i++)
		curve(c, p, i);
	for (size_t i = 0; i < p->n_series; i++)
		curve_markers(c, p, i);
	legend(c, p);
}
