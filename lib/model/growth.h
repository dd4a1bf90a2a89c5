/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How N grows, fitted to the times at which hosts became hacked: the exponential or the logistic model of the
 * paper's section IV.A.3 (model.h). Robust: slopes are medians over pairs of points (Theil and Sen), so that
 * one host that was seen late, or hacked by somebody else, moves little. Pure and total, as model.h; units as
 * there.
 */
#ifndef ESCAPE_MODEL_GROWTH_H
#define ESCAPE_MODEL_GROWTH_H

#include <base/err.h>
#include <stddef.h>

enum model_growth_kind { GROWTH_NONE, GROWTH_EXPONENTIAL, GROWTH_LOGISTIC };
extern const char *const MODEL_GROWTH_NAMES[];

struct model_growth {
	enum model_growth_kind kind;
	double k;  /* per unit of time, 0 or more */
	double mu; /* Logistic: the capacity, above the hosts hacked now and up to all */
};

/*
 * times: when each of the n hacked hosts became so, ascending, none after now (what happened between the last
 * and now, nothing, counts as well). n <= hosts. Fewer than three different times give GROWTH_NONE; the
 * logistic model is taken where it is clearly nearer, of five and more. -EDOM: out of domain, *ret untouched.
 */
int model_growth_fit(
	const double *times, size_t n, double now, double hosts, struct model_growth *ret, struct err *e);

/* N after t more units, from `hacked` now; never above hosts. Domain as for model_hacked_logistic. */
int model_growth_ahead(const struct model_growth *g, double hacked, double t, double hosts,
	double *ret_hacked, struct err *e);

#endif
