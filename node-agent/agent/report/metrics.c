/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/agent/report/metrics.h"

#include <base/cleanup.h>
#include <errno.h>
#include <obs/metrics.h>
#include <string.h>

#include "node-agent/agent/escapes/escapes.h"
#include "node-agent/agent/keepers/keepers.h"

enum {
	M_DETECTION,
	M_VERDICT,
	M_FREEZE,
	M_SNAPSHOTS,
	M_SNAPSHOT_SECONDS,
	M_RESTORES,
	M_WATCHED,
	M_BAGS,
	M_LOST,
	M_UNJUDGED,
	M_EXEC_TASKS,
	M_EXECS,
	M_EXEC_CALLS,
	M_IN_FLIGHT,
	M_COUNT,
};

static const double DETECTION_BOUNDS[] = {0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5};
static const double FREEZE_BOUNDS[] = {
	0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5};
static const double SNAPSHOT_BOUNDS[] = {0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5, 10, 30, 60};

static const struct metric_desc DESCS[M_COUNT] = {
	[M_DETECTION] = {.name = "escape_agent_detection_seconds",
		.help = "From the first mismatch of the anomalous epoch to the container frozen.",
		.type = METRIC_HISTOGRAM,
		.bounds = DETECTION_BOUNDS,
		.bounds_len = ARRAY_LEN(DETECTION_BOUNDS)},
	[M_VERDICT] = {.name = "escape_agent_verdict_seconds",
		.help = "First part of it: from the first mismatch to the verdict, in the kernel. Also of "
			"alarms that freeze nothing.",
		.type = METRIC_HISTOGRAM,
		.bounds = DETECTION_BOUNDS,
		.bounds_len = ARRAY_LEN(DETECTION_BOUNDS)},
	[M_FREEZE] = {.name = "escape_agent_freeze_seconds",
		.help = "Second part of it: from the verdict to the container frozen.",
		.type = METRIC_HISTOGRAM,
		.bounds = FREEZE_BOUNDS,
		.bounds_len = ARRAY_LEN(FREEZE_BOUNDS)},
	[M_SNAPSHOTS] = {.name = "escape_agent_snapshots_total",
		.help = "Snapshots of pods, by result.",
		.type = METRIC_COUNTER,
		.labels = {"result"}},
	[M_SNAPSHOT_SECONDS] = {.name = "escape_agent_snapshot_seconds",
		.help = "What a periodic snapshot of a pod took, from its first order to sealed.",
		.type = METRIC_HISTOGRAM,
		.bounds = SNAPSHOT_BOUNDS,
		.bounds_len = ARRAY_LEN(SNAPSHOT_BOUNDS)},
	[M_RESTORES] = {.name = "escape_agent_restores_total",
		.help = "Restores of pods, in place or as successor, by result.",
		.type = METRIC_COUNTER,
		.labels = {"result"}},
	[M_WATCHED] = {.name = "escape_agent_containers",
		.help = "Containers with a keeper that a policy governs, by state.",
		.type = METRIC_GAUGE,
		.labels = {"state"}},
	[M_BAGS] = {.name = "escape_agent_bags",
		.help = "Distinct bags of system calls in the profiles in use.",
		.type = METRIC_GAUGE},
	[M_LOST] = {.name = "escape_agent_lost",
		.help = "Marks, bags, pairs, scores and verdicts that the kernel's maps could not take, of "
			"the watches that stand.",
		.type = METRIC_GAUGE},
	[M_UNJUDGED] = {.name = "escape_agent_unjudged_epochs",
		.help = "Epochs in which something was lost: they are not judged, not quiet, and make no "
			"threshold.",
		.type = METRIC_GAUGE},
	[M_EXEC_TASKS] = {.name = "escape_exec_tasks",
		.help = "Threads alive of what was executed into containers from outside and is counted "
			"apart.",
		.type = METRIC_GAUGE},
	[M_EXECS] = {.name = "escape_exec_sessions",
		.help = "What was executed into containers from outside since their watches began, and "
			"counted apart.",
		.type = METRIC_GAUGE},
	[M_EXEC_CALLS] = {.name = "escape_exec_calls",
		.help = "System calls of what was executed into containers from outside and is counted "
			"apart.",
		.type = METRIC_GAUGE},
	[M_IN_FLIGHT] = {.name = "escape_agent_keeper_orders",
		.help = "Orders to keepers under way.",
		.type = METRIC_GAUGE},
};

