/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paper to draw on: black on white, pixels from the top left. Two of them: SVG, which keeps shapes, and PNG,
 * which keeps dots. A failed allocation shows when the picture is finished, not before.
 */
#ifndef ESCAPE_CLI_SIMULATE_CANVAS_H
#define ESCAPE_CLI_SIMULATE_CANVAS_H

#include "plot.h"

enum { CANVAS_WIDTH = 860, CANVAS_HEIGHT = 480, CANVAS_TEXT = 14 };
enum canvas_anchor { CANVAS_START, CANVAS_MIDDLE, CANVAS_END };
enum canvas_fill { CANVAS_OPEN, CANVAS_WHITE, CANVAS_BLACK };

/* Lengths of dash and gap; 0, 0 is a line without gaps. */
struct canvas_dash {
	double on, off;
};

struct canvas {
	/* A line through n points; closed and filled unless it is open. */
	void (*path)(struct canvas *c, const struct plot_point *points, size_t n, enum canvas_fill fill,
		struct canvas_dash dash, double width);
	/* (x, y) is on the base line. upright: read from below. */
	void (*text)(
		struct canvas *c, double x, double y, enum canvas_anchor anchor, bool upright, const char *s);
};

/* Draws the whole plot. */
void canvas_draw(struct canvas *c, const struct plot *p);
/* The strokes of a character: pairs of digits x, y (0..4 wide, 0 top, 6 base line, 8 lowest), strokes apart
 * by a space. */
const char *font_strokes(char c);

#endif
