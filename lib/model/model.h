/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The predator and prey model of the ESCAPE paper, section IV.A: how probable it is that a container survives
 * among hacked hosts, when it stays and when it moves. Pure functions of numbers, free for any thread; the
 * simulated game is in game.h, docs/model.md says where the two agree. Total: whatever goes in, the result is
 * a finite number in the range given here, or -EDOM with the reason and *ret untouched.
 *
 * Units. Hosts are counts; fractions are allowed, because densities are local averages. Times are in the
 * model's unit: what an attacker needs from one host to the next, on average. Probabilities are 0..1.
 */
#ifndef ESCAPE_MODEL_MODEL_H
#define ESCAPE_MODEL_MODEL_H

#include <base/err.h>

/* How far ahead the published figures look (table I, "Simulation time"), and forecasts here. */
#define MODEL_HORIZON 100.0

/*
 * IV.A.1: S(t) ~ pi t / ln t, the distinct hosts that one wandering attacker has visited up to t, on a plane
 * without an edge. t > 1, finite. Result: at least pi e (8.54). An approximation for large t: it falls from
 * infinity until t = e and grows from there.
 */
int model_visited(double t, double *ret_visited, struct err *e);
/*
 * IV.A.2, equation 3: S_success = (1 - exp(-td)) S, the visits that succeed when detection takes td on
 * average. visited >= 0, td >= 0. Result: 0 (td = 0, every visit is detected) up to visited.
 */
int model_visited_undetected(double visited, double td, double *ret_visited, struct err *e);
/*
 * IV.A.1, equation 1: P_static = exp(-rho S), rho = N / V: a container that stays.
 * 0 <= hacked <= hosts, hosts > 0, visited >= 0. Result: 0..1.
 */
int model_survival_static(double hacked, double hosts, double visited, double *ret_p, struct err *e);
/*
 * IV.A.1, equation 2: ln P_mobile = (N / V)^2 ln P_static at the same time: a container that moves away from
 * what comes near. Domain as for equation 1. Result: never below P_static, up to 1.
 */
int model_survival_mobile(double hacked, double hosts, double visited, double *ret_p, struct err *e);

/*
 * IV.A.3: N(t) = N0 exp(k t), never more than hosts. 0 <= n0 <= hosts, hosts > 0, k >= 0 (per unit of time),
 * t >= 0. Result: n0 up to hosts.
 */
int model_hacked_exponential(double n0, double k, double t, double hosts, double *ret_hacked, struct err *e);
/*
 * IV.A.3: N(t) = mu N0 exp(k t) / (N0 exp(k t) + mu - N0), never more than hosts. mu > 0: the capacity that
 * it approaches, from below or, when N0 is larger, from above; else as the exponential one.
 */
int model_hacked_logistic(
	double n0, double k, double mu, double t, double hosts, double *ret_hacked, struct err *e);

/* Equations 1 to 3 together, as a policy's status shows them. Domains as above. */
struct model_forecast {
	double survival_static; /* 0..1 */
	double survival_mobile; /* 0..1, never below survival_static */
};
int model_forecast(
	double hacked, double hosts, double td, double t, struct model_forecast *ret, struct err *e);

#endif
