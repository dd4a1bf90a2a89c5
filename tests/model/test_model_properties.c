/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold for any numbers: seeded draws over the whole range of a double, the odd ones included. */
#include <math.h>
#include <model/model.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <base/backoff.h>
#include <base/cleanup.h>
#include <errno.h>
#include <float.h>
#include <string.h>

enum { DRAWS = 100000 };

static double uniform(uint64_t *rng)
{
	return (double)(rng_next(rng) >> 11) * 0x1p-53;
}

/* Any double at all: every bit drawn, or one of those where things break. */
static double any(uint64_t *rng)
{
	static const double odd[] = {0, -0.0, 1, M_E, DBL_MIN, DBL_MAX, DBL_EPSILON, 5e-324, INFINITY,
		-INFINITY, NAN, -1, 20, 100};
	uint64_t bits = rng_next(rng);
	double x;

	if (bits % 3 == 0)
		return odd[bits / 3 % ARRAY_LEN(odd)];
	if (bits % 3 == 1)
		return uniform(rng) * 200;
	bits = rng_next(rng);
	memcpy(&x, &bits, sizeof(x));
	return x;
}

/* Either a number in [min, max], or refused with *got as it was. */
static void total(int rc, double got, double min, double max)
{
	if (rc) {
		assert_int_equal(rc, -EDOM);
		assert_true(got == -7);
		return;
	}
	if (!(isfinite(got) && got >= min && got <= max))
		fail_msg("%.17g is not in [%.17g, %.17g]", got, min, max);
}

/* call fills *r; the range may use r's arguments. */
#define TOTAL(call, min, max)                                                                                \
	do {                                                                                                 \
		double got_ = -7, *r = &got_;                                                                \
		int rc_ = (call);                                                                            \
                                                                                                             \
		total(rc_, got_, min, max);                                                                  \
	} while (0)

static void test_equations_are_total(void **state)
{
	uint64_t rng = 1;

	(void)state;
	for (int i = 0; i < DRAWS; i++) {
		double a = any(&rng), b = any(&rng), c = any(&rng), t = any(&rng);
		struct model_forecast f = {-7, -7};
		int rc = model_forecast(a, b, c, t, &f, NULL);

		total(rc, f.survival_static, 0, f.survival_mobile);
		total(rc, f.survival_mobile, 0, 1);
		TOTAL(model_visited(a, r, NULL), M_PI * M_E * (1 - 1e-15), DBL_MAX);
		TOTAL(model_visited_undetected(a, b, r, NULL), 0, a);
		TOTAL(model_survival_static(a, b, c, r, NULL), 0, 1);
		TOTAL(model_survival_mobile(a, b, c, r, NULL), 0, 1);
	}
}

static void test_growth_is_total(void **state)
{
	uint64_t rng = 2;

	(void)state;
	for (int i = 0; i < DRAWS; i++) {
		double n0 = any(&rng), k = any(&rng), mu = any(&rng), t = any(&rng), v = any(&rng);

		TOTAL(model_hacked_exponential(n0, k, t, v, r, NULL), n0, v);
		TOTAL(model_hacked_logistic(n0, k, mu, t, v, r, NULL), n0 > 0 ? fmin(fmin(n0, mu), v) : 0,
			fmin(fmax(n0, mu), v));
	}
}

static struct model_forecast forecast(double n, double v, double td, double t)
{
	struct model_forecast f;

	assert_int_equal(model_forecast(n, v, td, t, &f, NULL), 0);
	return f;
}

static void no_better(struct model_forecast f, struct model_forecast than)
{
	assert_true(f.survival_static <= than.survival_static * (1 + 1e-12));
	assert_true(f.survival_mobile <= than.survival_mobile * (1 + 1e-12));
}

/* More hacked hosts, fewer hosts, slower detection, more time: never better. Moving: never worse. */
static void test_forecast_is_monotone(void **state)
{
	uint64_t rng = 3;

	(void)state;
	for (int i = 0; i < DRAWS; i++) {
		double v = 1 + uniform(&rng) * 1000, n = uniform(&rng) * v, td = uniform(&rng) * 20,
		       t = M_E + uniform(&rng) * 1000, more = uniform(&rng);
		struct model_forecast f = forecast(n, v, td, t);

		assert_true(f.survival_static <= f.survival_mobile);
		no_better(forecast(n + more * (v - n), v, td, t), f);
		no_better(f, forecast(n, v * (1 + more), td, t));
		no_better(forecast(n, v, td + more * 10, t), f);
		no_better(forecast(n, v, td, t + more * 100), f);
	}
}

static void test_growth_is_monotone(void **state)
{
	uint64_t rng = 4;

	(void)state;
	for (int i = 0; i < DRAWS; i++) {
		double v = 1 + uniform(&rng) * 1000, n0 = uniform(&rng) * v, k = uniform(&rng) * 5,
		       mu = n0 * (1 + uniform(&rng)), t = uniform(&rng) * 10, now, then, faster;

		assert_int_equal(model_hacked_exponential(n0, k, t, v, &now, NULL), 0);
		assert_int_equal(model_hacked_exponential(n0, k, t + 1, v, &then, NULL), 0);
		assert_int_equal(model_hacked_exponential(n0, k + 1, t, v, &faster, NULL), 0);
		assert_true(now <= then && now <= faster);
		assert_int_equal(model_hacked_logistic(n0, k, mu, t, v, &now, NULL), 0);
		assert_int_equal(model_hacked_logistic(n0, k, mu, t + 1, v, &then, NULL), 0);
		assert_int_equal(model_hacked_logistic(n0, k + 1, mu, t, v, &faster, NULL), 0);
		assert_true(now <= then * (1 + 1e-12) && now <= faster * (1 + 1e-12));
		/* Seen from above its capacity it shrinks. */
		assert_int_equal(model_hacked_logistic(n0, k, n0 / 2, t, v, &then, NULL), 0);
		assert_true(then <= n0);
	}
}

static void test_limits(void **state)
{
	uint64_t rng = 5;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		double v = 1 + uniform(&rng) * 1000, t = M_E + uniform(&rng) * 1000, all = uniform(&rng) * v,
		       n;
		struct model_forecast f = forecast(0, v, 1, t);

		/* Nobody hacked, or every visit detected: nobody dies. */
		assert_true(f.survival_static == 1 && f.survival_mobile == 1);
		f = forecast(v, v, 0, t);
		assert_true(f.survival_static == 1 && f.survival_mobile == 1);
		/* Everything hacked: there is nowhere to move to. */
		f = forecast(v, v, 1, t);
		assert_true(f.survival_mobile == f.survival_static);
		/* In the end growth is at its capacity, or at the number of hosts. */
		assert_int_equal(model_hacked_logistic(all / 9 + 1e-9, 1, all + 1e-9, 1e4, v, &n, NULL), 0);
		assert_true(fabs(n - all - 1e-9) <= 1e-9 * v);
		assert_int_equal(model_hacked_exponential(fmin(1, v), 1, 1e4, v, &n, NULL), 0);
		assert_true(n == v);
	}
	/* In the end every container is found, moving or not. */
	assert_true(forecast(1, 20, 1, 1e300).survival_mobile == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_equations_are_total),
		cmocka_unit_test(test_growth_is_total),
		cmocka_unit_test(test_forecast_is_monotone),
		cmocka_unit_test(test_growth_is_monotone),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
