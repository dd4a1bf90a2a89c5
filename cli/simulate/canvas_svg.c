/* SPDX-License-Identifier: Apache-2.0 */
#include "canvas.h"

#include <errno.h>

struct svg {
	struct canvas canvas;
	struct buf *out;
};

static void escaped_add(struct buf *out, const char *s)
{
	for (; *s; s++) {
		if (*s == '<')
			buf_adds(out, "&lt;");
		else if (*s == '>')
			buf_adds(out, "&gt;");
		else if (*s == '&')
			buf_adds(out, "&amp;");
		else
			buf_add(out, s, 1);
	}
}

static void svg_path(struct canvas *c, const struct plot_point *points, size_t n, enum canvas_fill fill,
	struct canvas_dash dash, double width)
{
	static const char *const FILLS[] = {
		[CANVAS_OPEN] = "none", [CANVAS_WHITE] = "white", [CANVAS_BLACK] = "black"};
	struct buf *out = ((struct svg *)c)->out;

	buf_addf(out, "<path d=\"");
	for (size_t i = 0; i < n; i++)
		buf_addf(out, "%s%.2f %.2f", i ? "L" : "M", points[i].x, points[i].y);
	buf_addf(out, "%s\" fill=\"%s\" stroke=\"black\" stroke-width=\"%g\"", fill == CANVAS_OPEN ? "" : "Z",
		FILLS[fill], width);
	if (dash.off > 0)
		buf_addf(out, " stroke-dasharray=\"%g %g\"", dash.on, dash.off);
	buf_adds(out, "/>\n");
}

static void svg_text(
	struct canvas *c, double x, double y, enum canvas_anchor anchor, bool upright, const char *s)
{
	static const char *const ANCHORS[] = {
		[CANVAS_START] = "start", [CANVAS_MIDDLE] = "middle", [CANVAS_END] = "end"};
	struct buf *out = ((struct svg *)c)->out;

	buf_addf(out, "<text x=\"%.2f\" y=\"%.2f\" text-anchor=\"%s\"", x, y, ANCHORS[anchor]);
	if (upright)
		buf_addf(out, " transform=\"rotate(-90 %.2f %.2f)\"", x, y);
	buf_adds(out, ">");
	escaped_add(out, s);
	buf_adds(out, "</text>\n");
}

int plot_svg(const struct plot *p, struct buf *out)
{
	struct svg svg = {.canvas = {.path = svg_path, .text = svg_text}, .out = out};

	buf_addf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" "
		"font-family=\"Helvetica, Arial, 'DejaVu Sans', sans-serif\" font-size=\"%d\" "
		"stroke-linejoin=\"round\">\n"
		"<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n<title>",
		CANVAS_WIDTH, CANVAS_HEIGHT, CANVAS_WIDTH, CANVAS_HEIGHT, CANVAS_TEXT);
	escaped_add(out, p->title);
	buf_adds(out, "</title>\n");
	canvas_draw(&svg.canvas, p);
	buf_adds(out, "</svg>\n");
	return out->failed ? -ENOMEM : 0;
}
