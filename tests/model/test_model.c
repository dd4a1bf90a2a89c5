/* SPDX-License-Identifier: Apache-2.0 */
/* Equations 1 to 3 and the growth of attacks, against values from golden.py, and their properties over the
 * paper's ranges. */
#include <math.h>
#include <model/model.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

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
	near(visited(2), 9.064720283654388);
	near(visited(10), 13.643763538418412);
	near(visited(100), 68.21881769209206);
	/* Grows from t = e on, where it is least. */
	for (double t = M_E; t < 1000; t += 0.37)
		assert_true(visited(t + 0.37) > visited(t));
	assert_true(visited(1.001) > visited(M_E));
}

static void test_undetected(void **state)
{
	static const double cases[][2] = {{0, 0}, {0.2, 12.365973708955979}, {0.5, 26.842013192491596},
		{1, 43.12251716214873}, {10, 68.21572056256036}};
	double s, last = -1;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(model_visited_undetected(visited(100), cases[i][0], &s, NULL), 0);
		near(s, cases[i][1]);
		assert_true(s > last && s <= visited(100));
		last = s;
	}
	/* So long that everything succeeds: equation 3 becomes S. */
	assert_int_equal(model_visited_undetected(visited(100), 1e300, &s, NULL), 0);
	near(s, visited(100));
}

static void test_survival(void **state)
{
	static const double cases[][4] = {
		{1, 20, 0.033010127039639854, 0.9915089025308503},
		{3, 20, 3.5970095192678246e-05, 0.7943441211210447},
		{7, 20, 4.2710078537054697e-11, 0.05367103499540614},
		{7, 50, 7.115610183913498e-05, 0.8292841371171094},
		{20, 20, 2.360173416083745e-30, 2.360173416083745e-30},
		{0, 20, 1, 1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		double stays, moves;

		assert_int_equal(
			model_survival_static(cases[i][0], cases[i][1], visited(100), &stays, NULL), 0);
		assert_int_equal(
			model_survival_mobile(cases[i][0], cases[i][1], visited(100), &moves, NULL), 0);
		near(stays, cases[i][2]);
		near(moves, cases[i][3]);
	}
}

static void test_forecast(void **state)
{
	struct model_forecast f;

	(void)state;
	assert_int_equal(model_forecast(7, 20, 0.2, MODEL_HORIZON, &f, NULL), 0);
	near(f.survival_static, 0.013192711009786508);
	near(f.survival_mobile, 0.5884924846148099);
	assert_int_equal(model_forecast(7, 20, 10, MODEL_HORIZON, &f, NULL), 0);
	near(f.survival_static, 4.275640116521365e-11);
	near(f.survival_mobile, 0.05367816241469189);
	/* Every visit is detected: nobody dies. */
	assert_int_equal(model_forecast(7, 20, 0, MODEL_HORIZON, &f, NULL), 0);
	assert_true(f.survival_static == 1 && f.survival_mobile == 1);
}

/* More hacked hosts, slower detection, fewer hosts: never better; moving: never worse. */
static void test_forecast_is_monotonic(void **state)
{
	static const double hosts[] = {20, 30, 40, 50}, hacked[] = {0, 1, 2, 3, 4, 5, 7},
			    tds[] = {0, 0.2, 0.5, 1, 10};

	(void)state;
	for (size_t v = 0; v < ARRAY_LEN(hosts); v++)
		for (size_t n = 0; n < ARRAY_LEN(hacked); n++)
			for (size_t d = 0; d < ARRAY_LEN(tds); d++) {
				struct model_forecast f, more, slower, larger;

				assert_int_equal(
					model_forecast(hacked[n], hosts[v], tds[d], 100, &f, NULL), 0);
				assert_int_equal(
					model_forecast(hacked[n] + 1, hosts[v], tds[d], 100, &more, NULL), 0);
				assert_int_equal(
					model_forecast(hacked[n], hosts[v], tds[d] + 1, 100, &slower, NULL),
					0);
				assert_int_equal(
					model_forecast(hacked[n], hosts[v] + 10, tds[d], 100, &larger, NULL),
					0);
				assert_true(f.survival_mobile >= f.survival_static);
				assert_true(f.survival_static >= 0 && f.survival_mobile <= 1);
				assert_true(more.survival_static <= f.survival_static);
				assert_true(more.survival_mobile <= f.survival_mobile);
				assert_true(slower.survival_mobile <= f.survival_mobile);
				assert_true(larger.survival_mobile >= f.survival_mobile);
			}
}

static void test_growth(void **state)
{
	static const double logistic[][5] = {/* N0, k, mu, t, N */
		{1, 1, 4, 0.5, 1.4186449775697736}, {1, 2, 3, 1, 2.360958126484795}, {4, 4, 4, 10, 4},
		{1, 1, 4, 2, 2.8449383769103753}, {3, 1, 2, 1, 2.2795308443889586}};
	double n;

	(void)state;
	assert_int_equal(model_hacked_exponential(1, 1, 0.5, 20, &n, NULL), 0);
	near(n, 1.6487212707001282);
	assert_int_equal(model_hacked_exponential(1, 2, 1, 20, &n, NULL), 0);
	near(n, 7.38905609893065);
	for (size_t i = 0; i < ARRAY_LEN(logistic); i++) {
		const double *c = logistic[i];

		assert_int_equal(model_hacked_logistic(c[0], c[1], c[2], c[3], 20, &n, NULL), 0);
		near(n, c[4]);
	}
}

static void test_growth_at_its_ends(void **state)
{
	double n;

	(void)state;
	assert_int_equal(model_hacked_exponential(3, 2, 0, 20, &n, NULL), 0);
	near(n, 3);
	assert_int_equal(model_hacked_logistic(3, 2, 9, 0, 20, &n, NULL), 0);
	near(n, 3);
	/* Never more than there are; no time is too long. */
	assert_int_equal(model_hacked_exponential(1, 4, 100, 20, &n, NULL), 0);
	assert_true(n == 20);
	assert_int_equal(model_hacked_exponential(1, 1e300, 1e300, 20, &n, NULL), 0);
	assert_true(n == 20);
	assert_int_equal(model_hacked_logistic(1, 1e300, 4, 1e300, 20, &n, NULL), 0);
	near(n, 4);
	assert_int_equal(model_hacked_logistic(1, 4, 400, 100, 20, &n, NULL), 0);
	assert_true(n == 20);
	assert_int_equal(model_hacked_exponential(0, 1e300, 1e300, 20, &n, NULL), 0);
	assert_true(n == 0);
	assert_int_equal(model_hacked_logistic(0, 1, 4, 1e300, 20, &n, NULL), 0);
	assert_true(n == 0);
	for (double t = 0; t < 10; t += 0.25) {
		double later;

		assert_int_equal(model_hacked_logistic(1, 1, 4, t, 20, &n, NULL), 0);
		assert_int_equal(model_hacked_logistic(1, 1, 4, t + 0.25, 20, &later, NULL), 0);
		assert_true(later > n && later < 4);
	}
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
		cmocka_unit_test(test_forecast),
		cmocka_unit_test(test_forecast_is_monotonic),
		cmocka_unit_test(test_growth),
		cmocka_unit_test(test_growth_at_its_ends),
		cmocka_unit_test(test_out_of_domain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
