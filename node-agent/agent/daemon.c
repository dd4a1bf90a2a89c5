/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/agent/daemon.h"

#include <api/names.h>
#include <base/cleanup.h>
#include <base/log.h>
#include <base/str.h>
#include <errno.h>
#include <http/server.h>
#include <string.h>

#include "node-agent/agent/escapes/escapes.h"
#include "node-agent/agent/events.h"
#include "node-agent/agent/guard/guard.h"
#include "node-agent/agent/guard/policies.h"
#include "node-agent/agent/guard/profiles.h"
#include "node-agent/agent/network/routes.h"
#include "node-agent/agent/report/metrics.h"
#include "node-agent/agent/report/probe.h"
#include "node-agent/agent/report/report.h"
#include "node-agent/agent/report_fill.h"
#include "node-agent/agent/snapshots/snapshots.h"
#include "node-agent/agent/snapshots/storage.h"

#define TICK_MS 1000

static int client_start(struct agent *a, struct err *e)
{
	struct kube_config config = {0};
	int rc = kube_config_auto(a->cfg->kubeconfig, &config, e);

	if (rc)
		return rc;
	rc = kube_client_new(a->loop, &config, &a->kube, e);
	kube_config_free(&config);
	if (!rc)
		kube_client_identify(a->kube, "escape-agent", a->cfg->node);
	return rc;
}

/* A kernel that cannot watch is a condition of the node, not a reason to stop: what is restored and routed
 * goes on. */
static void monitor_start(struct agent *a)
{
	struct err e = {0};
	int rc = monitor_probe(&e);

	if (!rc)
		rc = monitor_new(a->loop, &a->monitor, &e);
	if (rc)
		log_error("this node cannot watch", "reason", e.reason, "why", e.message);
	probe_kernel(a->probe, rc ? &e : NULL);
}

static int modules_new(struct agent *a, struct err *e)
{
	int rc = agent_metrics_new(&a->metrics, e);

	if (rc)
		return rc;
	if ((rc = policies_new(a, &a->policies)) ||
		(rc = reporter_new(a, report_fill_containers, &a->reporter)) ||
		(rc = probe_new(a, &a->probe)) || (rc = snapshots_new(a, &a->snapshots)) ||
		(rc = escapes_new(a, &EVENTS_OF_ESCAPES, &a->escapes)) || (rc = routes_new(a, &a->routes)) ||
		(rc = loop_timer_new(a->loop, events_tick, a, &a->tick)) ||
		(rc = loop_timer_start(a->tick, 1, TICK_MS)))
		return err_set(e, rc, "OutOfMemory", "no memory to start");
	return 0;
}

static int informer_start(struct agent *a, const struct kube_resource *r, const char *fields,
	kube_on_change on_change, struct kube_informer **ret, struct err *e)
{
	const struct kube_informer_args args = {
		.resource = r,
		.field_selector = fields,
		.on_change = on_change,
		.on_synced = events_on_synced,
		.arg = a,
	};

	return kube_informer_new(a->kube, &args, ret, e);
}

static int informers_start(struct agent *a, struct err *e)
{
	auto_free char *mine = str_dup_fmt("spec.nodeName=%s", a->cfg->node);
	int rc;

	if (!mine)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory to start");
	rc = informer_start(a, &API_POLICIES, NULL, policies_on_change, &a->policies_informer, e);
	if (!rc)
		rc = informer_start(a, &API_PROFILES, NULL, profiles_on_change, &a->profiles_informer, e);
	if (!rc)
		rc = informer_start(a, &API_ESCAPES, NULL, escapes_on_change, &a->escapes_informer, e);
	if (!rc)
		rc = informer_start(a, &KUBE_NODES, NULL, routes_on_node, &a->nodes, e);
	return rc ? rc : informer_start(a, &KUBE_PODS, mine, events_on_pod, &a->pods, e);
}

static int http_start(struct agent *a, struct err *e)
{
	const struct http_server_args args = {.address = "0.0.0.0", .port = a->cfg->http_port};
	int rc = http_server_new(a->loop, &args, &a->http, e);

	if (rc)
		return rc;
	rc = agent_metrics_serve(a, a->http);
	return rc ? err_set(e, rc, "OutOfMemory", "no memory for the metrics pages") : 0;
}

static int keepers_start(struct agent *a, struct err *e)
{
	if (str_fmt(a->containers_dir, sizeof(a->containers_dir), "%s/containers", a->cfg->run_dir) ||
		str_fmt(a->fences_dir, sizeof(a->fences_dir), "%s/fences", a->cfg->state_dir))
		return err_set(e, -ENAMETOOLONG, "RunDirFailed", "%s or %s is too long", a->cfg->run_dir,
			a->cfg->state_dir);
	return keepers_new(a->loop, a->containers_dir, &EVENTS_OF_KEEPERS, a, &a->keepers, e);
}

static int agent_start(struct agent *a, struct err *e)
{
	int rc = client_start(a, e);

	if (!rc)
		rc = modules_new(a, e);
	if (rc)
		return rc;
	monitor_start(a);
	rc = informers_start(a, e);
	if (!rc)
		rc = keepers_start(a, e);
	return rc ? rc : http_start(a, e);
}

int agent_new(struct loop *l, const struct agent_config *cfg, struct agent **ret, struct err *e)
{
	struct agent *a = calloc(1, sizeof(*a));
	int rc;

	if (!a)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory to start");
	a->loop = l;
	a->cfg = cfg;
	a->guard_ops = &EVENTS_OF_GUARDS;
	rc = agent_start(a, e);
	if (rc) {
		agent_free(a);
		return rc;
	}
	*ret = a;
	return 0;
}

/* What waits for keepers, the store or the API server ends now, each by its own callback; containers stay as
 * they are. */
static void work_end(struct agent *a)
{
	keepers_free(a->keepers);
	a->keepers = NULL;
	while (a->works)
		loop_turn(a->loop, true);
	/* What was put off to the next turn comes to its end as well. */
	for (int i = 0; i < 3; i++)
		loop_turn(a->loop, false);
}

static void informers_end(struct agent *a)
{
	kube_informer_free(a->pods);
	kube_informer_free(a->policies_informer);
	kube_informer_free(a->escapes_informer);
	kube_informer_free(a->nodes);
	kube_informer_free(a->profiles_informer);
}

void agent_free(struct agent *a)
{
	if (!a)
		return;
	a->stopping = true;
	http_server_free(a->http);
	work_end(a);
	informers_end(a);
	kube_client_free(a->kube);
	guards_free(a);
	escapes_free(a->escapes);
	snapshots_free(a->snapshots);
	policies_free(a->policies);
	routes_free(a->routes);
	probe_free(a->probe);
	reporter_free(a->reporter);
	agent_metrics_free(a->metrics);
	loop_timer_free(a->tick);
	monitor_free(a->monitor);
	storage_close(a->storage);
	free(a);
}
