/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Curves to be shown, and the forms they are shown in. Readable in black and white: curves differ by their
 * line and their marker, never by a colour. Pure; a plot owns its points (plot_free). Appending functions
 * return 0 or -ENOMEM.
 */
#ifndef ESCAPE_CLI_SIMULATE_PLOT_H
#define ESCAPE_CLI_SIMULATE_PLOT_H

#include <base/buf.h>
#include <stdbool.h>
#include <stddef.h>

enum plot_line { PLOT_SOLID, PLOT_DASHED, PLOT_DOTTED, PLOT_LINES };
enum { PLOT_MARKERS = 6, PLOT_SERIES_MAX = 16, PLOT_POINTS_MAX = 1000 };

struct plot_point {
	double x, y;
};

struct plot_series {
	char name[48]; /* no comma, quote or control byte: it is a column of the csv */
	enum plot_line line;
	size_t marker; /* below PLOT_MARKERS */
	size_t n;
	struct plot_point *points;
};

struct plot_axis {
	char name[64];
	double min, max; /* min < max; both above 0 when it is logarithmic */
	bool log;
};

struct plot {
	char id[24]; /* the first column of the csv: "4" */
	char title[120];
	struct plot_axis x, y;
	size_t n_series;
	struct plot_series series[PLOT_SERIES_MAX];
};

/* NULL: out of memory, or more series than there can be. The points are all 0. */
struct plot_series *plot_add(struct plot *p, size_t n_points);
void plot_free(struct plot *p);
#define auto_plot __attribute__((cleanup(plot_free)))

/* Rows "figure,series,t,p", numbers exact (17 digits), after a header where header is set. */
int plot_csv(const struct plot *p, bool header, struct buf *out);
int plot_json(const struct plot *p, struct buf *out);
/* For a terminal of 80 columns. */
int plot_txt(const struct plot *p, struct buf *out);
int plot_svg(const struct plot *p, struct buf *out);
int plot_png(const struct plot *p, struct buf *out);

/* 0..1 where v lies between an axis' ends; what lies outside is put on the edge. */
double plot_place(const struct plot_axis *a, double v);
/* The ticks of an axis, at most max; returns how many. */
size_t plot_ticks(const struct plot_axis *a, double *ticks, size_t max);

#endif
