/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <math.h>
#include <model/model.h>

static int edom(struct err *e, const char *what, double value, const char *right)
{
	return err_set(e, -EDOM, "OutOfDomain", "%s is %g: must be %s", what, value, right);
}

static int need_not_negative(const char *what, double value, struct err *e)
{
	return isfinite(value) && value >= 0 ? 0 : edom(e, what, value, "finite and not negative");
}

static int need_density(double hacked, double hosts, struct err *e)
{
	if (!isfinite(hosts) || hosts <= 0)
		return edom(e, "the number of hosts", hosts, "finite and above 0");
	if (!isfinite(hacked) || hacked < 0 || hacked > hosts)
		return edom(e, "the number of hacked hosts", hacked, "between 0 and the number of hosts");
	return 0;
}

int model_visited(double t, double *ret_visited, struct err *e)
{
	double s;

	if (!isfinite(t) || t <= 1)
		return edom(e, "the time", t, "finite and above 1");
	s = M_PI * t / log(t);
	if (!isfinite(s))
		return edom(e, "the time", t, "small enough to be counted with");
	*ret_visited = s;
	return 0;
}

int model_visited_undetected(double visited, double td, double *ret_visited, struct err *e)
{
	int rc = need_not_negative("the number of visited hosts", visited, e);

	if (!rc)
		rc = need_not_negative("the detection time", td, e);
	if (!rc)
		*ret_visited = -expm1(-td) * visited;
	return rc;
}

int model_survival_static(double hacked, double hosts, double visited, double *ret_p, struct err *e)
{
	int rc = need_density(hacked, hosts, e);

	if (!rc)
		rc = need_not_negative("the number of visited hosts", visited, e);
	if (!rc)
		*ret_p = exp(-(hacked / hosts) * visited);
	return rc;
}

int model_survival_mobile(double hacked, double hosts, double visited, double *ret_p, struct err *e)
{
	double rho;
	int rc = need_density(hacked, hosts, e);

	if (!rc)
		rc = need_not_negative("the number of visited hosts", visited, e);
	if (rc)
		return rc;
	rho = hacked / hosts;
	*ret_p = exp(-(rho * rho) * rho * visited);
	return 0;
}

static int need_growth(double n0, double k, double t, double hosts, struct err *e)
{
	int rc = need_density(n0, hosts, e);

	if (!rc)
		rc = need_not_negative("the rate of growth", k, e);
	if (!rc)
		rc = need_not_negative("the time", t, e);
	return rc;
}

int model_hacked_exponential(double n0, double k, double t, double hosts, double *ret_hacked, struct err *e)
{
	int rc = need_growth(n0, k, t, hosts, e);

	/* Without a first hacked host nothing grows, however long (0 times infinity is no number). */
	if (!rc)
		*ret_hacked = n0 > 0 ? fmin(n0 * exp(k * t), hosts) : 0;
	return rc;
}

/* Between N0 and mu, whatever is lost in between: nothing overflows or cancels for any of them. */
static double logistic(double n0, double k, double mu, double t)
{
	double left = exp(-k * t), grown = -expm1(-k * t);
	double n = n0 < mu ? n0 / (left + n0 / mu * grown) : mu / (grown + mu / n0 * left);

	return fmax(fmin(n0, mu), fmin(n, fmax(n0, mu)));
}

int model_hacked_logistic(
	double n0, double k, double mu, double t, double hosts, double *ret_hacked, struct err *e)
{
	int rc = need_growth(n0, k, t, hosts, e);

	if (rc)
		return rc;
	if (!isfinite(mu) || mu <= 0)
		return edom(e, "the capacity", mu, "finite and above 0");
	*ret_hacked = n0 > 0 ? fmin(logistic(n0, k, mu, t), hosts) : 0;
	return 0;
}

int model_forecast(
	double hacked, double hosts, double td, double t, struct model_forecast *ret, struct err *e)
{
	struct model_forecast f = {0};
	double visited = 0;
	int rc;

	rc = model_visited(t, &visited, e);
	if (!rc)
		rc = model_visited_undetected(visited, td, &visited, e);
	if (!rc)
		rc = model_survival_static(hacked, hosts, visited, &f.survival_static, e);
	if (!rc)
		rc = model_survival_mobile(hacked, hosts, visited, &f.survival_mobile, e);
	if (!rc)
		*ret = f;
	return rc;
}
