/* SPDX-License-Identifier: Apache-2.0 */
#include <bosc/graded.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

static uint32_t pair_of(uint32_t a, uint32_t b)
{
	return a << 9 | b;
}

static uint32_t triple_of(uint32_t a, uint32_t b, uint32_t c)
{
	return a << 18 | b << 9 | c;
}

static void steps_are_the_last_calls_whatever_the_window(void **state)
{
	static const uint32_t sizes[] = {BOSC_WINDOW_MIN, 3, 10, BOSC_WINDOW_MAX};

	(void)state;
	for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
		uint32_t n = sizes[k], calls[300], seed = 7;
		struct bosc_window w = {0};

		for (uint32_t i = 0; i < 300; i++) {
			seed = seed * 1103515245 + 12345;
			calls[i] = (seed >> 16 & 511) % GRADED_32BIT;
			assert_int_equal(graded_steps(&w), i < 2 ? i : 2);
			bosc_window_push(&w, n, calls[i]);
			if (i >= 1)
				assert_int_equal(graded_pair(&w), pair_of(calls[i - 1], calls[i]));
			if (i >= 2)
				assert_int_equal(
					graded_triple(&w), triple_of(calls[i - 2], calls[i - 1], calls[i]));
		}
	}
}

static void numbers_without_a_place_stay_inside(void **state)
{
	struct bosc_window w = {0};

	(void)state;
	for (int i = 0; i < 5; i++)
		bosc_window_push(&w, 10, bosc_call((uint64_t)-1 - (uint64_t)i));
	bosc_window_push(&w, 10, bosc_call(512));
	assert_int_equal(graded_pair(&w), GRADED_PAIRS - 1);
	assert_int_equal(graded_triple(&w), GRADED_TRIPLES - 1);
}

static void other_kinds_of_calls_are_one_each(void **state)
{
	struct bosc_window w = {0};

	(void)state;
	for (uint32_t nr = 0; nr < BOSC_CALLS; nr++) {
		assert_int_equal(graded_call(bosc_call(nr)), nr == 422 || nr == 423 ? GRADED_OTHER : nr);
		assert_int_equal(graded_call(bosc_call_32bit(nr)), GRADED_32BIT);
		assert_int_equal(graded_call(bosc_call(0x40000000 | nr)), GRADED_X32);
	}
	bosc_window_push(&w, 10, bosc_call(3));
	bosc_window_push(&w, 10, bosc_call_32bit(3));
	bosc_window_push(&w, 10, bosc_call(0x40000003));
	assert_int_equal(graded_triple(&w), triple_of(3, GRADED_32BIT, GRADED_X32));
	assert_int_equal(graded_pair(&w), pair_of(GRADED_32BIT, GRADED_X32));
}

static void reset_window_begins_without_a_pair(void **state)
{
	struct bosc_window w = {0};

	(void)state;
	for (int i = 0; i < 25; i++)
		bosc_window_push(&w, 10, 3);
	bosc_window_reset(&w);
	assert_int_equal(graded_steps(&w), 0);
}

static void learned_triples_are_seen(void **state)
{
	struct graded_known *k = calloc(1, sizeof(*k));
	int wrong = 0;

	(void)state;
	assert_non_null(k);
	assert_false(graded_triple_seen(k->triples, triple_of(1, 2, 3)));
	assert_true(graded_triple_learn(k->triples, triple_of(1, 2, 3)));
	assert_false(graded_triple_learn(k->triples, triple_of(1, 2, 3)));
	for (uint32_t i = 0; i < 10000; i++)
		graded_triple_learn(k->triples, triple_of(i % 50, i / 50 % 50, i / 2500));
	for (uint32_t i = 0; i < 10000; i++)
		assert_true(graded_triple_seen(k->triples, triple_of(i % 50, i / 50 % 50, i / 2500)));
	/* Others are taken for seen in well under one case in a hundred. */
	for (uint32_t i = 0; i < 10000; i++)
		wrong += graded_triple_seen(k->triples, triple_of(100 + i % 50, i / 50 % 50, i / 2500));
	assert_in_range(wrong, 1, 80);
	free(k);
}

