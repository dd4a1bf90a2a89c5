/* SPDX-License-Identifier: Apache-2.0 */
/* The lazy prey on the lattice: who can catch it, and how long a prey that stays lasts, against exact values.
 */
#include "golden/golden.h"
#include "stats.h"

#include <base/cleanup.h>
#include <errno.h>
#include <model/game_lattice.h>
#include <string.h>

static struct game_torus torus(uint32_t width, uint32_t height)
{
	struct game_torus t;

	assert_int_equal(game_torus_init(&t, width, height, NULL), 0);
	return t;
}

static bool reaches(const struct game_torus *t, uint32_t from, uint32_t to)
{
	bool can = from == to;

	for (int d = 0; d < 4; d++)
		can |= t->next[4 * from + d] == to;
	return can;
}

static void test_every_site_has_four_neighbours(void **state)
{
	struct game_torus t = torus(7, 4);

	(void)state;
	for (uint32_t i = 0; i < t.sites; i++)
		for (int d = 0; d < 4; d++) {
			assert_true(t.next[4 * i + d] < t.sites && t.next[4 * i + d] != i);
			assert_true(reaches(&t, t.next[4 * i + d], i));
			for (int k = 0; k < d; k++)
				assert_true(t.next[4 * i + d] != t.next[4 * i + k]);
		}
	game_torus_free(&t);
}

/* The prey goes where nobody reaches it, and stays only when there is no such place. */
static bool flees(const struct game_torus *t, uint32_t prey, const uint32_t *predators, size_t n)
{
	uint64_t rng = prey + predators[0];
	uint32_t to = game_lattice_flee(t, prey, predators, n, &rng);
	bool open = false;

	for (int d = 0; d < 4; d++) {
		bool safe = true;

		for (size_t i = 0; i < n; i++)
			safe &= !reaches(t, predators[i], t->next[4 * prey + d]);
		open |= safe;
	}
	assert_true(open == (to != prey));
	for (size_t i = 0; i < n && open; i++)
		assert_false(reaches(t, predators[i], to));
	assert_true(!open || reaches(t, prey, to));
	return open;
}

/* One predator beside the prey, at every place that a second and a third can have: two never trap it, three
 * sometimes do. */
static void test_it_takes_three(void **state)
{
	(void)state;
	for (uint32_t side = 4; side <= 7; side++) {
		struct game_torus t = torus(side, side);
		size_t trapped = 0;

		for (int d = 0; d < 4; d++)
			for (uint32_t j = 1; j < t.sites; j++) {
				assert_true(flees(&t, 0, (uint32_t[]){t.next[d], j}, 2));
				for (uint32_t k = 1; k < t.sites; k++)
					trapped += !flees(&t, 0, (uint32_t[]){t.next[d], j, k}, 3);
			}
		assert_true(trapped > 0);
		game_torus_free(&t);
	}
}

static struct game_tally play(const struct game_lattice *g, uint64_t plays)
{
	struct game_job job = {0};

	assert_int_equal(game_lattice_job(g, &job, NULL), 0);
	return run(job, plays, 7);
}

static void test_two_never_catch_it_and_three_do(void **state)
{
	struct game_torus t = torus(6, 5);

	(void)state;
	for (uint32_t n = 1; n <= 4; n++) {
		struct game_tally r = play(
			&(struct game_lattice){&t, .predators = n, .evasive = true, .horizon = 20000}, 50);

		assert_true(r.moves > 0);
		assert_true(n < 3 ? r.deaths == 0 && r.steps == (uint64_t)50 * 20000 : r.deaths > 0);
	}
	game_torus_free(&t);
}

static void test_immobile_prey_against_exact_values(void **state)
{
	enum { PLAYS = 40000 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(GOLDEN_IMMOBILE); i++) {
		const double *g = GOLDEN_IMMOBILE[i];
		struct game_torus t = torus((uint32_t)g[0], (uint32_t)g[1]);
		struct game_tally r = play(
			&(struct game_lattice){&t, .predators = (uint32_t)g[2], .horizon = (uint64_t)g[3]},
			PLAYS);

		near_share(game_survival(&r, (uint32_t)g[3]), g[4], PLAYS);
		near_share(1 - (double)r.deaths / PLAYS, g[4], PLAYS);
		assert_true(r.moves == 0 && r.hops == r.steps * (uint64_t)g[2]);
		game_torus_free(&t);
	}
}

/* The more predators, the sooner; moving is never worse than staying. */
static void test_evasive_is_monotone(void **state)
{
	struct game_torus t = torus(8, 8);
	double last = 1;

	(void)state;
	for (uint32_t n = 3; n <= 15; n += 4) {
		struct game_lattice g = {&t, .predators = n, .evasive = true, .horizon = 100};
		struct game_tally moves = play(&g, 4000), stays;

		g.evasive = false;
		stays = play(&g, 4000);
		assert_true(stays.deaths > moves.deaths);
		assert_true(game_survival(&moves, 100) < last);
		last = game_survival(&moves, 100);
	}
	game_torus_free(&t);
}

/* Equation 2's exponent: the ratio of the two rates of dying grows with the square of the density. */
static void test_ratio_of_rates_goes_with_the_square(void **state)
{
	struct game_torus t = torus(12, 12);
	double rate[2][2];

	(void)state;
	for (int many = 0; many < 2; many++)
		for (int evasive = 0; evasive < 2; evasive++) {
			struct game_tally r = play(&(struct game_lattice){&t, .predators = many ? 24 : 8,
							   .evasive = evasive, .horizon = 1000000},
				1500);

			assert_true(r.deaths == r.plays);
			rate[many][evasive] = (double)r.deaths / (double)r.steps;
		}
	double slope = log(rate[1][1] / rate[1][0] * rate[0][0] / rate[0][1]) / log(3);

	if (!(slope > 1.7 && slope < 2.5))
		fail_msg("the ratio grows with the power %.2f", slope);
	game_torus_free(&t);
}

static void test_distinct_sites(void **state)
{
	double s = 7;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(GOLDEN_DISTINCT); i++) {
		assert_int_equal(game_lattice_visited((uint32_t)GOLDEN_DISTINCT[i][0], &s, NULL), 0);
		assert_true(fabs(s - GOLDEN_DISTINCT[i][1]) <= 1e-10);
	}
	s = 7;
	assert_int_equal(game_lattice_visited(GAME_STEPS_MAX + 1, &s, NULL), -EDOM);
	assert_true(s == 7);
}

static void test_out_of_domain(void **state)
{
	struct game_torus t;
	struct game_job job;
	struct err e = {0};

	(void)state;
	assert_int_equal(game_torus_init(&t, 2, 5, &e), -EDOM);
	assert_non_null(strstr(e.message, "must be"));
	assert_int_equal(game_torus_init(&t, 5, GAME_SIDE_MAX + 1, &e), -EDOM);
	game_torus_free(&t);
	t = torus(5, 5);
	assert_int_equal(game_lattice_job(&(struct game_lattice){.torus = &t}, &job, &e), -EDOM);
	game_torus_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_site_has_four_neighbours),
		cmocka_unit_test(test_it_takes_three),
		cmocka_unit_test(test_two_never_catch_it_and_three_do),
		cmocka_unit_test(test_immobile_prey_against_exact_values),
		cmocka_unit_test(test_evasive_is_monotone),
		cmocka_unit_test(test_ratio_of_rates_goes_with_the_square),
		cmocka_unit_test(test_distinct_sites),
		cmocka_unit_test(test_out_of_domain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
