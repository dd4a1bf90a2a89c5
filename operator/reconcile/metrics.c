/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/reconcile/metrics.h"

#include "operator/plan/forecast.h"
#include "operator/plan/notices.h"
#include "operator/plan/plan_verdicts.h"
#include "operator/plan/view.h"

#include <base/cleanup.h>
#include <errno.h>
#include <obs/metrics.h>

static const double PHASE_BOUNDS[] = {.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60};

enum metric_id {
	ESCAPES_TOTAL,
	PHASE_SECONDS,
	ESCAPES_ACTIVE,
	NODES,
	NODES_HACKED,
	NODES_SUSPECT,
	NODES_LIMITED,
	DENSITY,
	GROWTH_RATE,
	GROWTH_CAPACITY,
	NODES_HACKED_AHEAD,
	PROTECTED_PODS,
	SURVIVAL,
	FOREIGN_REPORTS,
	RECONCILE_ERRORS,
	LEADER,
	METRICS_COUNT,
};

static const struct metric_desc DESCS[METRICS_COUNT] = {
	[ESCAPES_TOTAL] = {.name = "escape_escapes_total",
		.help = "Escapes that ended, by kind and result.",
		.type = METRIC_COUNTER,
		.labels = {"kind", "result"}},
	[PHASE_SECONDS] = {.name = "escape_phase_seconds",
		.help = "How long Escapes stayed in a phase.",
		.type = METRIC_HISTOGRAM,
		.labels = {"kind", "phase"},
		.bounds = PHASE_BOUNDS,
		.bounds_len = ARRAY_LEN(PHASE_BOUNDS)},
	[ESCAPES_ACTIVE] = {.name = "escape_escapes_active",
		.help = "Escapes under way.",
		.type = METRIC_GAUGE},
	[NODES] = {.name = "escape_nodes", .help = "Nodes that the model counts (V).", .type = METRIC_GAUGE},
	[NODES_HACKED] = {.name = "escape_nodes_hacked",
		.help = "Nodes that count as hacked (N).",
		.type = METRIC_GAUGE},
	[NODES_SUSPECT] = {.name = "escape_nodes_suspect",
		.help = "Nodes against which something is known, but not enough.",
		.type = METRIC_GAUGE},
	[NODES_LIMITED] = {.name = "escape_nodes_limited",
		.help = "Nodes that foreign detectors call hacked beyond what they may mark; they are only "
			"suspect.",
		.type = METRIC_GAUGE},
	[DENSITY] = {.name = "escape_hacked_density", .help = "rho = N / V.", .type = METRIC_GAUGE},
	[GROWTH_RATE] = {.name = "escape_growth_rate",
		.help = "Growth of N (k) per time unit, fitted to the times at which nodes became hacked.",
		.type = METRIC_GAUGE,
		.labels = {"model"}},
	[GROWTH_CAPACITY] = {.name = "escape_growth_capacity",
		.help = "Capacity (mu) of the logistic growth; 0 with another model.",
		.type = METRIC_GAUGE},
	[NODES_HACKED_AHEAD] = {.name = "escape_nodes_hacked_ahead",
		.help = "N at the horizon, by the fitted growth.",
		.type = METRIC_GAUGE},
	[PROTECTED_PODS] = {.name = "escape_protected_pods",
		.help = "Pods that a policy governs and that have a keeper.",
		.type = METRIC_GAUGE},
	[SURVIVAL] = {.name = "escape_survival_probability",
		.help = "Forecast of equations 1 to 3 for containers that stay (static) and that move "
			"(mobile).",
		.type = METRIC_GAUGE,
		.labels = {"strategy"}},
	[FOREIGN_REPORTS] = {.name = "escape_foreign_reports_total",
		.help = "Events of foreign detectors: accepted, ignored (too light, or about no node), "
			"limited "
			"(too many), refused (not understood, or an unknown node), unauthorized.",
		.type = METRIC_COUNTER,
		.labels = {"source", "result"}},
	[RECONCILE_ERRORS] = {.name = "escape_reconcile_errors_total",
		.help = "Plans that could not be carried out and were tried again.",
		.type = METRIC_COUNTER},
	[LEADER] = {.name = "escape_leader", .help = "1 in the replica that decides.", .type = METRIC_GAUGE},
};