struct agent_metrics {
	struct metrics *registry;
	struct metric *m[M_COUNT];
};

int agent_metrics_new(struct agent_metrics **ret, struct err *e)
{
	struct agent_metrics *m = calloc(1, sizeof(*m));
	int rc = m ? metrics_new(&m->registry) : -ENOMEM;

	if (rc)
		err_set(e, rc, "OutOfMemory", "no memory for metrics");
	for (size_t i = 0; i < M_COUNT && !rc; i++)
		rc = metrics_register(m->registry, &DESCS[i], &m->m[i], e);
	if (rc) {
		agent_metrics_free(m);
		return rc;
	}
	*ret = m;
	return 0;
}

void agent_metrics_free(struct agent_metrics *m)
{
	if (!m)
		return;
	metrics_free(m->registry);
	free(m);
}

static const char *result(bool ok)
{
	return ok ? "success" : "failure";
}

void metrics_detection(struct agent_metrics *m, double seconds)
{
	metric_observe(m->m[M_DETECTION], NULL, seconds);
}

void metrics_verdict(struct agent_metrics *m, double seconds)
{
	metric_observe(m->m[M_VERDICT], NULL, seconds);
}

void metrics_freeze(struct agent_metrics *m, double seconds)
{
	metric_observe(m->m[M_FREEZE], NULL, seconds);
}

void metrics_snapshot(struct agent_metrics *m, bool ok, double seconds)
{
	metric_add(m->m[M_SNAPSHOTS], METRIC_LABELS(result(ok)), 1);
	if (ok && seconds > 0)
		metric_observe(m->m[M_SNAPSHOT_SECONDS], NULL, seconds);
}

void metrics_restore(struct agent_metrics *m, bool ok)
{
	metric_add(m->m[M_RESTORES], METRIC_LABELS(result(ok)), 1);
}

void metrics_gauges(struct agent_metrics *m, const struct agent_gauges *g)
{
	metric_set(m->m[M_WATCHED], METRIC_LABELS("learning"), (double)g->learning);
	metric_set(m->m[M_WATCHED], METRIC_LABELS("watching"), (double)g->watching);
	metric_set(m->m[M_WATCHED], METRIC_LABELS("frozen"), (double)g->frozen);
	metric_set(m->m[M_WATCHED], METRIC_LABELS("other"), (double)g->other);
	metric_set(m->m[M_BAGS], NULL, (double)g->bags);
	metric_set(m->m[M_LOST], NULL, (double)g->lost);
	metric_set(m->m[M_UNJUDGED], NULL, (double)g->unjudged);
	metric_set(m->m[M_EXEC_TASKS], NULL, (double)g->exec_tasks);
	metric_set(m->m[M_EXECS], NULL, (double)g->execs);
	metric_set(m->m[M_EXEC_CALLS], NULL, (double)g->exec_calls);
	metric_set(m->m[M_IN_FLIGHT], NULL, (double)g->orders);
}

static void on_metrics(void *arg, const struct http_call *call, struct http_answer *answer)
{
	struct agent *a = arg;

	(void)call;
	answer->status = metrics_render(a->metrics->registry, &answer->body) ? 500 : 200;
	answer->content_type = METRICS_CONTENT_TYPE;
}

static void on_health(void *arg, const struct http_call *call, struct http_answer *answer)
{
	(void)arg;
	(void)call;
	answer->status = 200;
	answer->content_type = "text/plain; charset=utf-8";
	buf_adds(&answer->body, "ok\n");
}

static void on_ready(void *arg, const struct http_call *call, struct http_answer *answer)
{
	struct agent *a = arg;
	bool ready = kube_informer_synced(a->pods) && kube_informer_synced(a->policies_informer) &&
		     escapes_synced(a->escapes) && kube_informer_synced(a->nodes) &&
		     kube_informer_synced(a->profiles_informer) && keepers_settled(a->keepers);

	(void)call;
	answer->status = ready ? 200 : 503;
	answer->content_type = "text/plain; charset=utf-8";
	buf_adds(&answer->body,
		ready ? "ready\n" : "waiting for the API server's lists and the node's keepers\n");
}

int agent_metrics_serve(struct agent *a, struct http_server *s)
{
	int rc = http_server_handle(s, "GET", "/metrics", on_metrics, a);

	if (!rc)
		rc = http_server_handle(s, "GET", "/healthz", on_health, a);
	return rc ? rc : http_server_handle(s, "GET", "/readyz", on_ready, a);
}
