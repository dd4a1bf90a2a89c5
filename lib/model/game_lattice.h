/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The game that equation 2 comes from (Oshanin, Vasilyev, Krapivsky, Klafter, 'Survival of an evasive prey',
 * PNAS 106 (2009) 13696): predators wander at random over a square lattice without edges; a lazy prey stays
 * where it is until one of them stands next to it, and then hops to a neighbouring site that no predator can
 * reach with its next hop. When there is none it is caught. With `evasive` unset the prey never moves, and is
 * caught when a predator steps onto its site: the game of equation 1. Pure; a torus is shared, read only, by
 * all threads.
 */
#ifndef ESCAPE_MODEL_GAME_LATTICE_H
#define ESCAPE_MODEL_GAME_LATTICE_H

#include <base/err.h>
#include <model/game_run.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { GAME_SIDE_MIN = 3, GAME_SIDE_MAX = 1000, GAME_PREDATORS_MAX = 100000 };

struct game_torus {
	uint32_t width, height, sites;
	uint32_t *next; /* next[4 * site + direction] */
};

/* -EDOM, -ENOMEM. The caller frees with game_torus_free. */
int game_torus_init(struct game_torus *t, uint32_t width, uint32_t height, struct err *e);
void game_torus_free(struct game_torus *t);

/* Where a prey at `prey` goes; prey itself when it is trapped. */
uint32_t game_lattice_flee(
	const struct game_torus *t, uint32_t prey, const uint32_t *predators, size_t n, uint64_t *rng);

struct game_lattice {
	const struct game_torus *torus;
	uint32_t predators; /* start anywhere but on the prey */
	bool evasive;
	uint64_t horizon; /* steps after which a play ends, the prey alive */
};

/* Fills what game_run needs (trial, arg, scratch_size); setup is borrowed. -EDOM. */
int game_lattice_job(const struct game_lattice *setup, struct game_job *job, struct err *e);

/*
 * The exact S(t) that pi t / ln t approximates: distinct sites, the first one included, that one walk of that
 * many hops has been on, on a square lattice without end. steps <= GAME_STEPS_MAX, else -EDOM.
 */
int game_lattice_visited(uint32_t steps, double *ret_visited, struct err *e);

#endif
