/* SPDX-License-Identifier: Apache-2.0 */
#include <bosc/core.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <string.h>

/* Profiles travel between nodes and live in Git: these numbers are part of the format. */
static void marks_are_the_same_everywhere(void **state)
{
	(void)state;
	assert_int_equal(bosc_mark(0), 0xe220a8397b1dcdafULL);
	assert_int_equal(bosc_mark(1), 0x6e789e6aa1b965f4ULL);
	assert_int_equal(bosc_mark(2), 0x06c45d188009454fULL);
}

static void marks_of_all_calls_differ(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < BOSC_CODES; i++)
		for (uint32_t j = i + 1; j < BOSC_CODES; j++)
			assert_int_not_equal(bosc_mark(i), bosc_mark(j));
}

static void numbers_without_a_place_share_the_last_one(void **state)
{
	(void)state;
	assert_int_equal(bosc_call(0), 0);
	assert_int_equal(bosc_call(510), 510);
	assert_int_equal(bosc_call(511), 511);
	assert_int_equal(bosc_call(512), 511);
	assert_int_equal(bosc_call(0x40000000 - 1), 511);
	assert_int_equal(bosc_call(0x40000000 + 1024), 511);
	assert_int_equal(bosc_call(0x140000000), 511);
	assert_int_equal(bosc_call((uint64_t)-1), 511);
	assert_int_equal(bosc_call_32bit((uint64_t)-1), BOSC_32BIT + 511);
}

/* Every number from 0 on, by all three ways into the kernel. */
static void calls_of_different_kinds_have_different_codes(void **state)
{
	uint8_t taken[BOSC_CODES] = {0};

	(void)state;
	for (uint32_t nr = 0; nr < 511; nr++) {
		taken[bosc_call(nr)]++;
		taken[bosc_call_32bit(nr)]++;
	}
	for (uint32_t nr = 0; nr < 1024; nr++)
		taken[bosc_call(0x40000000 | nr)]++;
	for (uint32_t code = 0; code < BOSC_CODES; code++)
		assert_int_equal(taken[code], code != 511 && code != BOSC_32BIT + 511);
}

static uint64_t bag_of(const uint32_t *calls, size_t n)
{
	uint64_t bag = 0;

	for (size_t i = 0; i < n; i++)
		bag += bosc_mark(bosc_call(calls[i]));
	return bag;
}

static void window_is_full_from_n_calls_on(void **state)
{
	static const uint32_t sizes[] = {BOSC_WINDOW_MIN, 3, 10, BOSC_WINDOW_MAX};

	(void)state;
	for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
		uint32_t n = sizes[k], calls[500], seed = 1;
		struct bosc_window w = {0};

		for (uint32_t i = 0; i < 500; i++) {
			seed = seed * 1103515245 + 12345;
			calls[i] = seed >> 16 & 1023;
			assert_int_equal(bosc_window_push(&w, n, bosc_call(calls[i])), i + 1 >= n);
			if (i + 1 >= n)
				assert_int_equal(w.bag, bag_of(calls + i + 1 - n, n));
		}
	}
}

static void bag_forgets_the_order(void **state)
{
	struct bosc_window a = {0}, b = {0};

	(void)state;
	for (uint32_t i = 0; i < 10; i++) {
		bosc_window_push(&a, 10, i / 2);
		bosc_window_push(&b, 10, (9 - i) / 2);
	}
	assert_int_equal(a.bag, b.bag);
	bosc_window_push(&b, 10, 7);
	assert_int_not_equal(a.bag, b.bag);
}

static void reset_window_needs_n_calls_again(void **state)
{
	struct bosc_window w = {0};

	(void)state;
	for (int i = 0; i < 25; i++)
		bosc_window_push(&w, 10, 3);
	bosc_window_reset(&w);
	for (int i = 0; i < 9; i++)
		assert_int_equal(bosc_window_push(&w, 10, 3), 0);
	assert_int_equal(bosc_window_push(&w, 10, 3), 1);
	assert_int_equal(w.bag, 10 * bosc_mark(3));
}

static const struct bosc_params params = {.window = 10, .epoch = 100, .threshold = 3};