/* Profiles carry the bits: where they are is part of the format. */
static void triple_bits_are_the_same_everywhere(void **state)
{
	uint64_t mark = bosc_mark(triple_of(5, 6, 7)), want = 0;
	__u64 bits;

	(void)state;
	assert_int_equal(bosc_mark(0), 0xe220a8397b1dcdafULL);
	assert_int_equal(graded_triple_at(triple_of(5, 6, 7), &bits), mark >> 32 & 4095);
	for (int i = 0; i < 4; i++)
		want |= UINT64_C(1) << (mark >> 6 * i & 63);
	assert_int_equal(bits, want);
}

static void pair_is_rare_by_the_tasks_that_showed_it(void **state)
{
	(void)state;
	assert_true(graded_rare(0, 0));
	assert_true(graded_rare(0, 1000000));
	assert_false(graded_rare(1, 1023));
	assert_true(graded_rare(3, 1024));
	assert_false(graded_rare(4, 1024));
	assert_false(graded_rare(UINT32_MAX, UINT32_MAX));
}

static void pair_is_judged_by_what_was_before_its_epoch(void **state)
{
	struct graded_count p = {0};

	(void)state;
	assert_int_equal(graded_count_before(&p, 0), 0);
	graded_count_add(&p, 4);
	graded_count_add(&p, 4);
	assert_int_equal(graded_count_before(&p, 4), 0);
	assert_int_equal(graded_count_before(&p, 5), 2);
	graded_count_add(&p, 6);
	assert_int_equal(graded_count_before(&p, 6), 2);
	assert_int_equal(p.tasks, 3);
}

static void filter_takes_a_pair_once(void **state)
{
	struct graded_filter f = {0};
	int taken = 0;

	(void)state;
	for (uint32_t i = 0; i < 100; i++)
		taken += graded_filter_take(&f, i * 700);
	assert_in_range(taken, 95, 100);
	for (uint32_t i = 0; i < 100; i++)
		assert_false(graded_filter_take(&f, i * 700));
}

static void score_is_of_the_last_four_epochs(void **state)
{
	struct graded_tally t = {0};

	(void)state;
	assert_int_equal(graded_tally_score(&t, 0), 0);
	assert_int_equal(graded_tally_add(&t, 0, 1, 0), 32);
	assert_int_equal(graded_tally_add(&t, 0, 0, 1), 33);
	assert_int_equal(graded_tally_add(&t, 1, 1, 1), 66);
	assert_int_equal(graded_tally_score(&t, 3), 66);
	assert_int_equal(graded_tally_score(&t, 4), 33);
	assert_int_equal(graded_tally_add(&t, 4, 2, 0), 33 + 64);
	assert_int_equal(graded_tally_score(&t, 5), 64);
	assert_int_equal(graded_tally_score(&t, 7), 64);
	assert_int_equal(graded_tally_score(&t, 8), 0);
	assert_int_equal(graded_tally_score(&t, UINT64_MAX / 2), 0);
}

static void late_call_counts_for_its_own_epoch(void **state)
{
	struct graded_tally t = {0};

	(void)state;
	graded_tally_add(&t, 10, 1, 0);
	assert_int_equal(graded_tally_add(&t, 9, 1, 0), 32);
	assert_int_equal(graded_tally_score(&t, 10), 64);
	assert_int_equal(graded_tally_add(&t, 6, 1, 0), 0); /* the ring has gone on */
	assert_int_equal(graded_tally_score(&t, 10), 64);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_are_the_last_calls_whatever_the_window),
		cmocka_unit_test(numbers_without_a_place_stay_inside),
		cmocka_unit_test(other_kinds_of_calls_are_one_each),
		cmocka_unit_test(reset_window_begins_without_a_pair),
		cmocka_unit_test(learned_triples_are_seen),
		cmocka_unit_test(triple_bits_are_the_same_everywhere),
		cmocka_unit_test(pair_is_rare_by_the_tasks_that_showed_it),
		cmocka_unit_test(pair_is_judged_by_what_was_before_its_epoch),
		cmocka_unit_test(filter_takes_a_pair_once),
		cmocka_unit_test(score_is_of_the_last_four_epochs),
		cmocka_unit_test(late_call_counts_for_its_own_epoch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
