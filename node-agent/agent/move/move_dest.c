/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/agent/move/move_dest.h"

#include <base/clock.h>
#include <base/log.h>
#include <base/str.h>
#include <errno.h>

#include "node-agent/agent/escapes/escapes.h"
#include "node-agent/agent/move/move_dest_priv.h"
#include "node-agent/net/netswitch.h"

bool dest_moves_addresses(const struct job *j)
{
	return j->x.spec.network == NETWORK_ADDRESS && j->x.spec.n_addresses > 0;
}

int dest_guards(const struct job *j, struct guard **guards, size_t *n)
{
	*n = 0;
	return *j->x.status.successor_uid
		       ? guards_of_pod(j->agent, j->x.status.successor_uid, guards, GUARDS_OF_POD_MAX, n)
		       : 0;
}

static int pid_of(struct agent *a, const char *successor_uid)
{
	struct guard *guards[GUARDS_OF_POD_MAX];
	size_t n = 0;

	if (!*successor_uid || guards_of_pod(a, successor_uid, guards, GUARDS_OF_POD_MAX, &n))
		return 0;
	for (size_t i = 0; i < n; i++)
		if (guards[i]->keeper->connected && guards[i]->keeper->last.init_pid)
			return guards[i]->keeper->last.init_pid;
	return 0;
}

int dest_pod_pid(const struct job *j)
{
	return pid_of(j->agent, j->x.status.successor_uid);
}

/*
 * The addresses are there before anybody sends to them, and the pod is cut off until its sockets are: a
 * packet that met the address without the socket would be answered with a reset, and the connection would be
 * lost. What comes meanwhile waits at the node's unanswered neighbour entry until that is set.
 */
static int addresses_prepare(const struct job *j, struct err *e)
{
	int pid = dest_pod_pid(j);
	int rc;

	if (!dest_moves_addresses(j))
		return 0;
	for (size_t i = 0; i < j->x.spec.n_addresses; i++) {
		rc = net_pod_address_add(pid, j->x.spec.addresses[i], e);
		if (!rc)
			rc = net_pod_neighbour_forget(pid, j->x.spec.addresses[i], e);
		if (rc)
			return rc;
	}
	return net_pod_cut(pid, e);
}

static bool is_held(const struct guard *g)
{
	return g->keeper->connected && g->keeper->last.state == KEEPER_HELD && g->pod_known &&
	       g->keeper->last.init_pid;
}

static bool any_held(const struct job *j)
{
	struct guard *guards[GUARDS_OF_POD_MAX];
	size_t n;

	if (dest_guards(j, guards, &n))
		return false;
	for (size_t i = 0; i < n; i++)
		if (is_held(guards[i]))
			return true;
	return false;
}

void dest_give_up(struct job *j, const struct err *e)
{
	log_warn(
		"move given up by the destination", "escape", j->key, "reason", e->reason, "why", e->message);
	job_finish(j, PHASE_ABORTING, ACTOR_DESTINATION, e->reason, e->message, NULL);
}

static void staging(struct job *j)
{
	struct err e = {0};

	if (!any_held(j))
		job_end(j, true);
	else if (addresses_prepare(j, &e))
		dest_give_up(j, &e);
	else
		job_finish(j, PHASE_STAGED, ACTOR_DESTINATION, NULL, NULL, NULL);
}

static void sealed(struct job *j)
{
	/* Nothing waits here (any more): not claimed, so that the operator can call it off. */
	if (any_held(j))
		dest_claim(j);
	else
		job_end(j, true);
}

void move_dest_run(struct job *j)
{
	switch (j->x.status.phase) {
	case PHASE_STAGING:
		staging(j);
		break;
	case PHASE_SEALED:
		sealed(j);
		break;
	case PHASE_RESTORING:
		dest_restore(j);
		break;
	default:
		job_end(j, true);
		break;
	}
}

#define PACKETS_WAIT_MS 1500

static bool waits_too_long(const struct agent *a, const struct escape *x)
{
	enum escape_phase p = x->status.phase;

	if (x->spec.kind != ESCAPE_MOVE || x->spec.network != NETWORK_ADDRESS ||
		!str_eq(x->spec.destination_node, a->cfg->node) ||
		(p != PHASE_STAGED && p != PHASE_SEALED && p != PHASE_RESTORING))
		return false;
	for (size_t i = 0; i < x->status.n_timeline; i++)
		if (str_eq(x->status.timeline[i].phase, ESCAPE_PHASE_NAMES[PHASE_STAGED]))
			return clock_wall_ms() - x->status.timeline[i].at_ms > PACKETS_WAIT_MS;
	return false;
}

/* With the entry set, what comes goes to a port that is down. */
static void drop_packets(void *arg, const struct escape *x)
{
	struct agent *a = arg;
	int pid = waits_too_long(a, x) ? pid_of(a, x->status.successor_uid) : 0;
	struct err e;

	for (size_t i = 0; pid && i < x->spec.n_addresses; i++)
		if (net_pod_neighbour(pid, x->spec.addresses[i], &e))
			log_debug(
				"neighbour entry not set", "address", x->spec.addresses[i], "why", e.message);
}

void move_dest_tick(struct agent *a)
{
	escapes_each(a->escapes, drop_packets, a);
}