static void verdict_comes_with_the_first_mismatch_beyond_t(void **state)
{
	struct bosc_tally t = {0};
	struct bosc_cell *c;

	(void)state;
	for (uint64_t i = 0; i < 3; i++)
		assert_null(bosc_tally_mismatch(&t, &params, 200 + i, 1000 + i));
	c = bosc_tally_mismatch(&t, &params, 250, 1999);
	assert_non_null(c);
	assert_int_equal(c->epoch, 2);
	assert_int_equal(c->mismatches, 4);
	assert_int_equal(c->first_ns, 1000);
	assert_null(bosc_tally_mismatch(&t, &params, 251, 2000));
	assert_int_equal(t.mismatches, 5);
}

static void mismatches_of_two_epochs_do_not_add_up(void **state)
{
	struct bosc_tally t = {0};

	(void)state;
	for (uint64_t e = 0; e < 50; e++)
		for (uint64_t i = 0; i < 3; i++)
			assert_null(bosc_tally_mismatch(&t, &params, e * 100 + 97 + i, 1));
	assert_int_equal(t.mismatches, 150);
}

static void late_mismatch_counts_for_its_own_epoch(void **state)
{
	struct bosc_tally t = {0};

	(void)state;
	bosc_tally_mismatch(&t, &params, 97, 1);
	bosc_tally_mismatch(&t, &params, 98, 1);
	bosc_tally_mismatch(&t, &params, 100, 1);
	bosc_tally_mismatch(&t, &params, 99, 1);
	assert_int_equal(t.cell[0].mismatches, 3);
	assert_int_equal(t.cell[1].mismatches, 1);
	bosc_tally_mismatch(&t, &params, 200, 1);
	bosc_tally_mismatch(&t, &params, 96, 1); /* two epochs late: its epoch is judged */
	assert_int_equal(t.cell[0].epoch, 2);
	assert_int_equal(t.cell[0].mismatches, 1);
}

static void restart_drops_the_epoch_that_is_under_way(void **state)
{
	struct bosc_tally t = {.calls = 250};

	(void)state;
	for (uint64_t i = 0; i < 4; i++)
		bosc_tally_mismatch(&t, &params, 200 + i, 1);
	assert_int_equal(t.fired, 1);
	bosc_tally_restart(&t, params.epoch);
	assert_int_equal(bosc_tally_epochs(&t, params.epoch), 2);
	assert_null(bosc_tally_mismatch(&t, &params, 249, 1)); /* numbered before the restart */
	t.calls = 350;
	assert_int_equal(bosc_tally_epochs(&t, params.epoch), 3);
	for (uint64_t i = 0; i < 3; i++)
		assert_null(bosc_tally_mismatch(&t, &params, 250 + i, 1));
	assert_non_null(bosc_tally_mismatch(&t, &params, 349, 1));
}

static void quiet_epochs_count_since_the_last_new_bag(void **state)
{
	struct bosc_tally t = {.calls = 520};

	(void)state;
	assert_int_equal(bosc_tally_quiet(&t, 100), 5);
	bosc_tally_new_bag(&t, 100, 299);
	assert_int_equal(bosc_tally_quiet(&t, 100), 2);
	bosc_tally_new_bag(&t, 100, 199); /* late, does not go back */
	assert_int_equal(bosc_tally_quiet(&t, 100), 2);
	bosc_tally_new_bag(&t, 100, 519);
	assert_int_equal(bosc_tally_quiet(&t, 100), 0);
	t.calls = 699;
	assert_int_equal(bosc_tally_quiet(&t, 100), 0);
	t.calls = 700;
	assert_int_equal(bosc_tally_quiet(&t, 100), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(marks_are_the_same_everywhere),
		cmocka_unit_test(marks_of_all_calls_differ),
		cmocka_unit_test(numbers_without_a_place_share_the_last_one),
		cmocka_unit_test(calls_of_different_kinds_have_different_codes),
		cmocka_unit_test(window_is_full_from_n_calls_on),
		cmocka_unit_test(bag_forgets_the_order),
		cmocka_unit_test(reset_window_needs_n_calls_again),
		cmocka_unit_test(verdict_comes_with_the_first_mismatch_beyond_t),
		cmocka_unit_test(mismatches_of_two_epochs_do_not_add_up),
		cmocka_unit_test(late_mismatch_counts_for_its_own_epoch),
		cmocka_unit_test(restart_drops_the_epoch_that_is_under_way),
		cmocka_unit_test(quiet_epochs_count_since_the_last_new_bag),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
