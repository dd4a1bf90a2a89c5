/* SPDX-License-Identifier: Apache-2.0 */
#include <base/clock.h>
#include <base/log.h>
#include <base/str.h>
#include <errno.h>
#include <stdlib.h>

#include "node-agent/agent/guard/orders.h"
#include "node-agent/agent/move/move_dest_priv.h"
#include "node-agent/agent/report/metrics.h"
#include "node-agent/agent/rollback/rollback.h"
#include "node-agent/agent/snapshots/dump.h"
#include "node-agent/net/netswitch.h"

/* How long a store that cannot be read is tried before the move is given up: nothing runs here, and the
 * source waits frozen. */
#define STORE_PATIENCE_MS 20000

struct takeover {
	struct job *job; /* NULL: it ended, and this goes with the last verification */
	struct restore restores[GUARDS_OF_POD_MAX];
	size_t n, left, verifying;
	bool claimed;
	struct err err;
};

static void takeover_free(void *state)
{
	struct takeover *t = state;

	t->job = NULL;
	if (!t->verifying)
		free(t);
}

static struct takeover *takeover_new(struct job *j)
{
	struct takeover *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->job = j;
	j->state = t;
	j->free_state = takeover_free;
	return t;
}

static void complete(struct job *j);

static void on_killed(void *arg, const struct err *e)
{
	struct job *j = arg;
	struct takeover *t = j->state;
	struct err why = t->err;

	if (e && !str_eq(e->reason, "KeeperLost") && !str_eq(e->reason, "KeeperGone")) {
		log_warn("restored container not ended yet", "escape", j->key, "reason", e->reason, "why",
			e->message);
		job_end(j, false);
		return;
	}
	dest_give_up(j, &why);
}

static bool is_alive(const struct guard *g)
{
	return g->keeper->last.state == KEEPER_RUNNING || g->keeper->last.state == KEEPER_FROZEN;
}

/* The source may thaw once the Escape is Aborting: before that, what was restored here already must have
 * ended. */
static void fail(struct takeover *t, const struct err *why)
{
	struct job *j = t->job;
	struct err e;

	t->err = *why;
	metrics_restore(j->agent->metrics, false);
	if (orders_to_pod(j->agent, j->x.status.successor_uid, is_alive, KEEPER_KILL, on_killed, j, &e))
		job_end(j, false);
}

static void note_slowest(struct takeover *t)
{
	job_note(t->job, "verify", restores_verify_ms(t->restores, t->n));
	job_note(t->job, "kill", restores_step_ms(t->restores, t->n, KEEPER_MS_KILL));
	job_note(t->job, "files", restores_step_ms(t->restores, t->n, KEEPER_MS_FILES));
	job_note(t->job, "restore", restores_step_ms(t->restores, t->n, KEEPER_MS_RESTORE));
}

static void on_restored(void *arg, struct restore *r)
{
	struct takeover *t = arg;
	const struct err *bad;

	(void)r;
	if (--t->left)
		return;
	bad = restores_error(t->restores, t->n);
	if (!bad) {
		note_slowest(t);
		complete(t->job);
	} else if (rollback_is_uncertain(bad)) {
		job_end(t->job, false);
	} else {
		fail(t, bad);
	}
}

static void restore_all(struct takeover *t)
{
	t->left = t->n + 1;
	for (size_t i = 0; i < t->n; i++) {
		t->restores[i].done = on_restored;
		if (restore_run(&t->restores[i]))
			t->left--;
	}
	on_restored(t, NULL);
}

static bool patience_left(const struct job *j)
{
	const struct escape_status *s = &j->x.status;

	for (size_t i = s->n_timeline; i-- > 0;)
		if (str_eq(s->timeline[i].phase, ESCAPE_PHASE_NAMES[PHASE_RESTORING]))
			return clock_wall_ms() - s->timeline[i].at_ms < STORE_PATIENCE_MS;
	return true;
}

/* The claim and the verification run side by side; the restore needs both. */
static void go_on(struct takeover *t)
{
	const struct err *bad;

	if (!t->claimed || t->verifying)
		return;
	bad = restores_error(t->restores, t->n);
	if (!bad)
		restore_all(t);
	else if (t->job->agent->stopping || (!str_starts(bad->reason, "Dump") && patience_left(t->job)))
		job_end(t->job, false);
	else
		fail(t, bad);
}

static void on_verified(void *arg, struct restore *r)
{
	struct takeover *t = arg;

	(void)r;
	if (--t->verifying)
		return;
	if (t->job)
		go_on(t);
	else
		free(t);
}

static int restore_prepare(struct takeover *t, struct guard *g)
{
	const struct escape *x = &t->job->x;
	struct restore *r = &t->restores[t->n];

	/* The dump is the source's; names and image must be those that this container has by its own pod's
	 * spec. */
	if (restore_init(r, g) || str_copy(r->ids.namespace_, sizeof(r->ids.namespace_), x->namespace_) ||
		str_copy(r->ids.pod_uid, sizeof(r->ids.pod_uid), x->spec.pod_uid) ||
		str_copy(r->generation, sizeof(r->generation), x->status.generation) ||
		str_copy(r->scope, sizeof(r->scope), x->uid))
		return -EINVAL;
	r->flags = x->spec.state == STATE_LIVE ? KEEPER_F_TCP_ESTABLISHED : 0;
	r->done = on_verified;
	r->arg = t;
	t->n++;
	return 0;
}

