/* SPDX-License-Identifier: Apache-2.0 */
#include <base/cleanup.h>
#include <base/str.h>
#include <errno.h>
#include <model/figure.h>
#include <model/model.h>

/* Table I. */
static const double HACKED[] = {1, 2, 3, 4, 5, 7}, HOSTS[] = {20, 30, 40, 50}, RATES[] = {1, 2, 3, 4},
		    DETECTION[] = {0, 0.2, 0.5, 1, 10};

static void add(struct figure *f, const char *what, double value, struct figure_series s)
{
	str_fmt(s.name, sizeof(s.name), "%s %s=%g", s.moves ? "mobile" : "static", what, value);
	f->series[f->n_series++] = s;
}

static void hacked_fill(struct figure *f)
{
	f->title = "Survival of a static and a mobile container, N of 20 hosts hacked";
	for (int moves = 0; moves < 2; moves++)
		for (size_t i = 0; i < ARRAY_LEN(HACKED); i++)
			add(f, "N", HACKED[i],
				(struct figure_series){
					.moves = moves, .kind = i, .hosts = 20, .n0 = HACKED[i]});
}

static void detection_fill(struct figure *f, struct figure_series base)
{
	base.some_fail = true;
	for (size_t i = 0; i < ARRAY_LEN(DETECTION); i++) {
		base.kind = i;
		base.td = DETECTION[i];
		add(f, "td", base.td, base);
	}
}

static void mobile_detection_fill(struct figure *f)
{
	f->title = "Survival of a mobile container, 7 of 20 hosts hacked, detection time td";
	detection_fill(f, (struct figure_series){.moves = true, .hosts = 20, .n0 = 7});
}

static void static_detection_fill(struct figure *f)
{
	f->title = "Survival of a static container, 7 of 20 hosts hacked, detection time td";
	detection_fill(f, (struct figure_series){.hosts = 20, .n0 = 7});
}

static void growth_fill(struct figure *f)
{
	f->title = "Survival under logistic growth of attacks at rate k (N0 = 1, mu = 4, V = 20)";
	for (int moves = 0; moves < 2; moves++)
		for (size_t i = 0; i < ARRAY_LEN(RATES); i++)
			add(f, "k", RATES[i],
				(struct figure_series){.moves = moves,
					.kind = i,
					.hosts = 20,
					.n0 = 1,
					.grows = true,
					.k = RATES[i],
					.mu = 4});
}

static void growth_detection_fill(struct figure *f)
{
	f->title = "Survival of a mobile container, logistic growth (N0 = mu = k = 4, V = 20)";
	detection_fill(f,
		(struct figure_series){.moves = true, .hosts = 20, .n0 = 4, .grows = true, .k = 4, .mu = 4});
}

static void hosts_fill(struct figure *f)
{
	f->title = "Survival of a mobile container, 7 hacked hosts among V";
	for (size_t i = 0; i < ARRAY_LEN(HOSTS); i++)
		add(f, "V", HOSTS[i],
			(struct figure_series){.moves = true, .kind = i, .hosts = HOSTS[i], .n0 = 7});
}

int figure_get(int number, struct figure *ret, struct err *e)
{
	static void (*const FILL[])(struct figure *) = {hacked_fill, mobile_detection_fill,
		static_detection_fill, growth_fill, growth_detection_fill, hosts_fill};

	if (number < FIGURE_FIRST || number > FIGURE_LAST)
		return err_set(e, -EDOM, "OutOfDomain", "there is no figure %d: must be %d to %d", number,
			FIGURE_FIRST, FIGURE_LAST);
	*ret = (struct figure){.number = number};
	FILL[number - FIGURE_FIRST](ret);
	return 0;
}

int figure_at(const struct figure_series *s, double t, double *ret_p, struct err *e)
{
	double visited = 0, hacked = s->n0;
	int rc = model_visited(t, &visited, e);

	if (!rc && s->some_fail)
		rc = model_visited_undetected(visited, s->td, &visited, e);
	if (!rc && s->grows)
		rc = model_hacked_logistic(s->n0, s->k, s->mu, t, s->hosts, &hacked, e);
	if (rc)
		return rc;
	return s->moves ? model_survival_mobile(hacked, s->hosts, visited, ret_p, e)
			: model_survival_static(hacked, s->hosts, visited, ret_p, e);
}
