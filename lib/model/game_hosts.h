/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The game as ESCAPE plays it, on any topology (game_graph.h): attackers go from host to host, and by growth
 * to more; a visit to the prey's host does harm with probability 1 - exp(-td) (equation 3), else it is
 * detected. An attacker who has found the prey may stay. The prey knows where attackers were td ago, and
 * moves when a visit is detected, or before, when the probability of one in the next step reaches `nerve`;
 * where to is the strategy. Pure; the setup is shared, read only, by all threads.
 */
#ifndef ESCAPE_MODEL_GAME_HOSTS_H
#define ESCAPE_MODEL_GAME_HOSTS_H

#include <base/err.h>
#include <model/game_graph.h>
#include <model/game_run.h>
#include <stdbool.h>

enum game_strategy {
	GAME_STATIC,        /* never moves */
	GAME_RANDOM,        /* any host not known to be hacked */
	GAME_FARTHEST,      /* of those, the one that differs most */
	GAME_PREDATOR_PREY, /* of those, drawn by placement's weights: survival by equation 1 */
	GAME_EQUATION_2,    /* the same with survival by equation 2, which hardly tells hosts apart */
	/* Knows where attackers are now and the true probabilities of their hops, and stays or goes to where
	 * a visit in the next step is least probable, at every step: what knowing more could give at best. */
	GAME_ORACLE,
	GAME_STRATEGIES,
};
extern const char *const GAME_STRATEGY_NAMES[GAME_STRATEGIES];

/* Positions older than that are not kept: who learns later learns nothing of use. */
enum { GAME_DELAY_MAX = 15, GAME_HACKED_MAX = 512 };

struct game_hosts {
	const struct game_graph *graph;
	enum game_strategy strategy;
	uint32_t hacked; /* attackers at the beginning: 1 or more, below the number of hosts */
	/* Where the first n_start of them are then; the others are anywhere but on the prey. Borrowed. */
	const uint32_t *start;
	uint32_t n_start;
	const bool *closed; /* per host: the prey is never there; NULL: all are open. Borrowed. */
	double stay;  /* probability that an attacker who has found the prey stays there, and tries again */
	double k, mu; /* logistic growth of their number, per step; mu = 0: none */
	double td;    /* mean detection time, in steps */
	double nerve; /* 0..1 is a probability; above 1: moves only after a detected visit */
	double heterogeneity_weight; /* of placement */
	uint32_t horizon;            /* steps, up to GAME_STEPS_MAX */
};

/* A setup with what follows from it. Opaque; caller frees, after the run. -EDOM, -ENOMEM. */
struct game_hosts_plan;
int game_hosts_plan_new(const struct game_hosts *setup, struct game_hosts_plan **ret, struct err *e);
void game_hosts_plan_free(struct game_hosts_plan *p);
/* Fills what game_run needs (trial, arg, scratch_size). */
void game_hosts_job(const struct game_hosts_plan *p, struct game_job *job);

/* What the strategy gives each host as a share in the choice, for a prey on `prey` who knows of attackers on
 * known[n]: share[hosts] adds up to 1, or is 0 throughout when there is nowhere to go. For tests against
 * place.h. */
void game_hosts_shares(
	const struct game_hosts_plan *p, uint32_t prey, const uint32_t *known, uint32_t n, double *share);

#endif
