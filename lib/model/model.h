/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The predator and prey model: how probable it is that a container survives among hacked hosts, when it stays
 * and when it moves. Pure functions; the equation numbers are those of the ESCAPE paper (see docs). Hosts are
 * counts (fractions allowed: densities are local averages), times are in the model's unit, the time that an
 * attacker needs from one host to the next. Total: whatever goes in, the result is a number in its range, or
 * -EDOM with the reason and *ret untouched.
 */
#ifndef ESCAPE_MODEL_MODEL_H
#define ESCAPE_MODEL_MODEL_H

#include <base/err.h>

/* How far ahead the published figures look, and forecasts here. */
#define MODEL_HORIZON 100.0

/* S(t) ~ pi t / ln t, t > 1: distinct hosts the attackers visited up to t, on a plane. An approximation for
 * large t: it falls until t = e and grows from there. */
int model_visited(double t, double *ret_visited, struct err *e);
/* (3) S_success = (1 - exp(-td)) S: visits that succeed when detection takes td on average. td = 0: none
 * does. */
int model_visited_undetected(double visited, double td, double *ret_visited, struct err *e);
/* (1) P_static = exp(-rho S), rho = N / V: survival of a container that stays. 0 <= hacked <= hosts, hosts >
 * 0. */
int model_survival_static(double hacked, double hosts, double visited, double *ret_p, struct err *e);
/* (2) ln P_mobile = (N / V)^2 ln P_static: survival of a container that moves. */
int model_survival_mobile(double hacked, double hosts, double visited, double *ret_p, struct err *e);

/* N(t) = N0 exp(k t), never more than hosts. k >= 0 per unit of time, t >= 0. */
int model_hacked_exponential(double n0, double k, double t, double hosts, double *ret_hacked, struct err *e);
/* N(t) = mu N0 exp(k t) / (N0 exp(k t) + mu - N0), never more than hosts. mu > 0: the capacity it approaches.
 */
int model_hacked_logistic(
	double n0, double k, double mu, double t, double hosts, double *ret_hacked, struct err *e);

/* Equations 1 to 3 together, as a policy's status shows them. */
struct model_forecast {
	double survival_static; /* 0..1 */
	double survival_mobile; /* 0..1, never below survival_static */
};
int model_forecast(
	double hacked, double hosts, double td, double t, struct model_forecast *ret, struct err *e);

#endif
