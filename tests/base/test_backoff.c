/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <base/backoff.h>

static void delays_stay_between_base_and_the_growing_ceiling(void **state)
{
	struct backoff b;
	uint64_t ceiling = 100;

	(void)state;
	backoff_init(&b, 100, 5000, 7);
	for (int i = 0; i < 200; i++) {
		uint32_t ms = backoff_next_ms(&b);

		ceiling = ceiling * 2 > 5000 ? 5000 : ceiling * 2;
		assert_in_range(ms, 100, ceiling);
	}
	assert_int_equal(b.failures, 200);
}

static void jitter_spreads(void **state)
{
	struct backoff b;
	unsigned low = 0, high = 0;

	(void)state;
	backoff_init(&b, 0, 1000, 1);
	b.base_ms = 100;
	b.failures = 100;
	for (int i = 0; i < 1000; i++) {
		uint32_t ms = backoff_next_ms(&b);

		low += ms < 400;
		high += ms > 700;
	}
	assert_true(low > 200 && high > 200);
}

static void same_seed_same_delays(void **state)
{
	struct backoff a, b;

	(void)state;
	backoff_init(&a, 10, 1000, 42);
	backoff_init(&b, 10, 1000, 42);
	for (int i = 0; i < 50; i++)
		assert_int_equal(backoff_next_ms(&a), backoff_next_ms(&b));
}

static void reset_starts_small_again(void **state)
{
	struct backoff b;

	(void)state;
	backoff_init(&b, 100, 60000, 3);
	for (int i = 0; i < 20; i++)
		backoff_next_ms(&b);
	backoff_reset(&b);
	assert_in_range(backoff_next_ms(&b), 100, 200);
}

static void extreme_limits_do_not_overflow(void **state)
{
	struct backoff b;

	(void)state;
	backoff_init(&b, UINT32_MAX, UINT32_MAX, 1);
	assert_int_equal(backoff_next_ms(&b), UINT32_MAX);
	backoff_init(&b, 500, 100, 1); /* a maximum below the base counts as the base */
	assert_int_equal(backoff_next_ms(&b), 500);
	backoff_init(&b, 0, 0, 1);
	assert_int_equal(backoff_next_ms(&b), 0);
	backoff_init(&b, 1, UINT32_MAX, 1);
	b.failures = UINT32_MAX;
	assert_in_range(backoff_next_ms(&b), 1, UINT32_MAX);
	assert_int_equal(b.failures, UINT32_MAX);
}

static void generator_is_splitmix64(void **state)
{
	uint64_t s = 1234567;

	(void)state;
	/* The published sequence for this seed. */
	assert_true(rng_next(&s) == 6457827717110365317u);
	assert_true(rng_next(&s) == 3203168211198807973u);
	assert_true(rng_next(&s) == 9817491932198370423u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(delays_stay_between_base_and_the_growing_ceiling),
		cmocka_unit_test(jitter_spreads),
		cmocka_unit_test(same_seed_same_delays),
		cmocka_unit_test(reset_starts_small_again),
		cmocka_unit_test(extreme_limits_do_not_overflow),
		cmocka_unit_test(generator_is_splitmix64),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
