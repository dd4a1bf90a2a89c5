/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/agent/events.h"

#include <base/log.h>
#include <base/str.h>

#include "node-agent/agent/escapes/job.h"
#include "node-agent/agent/gauges.h"
#include "node-agent/agent/guard/watching.h"
#include "node-agent/agent/move/held.h"
#include "node-agent/agent/move/move_dest.h"
#include "node-agent/agent/move/move_source.h"
#include "node-agent/agent/network/routes.h"
#include "node-agent/agent/reflex/reflex.h"
#include "node-agent/agent/report/report.h"
#include "node-agent/agent/rollback/rollback.h"
#include "node-agent/agent/snapshots/snapshots.h"
#include "node-agent/agent/snapshots/storekey.h"

static void on_keeper(void *arg, struct keeper *k)
{
	struct agent *a = arg;

	if (guards_on_keeper(a, k))
		escapes_kick_pod(a->escapes, k->last.pod_uid);
	/* A successor's pod is where a moved address lives. */
	if (k->last.successor && a->routes)
		routes_touch(a->routes);
}

static void on_keeper_gone(void *arg, struct keeper *k)
{
	struct agent *a = arg;

	if (guards_on_keeper_gone(a, k))
		escapes_kick_pod(a->escapes, k->last.pod_uid);
}

static void on_keepers_settled(void *arg)
{
	struct agent *a = arg;

	log_info("keepers of this node known");
	escapes_kick_open(a->escapes);
	routes_touch(a->routes);
}

const struct keepers_ops EVENTS_OF_KEEPERS = {
	.on_change = on_keeper,
	.on_gone = on_keeper_gone,
	.on_settled = on_keepers_settled,
};

static void on_guard(struct guard *g)
{
	reflex_sight(g);
	watching_sync(g);
	snapshots_sync(g->agent, g);
	if (g->keeper->last.state == KEEPER_HELD)
		held_evaluate(g);
}

const struct guard_ops EVENTS_OF_GUARDS = {
	.prepare = reflex_prepare,
	.on_sync = on_guard,
	.on_verdict = reflex_on_verdict,
};

/* A held container is named by its own annotation; the Escape does not name it until its status says so. */
static void held_sync(struct agent *a, const struct escape *x)
{
	for (struct guard *g = a->guards; g; g = g->next)
		if (g->keeper->last.state == KEEPER_HELD && str_eq(g->keeper->last.escape, x->name))
			guard_sync(g);
}

static void on_escape(struct agent *a, const struct escape *x)
{
	routes_touch(a->routes);
	if (x->spec.kind == ESCAPE_MOVE && x->status.phase == PHASE_SUCCEEDED &&
		str_eq(x->spec.source_node, a->cfg->node))
		snapshots_adopt(a, x->namespace_, x->spec.pod_uid);
	guards_sync_pod(a, x->spec.pod_uid);
	if (*x->status.successor_uid)
		guards_sync_pod(a, x->status.successor_uid);
	held_sync(a, x);
}

static void escape_run(struct job *j)
{
	const struct escape *x = &j->x;
	const char *me = j->agent->cfg->node;

	if (x->spec.kind == ESCAPE_ROLLBACK && str_eq(x->spec.source_node, me))
		rollback_run(j);
	else if (x->spec.kind == ESCAPE_MOVE && str_eq(x->spec.source_node, me))
		move_source_run(j);
	else if (x->spec.kind == ESCAPE_MOVE && str_eq(x->spec.destination_node, me))
		move_dest_run(j);
	else
		job_end(j, true);
}

const struct escapes_ops EVENTS_OF_ESCAPES = {
	.on_change = on_escape,
	.run = escape_run,
};

void events_on_pod(void *arg, enum kube_change change, const struct json *object, const struct json *old)
{
	struct agent *a = arg;

	(void)change;
	(void)old;
	guards_sync_pod(a, json_str_at(object, "metadata.uid", ""));
	escapes_kick_pod(a->escapes, json_str_at(object, "metadata.uid", ""));
	report_touch(a->reporter);
}

void events_on_synced(void *arg)
{
	struct agent *a = arg;

	guards_sync_all(a);
	routes_touch(a->routes);
}

/* What could not be decided for want of an answer is asked again. */
static void held_tick(struct agent *a)
{
	for (struct guard *g = a->guards; g; g = g->next)
		if (g->keeper->last.state == KEEPER_HELD)
			held_evaluate(g);
}

void events_tick(void *arg)
{
	struct agent *a = arg;

	if (a->stopping)
		return;
	storekey_tick(a);
	watching_tick(a);
	snapshots_tick(a);
	held_tick(a);
	routes_tick(a);
	move_dest_tick(a);
	gauges_tick(a);
}
