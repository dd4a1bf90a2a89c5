/* SPDX-License-Identifier: Apache-2.0 */
/* `kubectl escape simulate --from-cluster`. */
#include "../options.h"
#include "../session.h"
#include "../text.h"
#include "cluster.h"
#include "study.h"

#include <api/names.h>
#include <base/str.h>
#include <errno.h>
#include <model/model.h>
#include <string.h>

struct lists {
	struct json *nodes, *reports, *verdicts, *policies;
};

static void lists_free(struct lists *l)
{
	json_free(l->nodes);
	json_free(l->reports);
	json_free(l->verdicts);
	json_free(l->policies);
}

static int lists_get(const struct simulate_options *o, struct lists *l, struct err *e)
{
	const struct options reach = {
		.kubeconfig = o->kubeconfig, .context = o->context, .namespace_ = o->namespace_};
	auto_session struct session *s = NULL;
	int rc = session_open(&reach, &s, e);

	if (!rc)
		rc = session_list(s, &API_POLICIES, session_namespace(s), &l->policies, e);
	if (!rc)
		rc = session_list(s, &API_REPORTS, NULL, &l->reports, e);
	if (!rc)
		rc = session_list(s, &API_VERDICTS, NULL, &l->verdicts, e);
	return rc ? rc : session_list(s, &KUBE_NODES, NULL, &l->nodes, e);
}

static int cluster_get(const struct simulate_options *o, struct cluster *ret, struct err *e)
{
	__attribute__((cleanup(lists_free))) struct lists l = {0};
	int rc = lists_get(o, &l, e);

	return rc ? rc : cluster_read(l.nodes, l.reports, l.verdicts, l.policies, ret, e);
}

static void intro_add(const struct simulate_options *o, const struct cluster *c, struct buf *text)
{
	uint32_t open = 0;

	for (uint32_t i = 0; i < c->n; i++)
		open += !c->closed[i];
	buf_addf(text, "%u nodes, %u of them can take a container that moves. Hacked: ", c->n, open);
	for (uint32_t i = 0; i < c->n_hacked; i++) {
		buf_adds(text, i ? ", " : "");
		text_add(text, c->nodes[c->hacked[i]].name);
	}
	buf_addf(text, "%s.\n", c->n_hacked ? "" : "none");
	if (o->td_given)
		buf_addf(text, "Detection takes %g s, as given. ", o->td);
	else if (c->n_measured)
		buf_addf(text, "Detection takes %.3g s, measured on %u nodes. ", c->td, c->n_measured);
	else
		buf_addf(text, "Detection takes %g s, assumed: no node has measured it. ", c->td);
	buf_addf(text,
		"An attacker hops once a second; one who has found the container stays with %g.\n"
		"Survival for %u s, simulated, and by the equations:\n\n"
		"| policy | hacked | static | moves | migrations per 100 s | equation 1 | equation 2 |\n"
		"|---|---|---|---|---|---|---|\n",
		o->stay, o->steps);
}

struct played {
	const struct simulate_options *o; /* with the cluster's detection time */
	const struct cluster *cluster;
	const struct game_graph *graph;
	struct buf *text;
	struct plot *plot;
};

static int curve_add(const struct played *p, const struct game_tally *t, const char *name, size_t kind,
	bool moves, struct err *e)
{
	struct plot_series *s;

	/* There may be more policies than a plot has room for; the table has all of them. */
	if (p->plot->n_series == PLOT_SERIES_MAX)
		return 0;
	s = plot_add(p->plot, p->o->steps + 1);
	if (!s)
		return study_no_memory(e);
	str_fmt(s->name, sizeof(s->name), "%.28s", name);
	s->marker = kind % PLOT_MARKERS;
	s->line = moves ? PLOT_SOLID : PLOT_DASHED;
	for (uint32_t k = 0; k <= p->o->steps; k++)
		s->points[k] = (struct plot_point){k, game_survival(t, k)};
	return 0;
}

static int play(const struct played *p, uint32_t hacked, const struct cluster_policy *policy,
	struct game_tally *ret, struct err *e)
{
	struct game_hosts setup = study_setup(p->o, p->graph, policy ? policy->strategy : GAME_STATIC);

	setup.hacked = hacked;
	setup.start = p->cluster->hacked;
	setup.n_start = p->cluster->n_hacked;
	setup.closed = p->cluster->closed;
	if (policy)
		setup.heterogeneity_weight = policy->heterogeneity_weight;
	/* Nobody hacked: nothing to play, everything survives. */
	*ret = (struct game_tally){.plays = p->o->plays, .steps = 1};
	return hacked ? study_run_hosts(p->o, &setup, policy ? policy->name : "static", ret, e) : 0;
}

static int row_add(
	const struct played *p, const struct cluster_policy *policy, uint32_t hacked, struct err *e)
{
	struct game_tally stays, moves;
	struct model_forecast f = {0};
	int rc = play(p, hacked, NULL, &stays, e);

	if (!rc)
		rc = play(p, hacked, policy, &moves, e);
	if (!rc)
		rc = model_forecast(hacked, p->cluster->n, p->o->td, p->o->steps, &f, e);
	if (rc)
		return rc;
	buf_adds(p->text, "| ");
	text_addf(p->text, "%s, %s", policy->name, GAME_STRATEGY_NAMES[policy->strategy]);
	buf_addf(p->text, " | %u%s |", hacked, hacked == p->cluster->n_hacked ? " (now)" : " (one more)");
	study_survival_cell(p->text, &stays, p->o->steps);
	study_survival_cell(p->text, &moves, p->o->steps);
	study_moves_cell(p->text, &moves);
	buf_addf(p->text, " %.4g | %.4g |\n", f.survival_static, f.survival_mobile);
	rc = curve_add(
		p, &stays, hacked == p->cluster->n_hacked ? "static: now" : "static: one more", 0, false, e);
	return rc ? rc : curve_add(p, &moves, policy->name, hacked == p->cluster->n_hacked ? 1 : 2, true, e);
}

static int rows_add(const struct played *p, struct err *e)
{
	uint32_t n = p->cluster->n_hacked;

	for (size_t i = 0; i < p->cluster->n_policies; i++) {
		int rc = row_add(p, &p->cluster->policies[i], n, e);

		if (!rc && n + 1 < p->cluster->n)
			rc = row_add(p, &p->cluster->policies[i], n + 1, e);
		if (rc)
			return rc;
	}
	return 0;
}

int study_cluster(const struct simulate_options *o, struct buf *text, struct plot *plot, struct err *e)
{
	__attribute__((cleanup(cluster_free))) struct cluster c = {0};
	struct simulate_options with = *o;
	struct game_graph g = {0};
	int rc = cluster_get(o, &c, e);

	*plot = (struct plot){.id = "cluster",
		.title = "Survival of a container in this cluster, now and with one more node hacked",
		.x = {.name = "time t (s)", .max = o->steps},
		.y = {.name = "survival probability P(t)", .max = 1}};
	if (!rc)
		rc = cluster_graph(&c, o->wall, &g, e);
	if (!rc) {
		with.td = o->td_given ? o->td : c.td;
		intro_add(&with, &c, text);
		rc = rows_add(&(struct played){&with, &c, &g, text, plot}, e);
	}
	game_graph_free(&g);
	return rc;
}
