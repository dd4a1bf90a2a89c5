/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the simulated game share. Their seeds are fixed: what passes once passes always. */
#ifndef ESCAPE_TESTS_MODEL_STATS_H
#define ESCAPE_TESTS_MODEL_STATS_H

#include <model/game_run.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

static inline struct game_tally run(struct game_job job, uint64_t plays, uint64_t seed)
{
	struct game_tally t;
	struct err e = {0};

	job.plays = plays;
	job.seed = seed;
	if (game_run(&job, &t, &e))
		fail_msg("%s", e.message);
	assert_true(t.plays == plays);
	return t;
}

/* Within four and a half standard deviations of a share that is known exactly. */
static inline void near_share(double got, double want, double plays)
{
	double slack = 4.5 * sqrt(want * (1 - want) / plays) + 1 / plays;

	if (!(fabs(got - want) <= slack))
		fail_msg("%.6f instead of %.6f, more than %.6f away", got, want, slack);
}

#endif
