/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/agent/move/move_source.h"

#include <base/clock.h>
#include <base/log.h>
#include <base/str.h>
#include <errno.h>

#include "node-agent/agent/guard/orders.h"
#include "node-agent/agent/keepers/fence.h"
#include "node-agent/agent/move/move_source_priv.h"
#include "node-agent/agent/network/routes.h"
#include "node-agent/agent/snapshots/snapshots.h"
#include "node-agent/net/netswitch.h"

static int pod_pid(struct guard **guards, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (guards[i]->keeper->last.init_pid)
			return guards[i]->keeper->last.init_pid;
	return 0;
}

static int freeze_all(struct job *j, struct guard **guards, size_t n, struct err *e)
{
	int64_t began = clock_monotonic_ms();

	for (size_t i = 0; i < n; i++) {
		int rc = guard_freeze(guards[i]);

		if (rc)
			return err_set(e, rc, "FreezeFailed", "container %s cannot be frozen",
				guards[i]->keeper->last.container);
	}
	job_note(j, "freeze", clock_monotonic_ms() - began);
	return 0;
}

static void connections_reset(const struct job *j, int pid)
{
	struct err e;

	if (j->x.spec.state != STATE_LIVE && net_pod_reset_connections(pid, &e))
		log_warn("connections not reset, their peers will find out by themselves", "escape", j->key,
			"reason", e.reason, "why", e.message);
}

int source_stop(struct job *j, struct guard **guards, size_t n, struct err *e)
{
	bool freeze = n > 1 || j->x.spec.state != STATE_LIVE;
	int pid = pod_pid(guards, n);
	int64_t began;
	int rc = freeze ? freeze_all(j, guards, n, e) : 0;

	if (rc)
		return rc;
	began = clock_monotonic_ms();
	connections_reset(j, pid);
	rc = net_pod_cut(pid, e);
	if (!rc)
		rc = fence_set(j->agent->fences_dir, j->x.spec.pod_uid, j->key, e);
	routes_touch(j->agent->routes);
	job_note(j, "network", clock_monotonic_ms() - began);
	return rc;
}

int source_open(struct job *j, struct err *e)
{
	struct guard *guards[GUARDS_OF_POD_MAX];
	size_t n = 0;
	int rc = fence_remove(j->agent->fences_dir, j->x.spec.pod_uid, e);

	if (rc || guards_of_pod(j->agent, j->x.spec.pod_uid, guards, GUARDS_OF_POD_MAX, &n) ||
		!pod_pid(guards, n))
		return rc;
	return net_pod_heal(pod_pid(guards, n), e);
}

/* The node that the address belongs to must not hand it out again, whoever sealed the pod. */
void source_reserve(const struct job *j)
{
	struct err e;

	if (j->x.spec.network != NETWORK_ADDRESS)
		return;
	for (size_t i = 0; i < j->x.spec.n_addresses; i++)
		if (net_ipam_reserve(j->agent->cfg->cni_dir, j->x.spec.addresses[i], j->x.uid, &e))
			log_error("address not reserved", "address", j->x.spec.addresses[i], "reason",
				e.reason, "why", e.message);
}

void source_give_up(struct job *j, const struct err *e)
{
	log_warn("move given up by the source", "escape", j->key, "reason", e->reason, "why", e->message);
	agent_event(j->agent, j->x.namespace_, j->x.spec.pod_name, j->x.spec.pod_uid, "Warning", "MoveFailed",
		"%s: %s", e->reason, e->message);
	job_finish(j, PHASE_ABORTING, ACTOR_SOURCE, e->reason, e->message, NULL);
}

static bool is_ready(const struct guard *g)
{
	const struct keeper *k = g->keeper;

	return k->connected && (k->last.state == KEEPER_RUNNING || k->last.state == KEEPER_FROZEN) &&
	       k->last.init_pid && !g->orders;
}

static bool all_ready(struct guard **guards, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!is_ready(guards[i]))
			return false;
	return n > 0;
}

static void staged(struct job *j)
{
	struct guard *guards[GUARDS_OF_POD_MAX];
	struct err e = {0};
	size_t n = 0;
	int rc = guards_of_pod(j->agent, j->x.spec.pod_uid, guards, GUARDS_OF_POD_MAX, &n);

	if (rc) {
		err_set(&e, rc, "TooManyContainers", "the pod has more than %d containers",
			GUARDS_OF_POD_MAX);
		source_give_up(j, &e);
	} else if (!j->agent->storage) {
		job_end(j, false);
	} else if (!all_ready(guards, n) || snapshots_busy(j->agent, j->x.spec.pod_uid)) {
		/* The keeper's next state, or the end of the snapshot, brings the job again; the operator has
		 * a deadline. */
		job_end(j, true);
	} else if (j->x.spec.state == STATE_LIVE) {
		source_seal_live(j, guards, n);
	} else {
		source_seal_last_safe(j, guards, n);
	}
}

static void on_killed(void *arg, const struct err *e)
{
	struct job *j = arg;

	if (e)
		log_warn("frozen source not ended yet", "escape", j->key, "reason", e->reason, "why",
			e->message);
	job_end(j, !e);
}

/* It runs elsewhere: what stands frozen here must never run again, and would sit out the grace of its pod's
 * deletion. */
static void restored(struct job *j)
{
	struct err e;

	if (orders_to_pod(j->agent, j->x.spec.pod_uid, NULL, KEEPER_KILL, on_killed, j, &e))
		job_end(j, false);
}

void move_source_run(struct job *j)
{
	if (j->x.status.phase == PHASE_STAGED)
		staged(j);
	else if (j->x.status.phase == PHASE_RESTORED)
		restored(j);
	else if (j->x.status.phase == PHASE_ABORTING)
		source_abort(j);
	else
		job_end(j, true);
}
