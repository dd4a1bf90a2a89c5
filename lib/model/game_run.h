/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plays a game many times, on several cores, and counts. Each play has its own seed, made from the run's seed
 * and the play's number, and counts are whole numbers: the result does not depend on how many threads there
 * were. Threads are inside and nowhere else in lib/model; only `trial` runs on them.
 */
#ifndef ESCAPE_MODEL_GAME_RUN_H
#define ESCAPE_MODEL_GAME_RUN_H

#include <base/err.h>
#include <stddef.h>
#include <stdint.h>

enum { GAME_STEPS_MAX = 1000, GAME_THREADS_MAX = 64 };

/* Sums over all plays. */
struct game_tally {
	uint64_t plays;
	uint64_t deaths;
	uint64_t steps;                       /* that the prey was alive */
	uint64_t hops;                        /* of predators */
	uint64_t moves;                       /* of the prey */
	uint64_t died_at[GAME_STEPS_MAX + 1]; /* by step; what came later is only in deaths */
};

struct game_job {
	uint64_t seed;
	uint64_t plays;
	unsigned threads;    /* 0: one per core */
	size_t scratch_size; /* bytes of memory that each thread gets, zeroed, kept from play to play */
	void (*trial)(const void *arg, void *scratch, uint64_t seed, struct game_tally *tally);
	const void *arg; /* shared, read only */
	/* NULL, or called on the caller's thread, a few times a second and at the end. */
	void (*progress)(void *arg, uint64_t done, uint64_t plays);
	void *progress_arg;
};

/* -ENOMEM, or -EAGAIN when not even one thread can be had. */
int game_run(const struct game_job *job, struct game_tally *ret, struct err *e);
/* The share of plays whose prey was alive after that step. */
double game_survival(const struct game_tally *t, uint32_t step);

/* 95 % intervals. */
struct game_interval {
	double low, high;
};
/* Of a share, hits out of n (Wilson): within 0..1, and of use at 0 and at n as well. */
struct game_interval game_share_interval(uint64_t hits, uint64_t n);
/* Of a rate, events in a time; at no event the high end is the rule of three. */
struct game_interval game_rate_interval(uint64_t events, double time);

#endif
