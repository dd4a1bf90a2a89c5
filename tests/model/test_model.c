/* SPDX-License-Identifier: Apache-2.0 */
/* Equations 1 to 3 and the growth of attacks, against the values of golden.py, and what is refused. */
#include <math.h>
#include <model/model.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "golden/golden.h"

#include <base/cleanup.h>
#include <errno.h>
#include <string.h>

static void near(double got, double want)
{
	if (!(fabs(got - want) <= 1e-12 * fmax(fabs(want), 1e-30)))
		fail_msg("%.17g instead of %.17g", got, want);
}

static double visited(double t)
{
	double s;

	assert_int_equal(model_visited(t, &s, NULL), 0);
	return s;
}

static void test_visited(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(GOLDEN_VISITED); i++)
		near(visited(GOLDEN_VISITED[i][0]), GOLDEN_VISITED[i][1]);
	/* Least at t = e. */
	near(visited(M_E), M_PI * M_E);
}

static void test_undetected(void **state)
{
	double s;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(GOLDEN_UNDETECTED); i++) {
		const double *g = GOLDEN_UNDETECTED[i];

		assert_int_equal(model_visited_undetected(visited(MODEL_HORIZON), g[0], &s, NULL), 0);
		near(s, g[1]);
	}
	/* So long that everything succeeds: equation 3 becomes S. */
	assert_int_equal(model_visited_undetected(visited(100), 1e300, &s, NULL), 0);
	assert_true(s == visited(100));
}

static void test_survival(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(GOLDEN_SURVIVAL); i++) {
		const double *g = GOLDEN_SURVIVAL[i];
		struct model_forecast f;

		assert_int_equal(model_forecast(g[0], g[1], g[2], MODEL_HORIZON, &f, NULL), 0);
		near(f.survival_static, g[3]);
		near(f.survival_mobile, g[4]);
	}
}

static void test_exponential(void **state)
{
	double n;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(GOLDEN_EXPONENTIAL); i++) {
		const double *g = GOLDEN_EXPONENTIAL[i];

		assert_int_equal(model_hacked_exponential(g[0], g[1], g[2], g[3], &n, NULL), 0);
		near(n, g[4]);
	}
}

static void test_logistic(void **state)
{
	double n;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(GOLDEN_LOGISTIC); i++) {
		const double *g = GOLDEN_LOGISTIC[i];

		assert_int_equal(model_hacked_logistic(g[0], g[1], g[2], g[3], g[4], &n, NULL), 0);
		near(n, g[5]);
	}
}

static void test_growth_at_its_ends(void **state)
{
	double n;

	(void)state;
	assert_int_equal(model_hacked_exponential(3, 2, 0, 20, &n, NULL), 0);
	assert_true(n == 3);
	assert_int_equal(model_hacked_logistic(3, 2, 9, 0, 20, &n, NULL), 0);
	assert_true(n == 3);
	/* Never more than there are; no time is too long. */
	assert_int_equal(model_hacked_exponential(1, 4, 100, 20, &n, NULL), 0);
	assert_true(n == 20);
	assert_int_equal(model_hacked_exponential(1, 1e300, 1e300, 20, &n, NULL), 0);
	assert_true(n == 20);
	assert_int_equal(model_hacked_logistic(1, 1e300, 4, 1e300, 20, &n, NULL), 0);
	assert_true(n == 4);
	assert_int_equal(model_hacked_logistic(1, 4, 400, 100, 20, &n, NULL), 0);
	assert_true(n == 20);
	assert_int_equal(model_hacked_exponential(0, 1e300, 1e300, 20, &n, NULL), 0);
	assert_true(n == 0);
	assert_int_equal(model_hacked_logistic(0, 1, 4, 1e300, 20, &n, NULL), 0);
	assert_true(n == 0);
	/* Capacities that no product of which fits into a double. */
	assert_int_equal(model_hacked_logistic(100, 1, 1e308, 0, 1000, &n, NULL), 0);
	assert_true(n == 100);
	assert_int_equal(model_hacked_logistic(1, 1, 5e-324, 0, 20, &n, NULL), 0);
	assert_true(n == 1);
}

static void refused(int rc, const struct err *e, double untouched)
{
	assert_int_equal(rc, -EDOM);
	assert_string_equal(e->reason, "OutOfDomain");
	assert_non_null(strstr(e->message, "must be"));
	assert_true(untouched == 7);
}

static void test_out_of_domain(void **state)
{
	static const double odd[] = {-1, NAN, INFINITY, -INFINITY};
	struct model_forecast f = {7, 7};
	struct err e = {0};
	double r = 7;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
		double x = odd[i];

		refused(model_visited(x, &r, &e), &e, r);
		refused(model_visited_undetected(x, 1, &r, &e), &e, r);
		refused(model_visited_undetected(1, x, &r, &e), &e, r);
		refused(model_survival_static(x, 20, 1, &r, &e), &e, r);
		refused(model_survival_static(1, x, 1, &r, &e), &e, r);
		refused(model_survival_static(1, 20, x, &r, &e), &e, r);
		refused(model_survival_mobile(x, 20, 1, &r, &e), &e, r);
		refused(model_survival_mobile(1, x, 1, &r, &e), &e, r);
		refused(model_survival_mobile(1, 20, x, &r, &e), &e, r);
		refused(model_hacked_exponential(x, 1, 1, 20, &r, &e), &e, r);
		refused(model_hacked_exponential(1, x, 1, 20, &r, &e), &e, r);
		refused(model_hacked_exponential(1, 1, x, 20, &r, &e), &e, r);
		refused(model_hacked_exponential(1, 1, 1, x, &r, &e), &e, r);
		refused(model_hacked_logistic(1, 1, x, 1, 20, &r, &e), &e, r);
		refused(model_forecast(1, 20, x, 100, &f, &e), &e, f.survival_static);
		refused(model_forecast(1, 20, 1, x, &f, &e), &e, f.survival_mobile);
	}
	refused(model_visited(1, &r, &e), &e, r);
	refused(model_visited(1.7e308, &r, &e), &e, r);
	refused(model_survival_static(21, 20, 1, &r, &e), &e, r);
	refused(model_survival_mobile(0, 0, 1, &r, &e), &e, r);
	refused(model_hacked_exponential(21, 1, 1, 20, &r, &e), &e, r);
	refused(model_hacked_logistic(1, 1, 0, 1, 20, &r, &e), &e, r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_visited),
		cmocka_unit_test(test_undetected),
		cmocka_unit_test(test_survival),
		cmocka_unit_test(test_exponential),
		cmocka_unit_test(test_logistic),
		cmocka_unit_test(test_growth_at_its_ends),
		cmocka_unit_test(test_out_of_domain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
