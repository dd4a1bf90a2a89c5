/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <base/err.h>
#include <errno.h>
#include <math.h>
#include <model/growth.h>
#include <string.h>

#define MANY 512

static struct model_growth fit(const double *times, size_t n, double now, double hosts)
{
	struct model_growth g;
	struct err e = {0};

	if (model_growth_fit(times, n, now, hosts, &g, &e))
		fail_msg("%s", e.message);
	return g;
}

/* When the i-th of a growth N = exp(k t) came. */
static size_t exponential_times(double k, size_t n, double *times)
{
	for (size_t i = 0; i < n; i++)
		times[i] = log((double)i + 1) / k;
	return n;
}

/* The same for mu / (1 + (mu - 1) exp(-k t)). */
static size_t logistic_times(double k, double mu, size_t n, double *times)
{
	for (size_t i = 0; i < n; i++)
		times[i] = log(((double)i + 1) * (mu - 1) / (mu - (double)i - 1)) / k;
	return n;
}

static void an_exponential_growth_is_found_again(void **state)
{
	static const double RATES[] = {1e-6, 0.01, 0.3, 1, 50};
	static const size_t COUNTS[] = {3, 5, 20, 64, 500};
	double times[MANY];

	(void)state;
	for (size_t i = 0; i < 5; i++)
		for (size_t c = 0; c < 5; c++) {
			size_t n = exponential_times(RATES[i], COUNTS[c], times);
			struct model_growth g = fit(times, n, times[n - 1], 5000);

			assert_int_equal(g.kind, GROWTH_EXPONENTIAL);
			assert_true(fabs(g.k - RATES[i]) < 1e-9 * RATES[i]);
		}
}

static void a_logistic_growth_is_found_again(void **state)
{
	static const double RATES[] = {0.01, 1, 4};
	double times[MANY];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		size_t n = logistic_times(RATES[i], 40, 39, times);
		struct model_growth g = fit(times, n, times[n - 1], 200);

		assert_int_equal(g.kind, GROWTH_LOGISTIC);
		assert_true(g.mu > 38 && g.mu < 45);
		assert_true(fabs(g.k - RATES[i]) < 0.25 * RATES[i]);
	}
}

static void too_few_times_say_nothing(void **state)
{
	static const double SAME[] = {5, 5, 5, 5, 5, 5};

	(void)state;
	assert_int_equal(fit(SAME, 0, 10, 3).kind, GROWTH_NONE);
	assert_int_equal(fit(SAME, 1, 10, 3).kind, GROWTH_NONE);
	assert_int_equal(fit(SAME, 6, 5, 9).kind, GROWTH_NONE);
	assert_int_equal(fit(SAME, 6, 100, 9).kind, GROWTH_NONE);
	assert_true(fit(SAME, 6, 100, 9).k == 0);
}

/* Two hosts of the first that were noticed late, and one long after. */
static void one_that_is_out_of_line_moves_little(void **state)
{
	double times[MANY];
	size_t n = exponential_times(0.5, 20, times);
	struct model_growth g;

	(void)state;
	times[2] = times[3] = times[4];
	times[n - 1] *= 2;
	g = fit(times, n, times[n - 1], n);
	assert_int_equal(g.kind, GROWTH_EXPONENTIAL); /* n is all there are: no capacity lies between */
	assert_true(fabs(g.k - 0.5) < 0.05);
}

/* The longer nothing comes, the slower it grows. */
static void quiet_slows_it_down(void **state)
{
	double times[MANY], before = INFINITY;
	size_t n = exponential_times(0.5, 3, times);

	(void)state;
	for (double now = times[n - 1]; now < 1000; now = now * 2 + 1) {
		struct model_growth g = fit(times, n, now, 5000);

		assert_true(g.k >= 0 && g.k <= before);
		before = g.k;
	}
	assert_true(before < 0.26);
}

static uint64_t rng_state = 7;

static double chance(void)
{
	rng_state = rng_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (double)(rng_state >> 11) / 9007199254740992.0;
}

static void whatever_the_times_the_result_is_a_number(void **state)
{
	double times[MANY];

	(void)state;
	for (int round = 0; round < 3000; round++) {
		size_t n = (size_t)(chance() * 70);
		double scale = pow(10, chance() * 40 - 20), at = (chance() - 0.5) * scale * 10;
		double hosts = (double)n + floor(chance() * chance() * 50), now, ahead;
		struct model_growth g;

		for (size_t i = 0; i < n; i++) {
			at += chance() < 0.3 ? 0 : chance() * scale;
			times[i] = at;
		}
		now = at + (chance() < 0.5 ? 0 : scale);
		if (hosts < 1)
			hosts = 1;
		g = fit(times, n, now, hosts);
		assert_true(isfinite(g.k) && g.k >= 0);
		assert_true(isfinite(g.mu) &&
			    (g.kind != GROWTH_LOGISTIC || (g.mu > (double)n && g.mu <= hosts * 1.0001)));
		assert_int_equal(model_growth_ahead(&g, (double)n, chance() * 1e6, hosts, &ahead, NULL), 0);
		assert_true(isfinite(ahead) && ahead >= (double)n * 0.999999 && ahead <= hosts);
	}
}

static void what_is_out_of_domain_is_refused(void **state)
{
	static const double DESCENDING[] = {2, 1}, NOT_A_NUMBER[] = {1, NAN, 2}, FAR[] = {-1e308, 1e308};
	struct model_growth g = {.k = 7};
	struct err e = {0};

	(void)state;
	assert_int_equal(model_growth_fit(DESCENDING, 2, 3, 5, &g, &e), -EDOM);
	assert_int_equal(model_growth_fit(NOT_A_NUMBER, 3, 3, 5, &g, &e), -EDOM);
	assert_int_equal(model_growth_fit(FAR, 2, 1e308, 5, &g, &e), -EDOM);
	assert_int_equal(model_growth_fit(DESCENDING, 1, 1, 5, &g, &e), -EDOM);
	assert_int_equal(model_growth_fit(DESCENDING, 1, 3, 0, &g, &e), -EDOM);
	assert_int_equal(model_growth_fit(DESCENDING, 1, INFINITY, 5, &g, &e), -EDOM);
	assert_int_equal(model_growth_fit(FAR, 2, 1e308, 1, &g, &e), -EDOM);
	assert_true(g.k == 7);
	assert_string_equal(e.reason, "OutOfDomain");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_exponential_growth_is_found_again),
		cmocka_unit_test(a_logistic_growth_is_found_again),
		cmocka_unit_test(too_few_times_say_nothing),
		cmocka_unit_test(one_that_is_out_of_line_moves_little),
		cmocka_unit_test(quiet_slows_it_down),
		cmocka_unit_test(whatever_the_times_the_result_is_a_number),
		cmocka_unit_test(what_is_out_of_domain_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