struct op_metrics {
	struct metrics *registry;
	struct metric *by_id[METRICS_COUNT];
};

int op_metrics_new(struct op_metrics **ret, struct err *e)
{
	struct op_metrics *m = calloc(1, sizeof(*m));
	int rc = m ? metrics_new(&m->registry) : -ENOMEM;

	if (rc)
		err_set(e, rc, "OutOfMemory", "no memory for metrics");
	for (size_t i = 0; !rc && i < METRICS_COUNT; i++)
		rc = metrics_register(m->registry, &DESCS[i], &m->by_id[i], e);
	if (rc)
		op_metrics_free(m);
	else
		*ret = m;
	return rc;
}

void op_metrics_free(struct op_metrics *m)
{
	if (!m)
		return;
	metrics_free(m->registry);
	free(m);
}

void op_metrics_phase(struct op_metrics *m, const struct escape *x)
{
	const char *kind = ESCAPE_KIND_NAMES[x->spec.kind], *phase = NULL;
	double seconds = notices_last_phase_s(x, &phase);

	if (phase && seconds >= 0)
		metric_observe(m->by_id[PHASE_SECONDS], METRIC_LABELS(kind, phase), seconds);
	if (escape_phase_final(x->status.phase))
		metric_add(
			m->by_id[ESCAPES_TOTAL], METRIC_LABELS(kind, ESCAPE_PHASE_NAMES[x->status.phase]), 1);
}

void op_metrics_foreign(struct op_metrics *m, const char *source, const char *result)
{
	metric_add(m->by_id[FOREIGN_REPORTS], METRIC_LABELS(source, result), 1);
}

void op_metrics_error(struct op_metrics *m)
{
	metric_add(m->by_id[RECONCILE_ERRORS], NULL, 1);
}

int op_metrics_render(struct op_metrics *m, const struct world *w, const struct plan_config *c, bool leader,
	int64_t now_ms, struct buf *out)
{
	struct forecast f = {0};

	if (!forecast_make(w, c, now_ms, &f, NULL)) {
		metric_set(m->by_id[SURVIVAL], METRIC_LABELS("static"), f.survival.survival_static);
		metric_set(m->by_id[SURVIVAL], METRIC_LABELS("mobile"), f.survival.survival_mobile);
	}
	metric_set(m->by_id[NODES], NULL, (double)f.nodes);
	metric_set(m->by_id[NODES_HACKED], NULL, (double)f.hacked);
	metric_set(m->by_id[NODES_SUSPECT], NULL, (double)f.suspect);
	metric_set(m->by_id[NODES_LIMITED], NULL, (double)plan_foreign_limited(w, c, now_ms));
	metric_set(m->by_id[DENSITY], NULL, f.density);
	for (int i = GROWTH_NONE; i <= GROWTH_LOGISTIC; i++)
		metric_set(m->by_id[GROWTH_RATE], METRIC_LABELS(MODEL_GROWTH_NAMES[i]),
			(enum model_growth_kind)i == f.growth.kind ? f.growth.k : 0);
	metric_set(m->by_id[GROWTH_CAPACITY], NULL, f.growth.mu);
	metric_set(m->by_id[NODES_HACKED_AHEAD], NULL, f.hacked_ahead);
	metric_set(m->by_id[PROTECTED_PODS], NULL, (double)w->n_protected);
	metric_set(m->by_id[ESCAPES_ACTIVE], NULL, (double)view_active(w, NULL));
	metric_set(m->by_id[LEADER], NULL, leader ? 1 : 0);
	return metrics_render(m->registry, out);
}
