/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The evaluation of the ESCAPE paper (section IV.B, figures 4 to 9): which curves each figure shows, and
 * their values by the equations of model.h. Where the paper leaves a parameter open, the reading taken is
 * that of docs/model.md. Pure; no drawing here.
 */
#ifndef ESCAPE_MODEL_FIGURE_H
#define ESCAPE_MODEL_FIGURE_H

#include <base/err.h>
#include <stdbool.h>
#include <stddef.h>

enum {
	FIGURE_FIRST = 4,
	FIGURE_LAST = 9,
	FIGURE_SERIES_MAX = 12,
	/* Whole times: ln t is 0 at 1, where equation 1 has no value. */
	FIGURE_T_FIRST = 2,
	FIGURE_T_LAST = 100,
};

struct figure_series {
	char name[32]; /* "mobile N=7" */
	bool moves;
	size_t kind;    /* 0, 1, ...: the same for the static and the mobile curve of one parameter */
	double hosts;   /* V */
	double n0;      /* N, or N(0) where it grows */
	bool grows;     /* logistically, by k and mu */
	double k, mu;   /* per unit of time; hosts */
	bool some_fail; /* equation 3, with td */
	double td;
};

struct figure {
	int number;
	const char *title;
	size_t n_series;
	struct figure_series series[FIGURE_SERIES_MAX];
};

/* -EDOM for a number that is not one of the figures. */
int figure_get(int number, struct figure *ret, struct err *e);
/* Survival at t > 1. -EDOM as in model.h. */
int figure_at(const struct figure_series *s, double t, double *ret_p, struct err *e);

#endif
