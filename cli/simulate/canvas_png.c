/* SPDX-License-Identifier: Apache-2.0 */
#include "canvas.h"
#include "png.h"

#include <base/cleanup.h>
#include <errno.h>
#include <math.h>
#include <string.h>

/* Drawn this much larger, then averaged: that is what makes edges smooth. */
enum { SCALE = 3, W = CANVAS_WIDTH * SCALE, H = CANVAS_HEIGHT * SCALE, WHITE = 255 };

/* A character's strokes are on a grid of these, in pixels of the picture. */
#define GRID_X 1.2
#define GRID_Y 1.65
#define ADVANCE (6.2 * GRID_X)

struct raster {
	struct canvas canvas;
	unsigned char *dots; /* W x H */
};

static void dot(struct raster *r, double x, double y, double width)
{
	double radius = width * SCALE / 2;

	x *= SCALE;
	y *= SCALE;
	for (int j = (int)floor(y - radius); j <= (int)ceil(y + radius); j++)
		for (int i = (int)floor(x - radius); i <= (int)ceil(x + radius); i++)
			if (i >= 0 && i < W && j >= 0 && j < H && hypot(i - x, j - y) <= radius)
				r->dots[j * W + i] = 0;
}

/* *walked is how far the line has come, so that a dash goes on around a corner. */
static void segment(struct raster *r, struct plot_point a, struct plot_point b, struct canvas_dash dash,
	double width, double *walked)
{
	double length = hypot(b.x - a.x, b.y - a.y);
	int steps = (int)ceil(length * SCALE);

	for (int i = 0; i <= steps; i++) {
		double share = steps ? (double)i / steps : 0, at = share * length;

		if (dash.off <= 0 || fmod(*walked + at, dash.on + dash.off) < dash.on)
			dot(r, a.x + share * (b.x - a.x), a.y + share * (b.y - a.y), width);
	}
	*walked += length;
}

/* By the even-odd rule, for each dot of the rectangle around it. */
static bool inside(const struct plot_point *points, size_t n, double x, double y)
{
	bool in = false;

	for (size_t i = 0, j = n - 1; i < n; j = i++)
		if ((points[i].y > y) != (points[j].y > y) &&
			x < (points[j].x - points[i].x) * (y - points[i].y) / (points[j].y - points[i].y) +
					points[i].x)
			in = !in;
	return in;
}

static void fill_in(struct raster *r, const struct plot_point *points, size_t n, unsigned char shade)
{
	double x0 = W, x1 = 0, y0 = H, y1 = 0;

	for (size_t i = 0; i < n; i++) {
		x0 = fmin(x0, points[i].x * SCALE);
		x1 = fmax(x1, points[i].x * SCALE);
		y0 = fmin(y0, points[i].y * SCALE);
		y1 = fmax(y1, points[i].y * SCALE);
	}
	for (int j = (int)fmax(y0, 0); j <= (int)fmin(y1, H - 1); j++)
		for (int i = (int)fmax(x0, 0); i <= (int)fmin(x1, W - 1); i++)
			if (inside(points, n, (double)i / SCALE, (double)j / SCALE))
				r->dots[j * W + i] = shade;
}

static void raster_path(struct canvas *c, const struct plot_point *points, size_t n, enum canvas_fill fill,
	struct canvas_dash dash, double width)
{
	struct raster *r = (struct raster *)c;
	double walked = 0;

	if (fill != CANVAS_OPEN)
		fill_in(r, points, n, fill == CANVAS_WHITE ? WHITE : 0);
	for (size_t i = 1; i < n; i++)
		segment(r, points[i - 1], points[i], dash, width, &walked);
	if (fill != CANVAS_OPEN && n > 1)
		segment(r, points[n - 1], points[0], dash, width, &walked);
}

static struct plot_point grid_at(const char *digits, double x, double y, bool upright)
{
	double right = (digits[0] - '0') * GRID_X, down = (digits[1] - '6') * GRID_Y;

	return upright ? (struct plot_point){x + down, y - right} : (struct plot_point){x + right, y + down};
}

static void glyph(struct raster *r, char c, double x, double y, bool upright)
{
	double walked = 0;

	for (const char *s = font_strokes(c); *s;) {
		struct plot_point from = grid_at(s, x, y, upright);

		for (s += 2; *s && *s != ' '; s += 2) {
			struct plot_point to = grid_at(s, x, y, upright);

			segment(r, from, to, (struct canvas_dash){0, 0}, 1.2, &walked);
			from = to;
		}
		s += *s == ' ';
	}
}

static void raster_text(
	struct canvas *c, double x, double y, enum canvas_anchor anchor, bool upright, const char *s)
{
	double before = ADVANCE * (double)strlen(s) * anchor / CANVAS_END;

	for (; *s; s++, before -= ADVANCE)
		glyph((struct raster *)c, *s, upright ? x : x - before, upright ? y + before : y, upright);
}

static void average(const unsigned char *dots, unsigned char *pixels)
{
	for (int y = 0; y < CANVAS_HEIGHT; y++)
		for (int x = 0; x < CANVAS_WIDTH; x++) {
			int sum = 0;

			for (int i = 0; i < SCALE * SCALE; i++)
				sum += dots[(y * SCALE + i / SCALE) * W + x * SCALE + i % SCALE];
			pixels[y * CANVAS_WIDTH + x] = (unsigned char)(sum / (SCALE * SCALE));
		}
}

int plot_png(const struct plot *p, struct buf *out)
{
	auto_free unsigned char *dots = malloc((size_t)W * H),
				*pixels = malloc((size_t)CANVAS_WIDTH * CANVAS_HEIGHT);
	struct raster r = {.canvas = {.path = raster_path, .text = raster_text}, .dots = dots};

	if (!dots || !pixels)
		return -ENOMEM;
	memset(dots, WHITE, (size_t)W * H);
	canvas_draw(&r.canvas, p);
	average(dots, pixels);
	return png_add_gray(pixels, CANVAS_WIDTH, CANVAS_HEIGHT, out);
}
