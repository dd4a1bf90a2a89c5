/* SPDX-License-Identifier: Apache-2.0 */
/* Many plays on many threads: the same result for any number of them; intervals. */
#include "stats.h"

#include <model/game_lattice.h>
#include <string.h>

static void test_threads_do_not_matter(void **state)
{
	struct game_torus torus;
	struct game_tally first;

	(void)state;
	assert_int_equal(game_torus_init(&torus, 6, 6, NULL), 0);
	for (unsigned threads = 1; threads <= 7; threads += 3) {
		struct game_lattice g = {&torus, .predators = 5, .evasive = true, .horizon = 500};
		struct game_job job = {.threads = threads};
		struct game_tally t;

		assert_int_equal(game_lattice_job(&g, &job, NULL), 0);
		t = run(job, 500, 3);
		if (threads == 1)
			first = t;
		assert_memory_equal(&t, &first, sizeof(t));
		/* Another seed is another result. */
		t = run(job, 500, 4);
		assert_memory_not_equal(&t, &first, sizeof(t));
	}
	game_torus_free(&torus);
}

struct heard {
	uint64_t last;
	bool backwards;
};

static void hear(void *arg, uint64_t done, uint64_t plays)
{
	struct heard *h = arg;

	assert_true(done <= plays);
	h->backwards |= done < h->last;
	h->last = done;
}

static void count(const void *arg, void *scratch, uint64_t seed, struct game_tally *t)
{
	const uint64_t *deadly = arg;

	*(uint64_t *)scratch += 1;
	if (seed % *deadly)
		return;
	t->deaths++;
	t->died_at[3]++;
}

static void test_progress_and_sums(void **state)
{
	uint64_t deadly = 4;
	struct heard heard = {0};
	struct game_tally t = run((struct game_job){.trial = count,
					  .arg = &deadly,
					  .scratch_size = sizeof(uint64_t),
					  .progress = hear,
					  .progress_arg = &heard},
		40000, 1);

	(void)state;
	assert_true(heard.last == 40000 && !heard.backwards);
	near_share((double)t.deaths / 40000, 0.25, 40000);
	assert_true(game_survival(&t, 2) == 1);
	assert_true(game_survival(&t, 3) == 1 - (double)t.deaths / 40000);
	assert_true(game_survival(&t, 5000) == game_survival(&t, 3));
	/* No play at all is no death. */
	t = run((struct game_job){.trial = count, .arg = &deadly}, 0, 1);
	assert_true(t.deaths == 0 && game_survival(&t, 10) == 1);
}

static void test_intervals(void **state)
{
	struct game_interval i = game_share_interval(50, 100);

	(void)state;
	/* Wilson's interval, by hand. */
	assert_true(fabs(i.low - 0.40383153) < 1e-8 && fabs(i.high - 0.59616847) < 1e-8);
	i = game_share_interval(0, 100);
	assert_true(fabs(i.low) < 1e-12 && fabs(i.high - 0.03699350) < 1e-8);
	i = game_share_interval(100, 100);
	assert_true(fabs(i.low - 0.96300650) < 1e-8 && fabs(i.high - 1) < 1e-12);
	i = game_share_interval(0, 0);
	assert_true(i.low == 0 && i.high == 1);
	i = game_rate_interval(100, 10);
	assert_true(fabs(i.low - 8.0400360) < 1e-6 && fabs(i.high - 11.9599640) < 1e-6);
	i = game_rate_interval(0, 10);
	assert_true(i.low == 0 && fabs(i.high - 0.3) < 1e-15);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_threads_do_not_matter),
		cmocka_unit_test(test_progress_and_sums),
		cmocka_unit_test(test_intervals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
