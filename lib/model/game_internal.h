/* SPDX-License-Identifier: Apache-2.0 */
/* What game_hosts.c (how a play goes) and game_choose.c (what the prey does) share; nobody else includes it.
 */
#ifndef ESCAPE_MODEL_GAME_INTERNAL_H
#define ESCAPE_MODEL_GAME_INTERNAL_H

#include <model/game_hosts.h>
#include <stdbool.h>

struct game_hosts_plan {
	struct game_hosts setup;
	double harm;    /* that a visit does it: equation 3 */
	double visited; /* S_success at the horizon, for placement's weights */
	uint32_t delay; /* whole steps in td: what happened in the last ones is not known */
	uint32_t most;  /* attackers there can ever be */
	uint16_t wanted[GAME_STEPS_MAX + 1]; /* attackers, by step */
	double *near_all;                    /* per host, placement's sum over all hosts */
	float *near;                         /* placement's share of each pair, [a * n + b] */
};

/* A thread's memory for one play after the other. */
struct game_play {
	const struct game_hosts_plan *plan;
	uint64_t rng;
	uint32_t prey;
	uint32_t n; /* attackers now */
	uint32_t *now;
	uint32_t *past;        /* delay + 1 rows of plan->most, by step modulo */
	uint32_t *known;       /* number of them at that step */
	unsigned char *hacked; /* per host: known to be */
	double *share;
};

/* The probability that an attacker of at[n] comes to `host` with its next hop. */
double game_hazard(const struct game_graph *g, const uint32_t *at, uint32_t n, uint32_t host);
/* Where the prey goes, knowing of at[n]; where it is, when there is nowhere to go. */
uint32_t game_choose(struct game_play *p, const uint32_t *at, uint32_t n);

static inline double game_uniform(uint64_t bits)
{
	return (double)(bits >> 11) * 0x1p-53;
}

#endif