static int held_gather(struct takeover *t)
{
	struct guard *guards[GUARDS_OF_POD_MAX];
	size_t n;
	int rc = dest_guards(t->job, guards, &n);

	for (size_t i = 0; i < n && !rc; i++)
		if (guards[i]->keeper->connected && guards[i]->keeper->last.state == KEEPER_HELD &&
			guards[i]->pod_known)
			rc = restore_prepare(t, guards[i]);
	return rc;
}

static void verify_all(struct takeover *t)
{
	/* One more than there are, given back by the caller's own on_verified. */
	t->verifying = t->n + 1;
	for (size_t i = 0; i < t->n; i++) {
		struct restore *r = &t->restores[i];

		if (!restore_verify(r))
			continue;
		if (!r->err.code)
			err_set(&r->err, -ESHUTDOWN, "Stopping", "the agent is stopping");
		t->verifying--;
	}
}

static void on_claimed(struct job *j)
{
	struct takeover *t = j->state;

	t->claimed = true;
	go_on(t);
}

void dest_claim(struct job *j)
{
	struct takeover *t = takeover_new(j);

	if (!t || held_gather(t)) {
		job_end(j, false);
		return;
	}
	verify_all(t);
	t->verifying--;
	job_step(j, PHASE_RESTORING, ACTOR_DESTINATION, NULL, NULL, NULL, on_claimed);
}

static bool container_is_restored(struct guard **guards, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		const struct keeper_reply *r = &guards[i]->keeper->last;

		if (str_eq(r->container, name) && r->rollbacks && is_alive(guards[i]))
			return true;
	}
	return false;
}

static bool all_restored(const struct job *j)
{
	struct guard *guards[GUARDS_OF_POD_MAX];
	struct pod pod;
	size_t n;
	const struct json *object =
		agent_pod(j->agent, j->x.namespace_, j->x.spec.successor, j->x.status.successor_uid);

	if (!object || pod_decode(object, &pod, NULL) || dest_guards(j, guards, &n))
		return false;
	for (size_t i = 0; i < pod.n_containers; i++)
		if (!pod.containers[i].init && !container_is_restored(guards, n, pod.containers[i].name))
			return false;
	return n > 0;
}

static int network_up(struct job *j, struct err *e)
{
	int64_t began = clock_monotonic_ms();
	int pid = dest_pod_pid(j);
	int rc;

	if (!dest_moves_addresses(j))
		return 0;
	rc = net_pod_heal(pid, e);
	for (size_t i = 0; i < j->x.spec.n_addresses && !rc; i++)
		rc = net_pod_neighbour(pid, j->x.spec.addresses[i], e);
	for (size_t i = 0; i < j->x.spec.n_addresses && !rc; i++)
		rc = net_pod_announce(pid, j->x.spec.addresses[i], e);
	job_note(j, "network", clock_monotonic_ms() - began);
	return rc;
}

static int64_t since_staged_ms(const struct job *j)
{
	const struct escape_status *s = &j->x.status;

	for (size_t i = s->n_timeline; i-- > 0;)
		if (str_eq(s->timeline[i].phase, ESCAPE_PHASE_NAMES[PHASE_STAGED]))
			return clock_wall_ms() - s->timeline[i].at_ms;
	return 0;
}

static void restored(struct job *j)
{
	agent_event(j->agent, j->x.namespace_, j->x.spec.successor, j->x.status.successor_uid, "Normal",
		"Moved",
		"Took over from pod %s on node %s with its %s state, %lld ms after both sides were ready.",
		j->x.spec.pod_name, j->x.spec.source_node,
		j->x.spec.state == STATE_LIVE ? "live" : "last safe", (long long)since_staged_ms(j));
	job_end(j, true);
}

static void complete(struct job *j)
{
	struct err e = {0};

	/* kubelet brings the next container once this one's start has returned. */
	if (!all_restored(j)) {
		job_end(j, true);
		return;
	}
	if (network_up(j, &e)) {
		log_warn("successor not connected yet", "escape", j->key, "reason", e.reason, "why",
			e.message);
		job_end(j, false);
		return;
	}
	metrics_restore(j->agent->metrics, true);
	job_step(j, PHASE_RESTORED, ACTOR_DESTINATION, NULL, NULL, NULL, restored);
}

void dest_restore(struct job *j)
{
	struct takeover *t = takeover_new(j);

	if (!t || held_gather(t)) {
		job_end(j, false);
		return;
	}
	if (!t->n) {
		complete(j);
		return;
	}
	t->claimed = true;
	verify_all(t);
	on_verified(t, NULL);
}
