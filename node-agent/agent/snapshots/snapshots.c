/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/agent/snapshots/snapshots.h"

#include <base/clock.h>
#include <base/log.h>
#include <base/str.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "node-agent/agent/escapes/escapes.h"
#include "node-agent/agent/report/metrics.h"
#include "node-agent/agent/report/probe.h"
#include "node-agent/agent/snapshots/snapshots_priv.h"

/* A young container soon has something to go back to, whatever the interval. */
#define FIRST_SNAPSHOT_MS 3000
#define SAFE_AFTER_DEFAULT_MS 5000
#define FAILED_EVENT_MS 3600000

int snapshots_new(struct agent *a, struct snapshots **ret)
{
	struct snapshots *ss = calloc(1, sizeof(*ss));

	if (!ss)
		return -ENOMEM;
	ss->agent = a;
	*ret = ss;
	return 0;
}

void snapshots_free(struct snapshots *ss)
{
	if (!ss)
		return;
	while (ss->pods) {
		struct podsnap *p = ss->pods;

		ss->pods = p->next;
		free(p);
	}
	free(ss);
}

struct podsnap *podsnap_find(const struct agent *a, const char *pod_uid)
{
	struct podsnap *p = a->snapshots->pods;

	while (p && !str_eq(p->pod_uid, pod_uid))
		p = p->next;
	return p;
}

static struct podsnap *podsnap_ensure(struct agent *a, const char *pod_uid)
{
	struct podsnap *p = podsnap_find(a, pod_uid);

	if (p)
		return p;
	p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	p->agent = a;
	p->safe_after_ms = SAFE_AFTER_DEFAULT_MS;
	p->due_ms = clock_monotonic_ms() + FIRST_SNAPSHOT_MS;
	str_copy(p->pod_uid, sizeof(p->pod_uid), pod_uid);
	p->next = a->snapshots->pods;
	a->snapshots->pods = p;
	return p;
}

/* Whose directories the store has; remembered beyond the container. */
static void container_note(struct podsnap *p, const struct keeper_reply *r)
{
	struct storage_ids *ids;

	for (size_t i = 0; i < p->n_containers; i++)
		if (str_eq(p->containers[i].container, r->container))
			return;
	if (p->n_containers == GUARDS_OF_POD_MAX)
		return;
	ids = &p->containers[p->n_containers];
	if (!str_copy(ids->namespace_, sizeof(ids->namespace_), r->pod_namespace) &&
		!str_copy(ids->pod_uid, sizeof(ids->pod_uid), r->pod_uid) &&
		!str_copy(ids->container, sizeof(ids->container), r->container) &&
		!str_copy(ids->image, sizeof(ids->image), r->image))
		p->n_containers++;
}

void snapshots_sync(struct agent *a, struct guard *g)
{
	struct podsnap *p;

	if (!g->policy || g->init_container || !g->pod_known)
		return;
	p = podsnap_ensure(a, g->keeper->last.pod_uid);
	if (!p)
		return;
	container_note(p, &g->keeper->last);
	p->safe_after_ms = g->policy->response.safe_after_ms;
	p->interval_ms = g->policy->response.snapshot_interval_ms;
	p->kept = (size_t)g->policy->response.snapshots_kept;
}

static void gens_drop(struct podsnap *p, size_t i)
{
	memmove(&p->gens[i], &p->gens[i + 1], (p->n_gens - i - 1) * sizeof(p->gens[0]));
	p->n_gens--;
}

static void gens_drop_suspect(struct podsnap *p)
{
	for (size_t i = p->n_gens; i-- > 0;) {
		if (!decide_suspect(p->gens[i].taken_ms, &p->alarm, p->safe_after_ms))
			continue;
		log_info("suspect snapshot dropped", "pod", p->pod_uid, "generation", p->gens[i].name);
		podsnap_remove(p, p->gens[i].name);
		gens_drop(p, i);
	}
}

void snapshots_on_alarm(struct agent *a, const char *pod_uid, int64_t detected_ms)
{
	struct podsnap *p = podsnap_ensure(a, pod_uid);

	if (!p)
		return;
	/* An alarm that still stands began with its first verdict. */
	if (!p->alarm.detected_ms || p->alarm.cleared_ms)
		p->alarm = (struct alarm_span){.detected_ms = detected_ms};
	gens_drop_suspect(p);
}

static void taken_of(const struct podsnap *p, int64_t taken[static STORAGE_GENERATIONS_MAX])
{
	for (size_t i = 0; i < p->n_gens; i++)
		taken[i] = p->gens[i].taken_ms;
}

static void gens_expire(struct podsnap *p)
{
	int64_t taken[STORAGE_GENERATIONS_MAX];
	size_t n;

	taken_of(p, taken);
	for (n = decide_expired(taken, p->n_gens, p->kept, clock_wall_ms(), p->safe_after_ms); n; n--) {
		podsnap_remove(p, p->gens[0].name);
		gens_drop(p, 0);
	}
}

static void gens_insert(struct podsnap *p, const struct storage_gen *gen)
{
	size_t i = p->n_gens;

	if (p->n_gens == STORAGE_GENERATIONS_MAX) {
		podsnap_remove(p, p->gens[0].name);
		gens_drop(p, 0);
		i--;
	}
	while (i && strcmp(p->gens[i - 1].name, gen->name) > 0) {
		p->gens[i] = p->gens[i - 1];
		i--;
	}
	p->gens[i] = *gen;
	p->n_gens++;
}

void podsnap_loaded(struct podsnap *p, const struct storage_gen *gens, size_t n)
{
	for (size_t i = 0; i < n; i++)
		gens_insert(p, &gens[i]);
	p->loaded = true;
	gens_drop_suspect(p);
	escapes_kick_pod(p->agent->escapes, p->pod_uid);
}

static void failed_tell(struct podsnap *p, const struct snap_run *run, const struct err *e)
{
	int64_t now = clock_monotonic_ms();
	const struct guard *g = guard_find(p->agent, run->dumps[0].container_id);

	log_warn("snapshot failed", "pod", p->pod_uid, "reason", e->reason, "why", e->message);
	if (!g || (p->failed_event_ms && now - p->failed_event_ms < FAILED_EVENT_MS))
		return;
	p->failed_event_ms = now;
	agent_event(p->agent, g->keeper->last.pod_namespace, g->keeper->last.pod_name, p->pod_uid, "Warning",
		"SnapshotFailed", "%s: %s", e->reason, e->message);
}

/* A verdict may have been on its way while the keeper was dumping, and the keeper thawed what the reflex had
 * frozen. */
static void refreeze(const struct snap_run *run)
{
	for (size_t i = 0; i < run->n; i++) {
		struct guard *g = guard_find(run->pod->agent, run->dumps[i].container_id);

		if (g && g->alarmed && g->keeper->last.state == KEEPER_RUNNING)
			guard_freeze(g);
	}
}

void podsnap_ran(struct snap_run *run, const struct err *e)
{
	struct podsnap *p = run->pod;
	struct agent *a = p->agent;

	p->run = NULL;
	metrics_snapshot(a->metrics, !e, (double)(clock_monotonic_ms() - run->began_ms) / 1000);
	if (a->stopping)
		return;
	refreeze(run);
	if (e) {
		failed_tell(p, run, e);
		podsnap_remove(p, run->gen.name);
	} else {
		log_debug("snapshot taken", "pod", p->pod_uid, "generation", run->gen.name);
		gens_insert(p, &run->gen);
		gens_drop_suspect(p);
		gens_expire(p);
	}
	report_touch(a->reporter);
	escapes_kick_pod(a->escapes, p->pod_uid);
}

/* A stateless workload is started anew, an observed one left alone: neither needs what a snapshot costs. */
static bool guard_wants_snapshots(const struct agent *a, const struct guard *g)
{
	const struct keeper_reply *id = &g->keeper->last;

	return g->policy && decide_freezes(g->policy) &&
	       !policy_stateless(g->policy, agent_pod(a, id->pod_namespace, id->pod_name, id->pod_uid));
}

static bool guard_can_dump(const struct agent *a, const struct guard *g)
{
	return guard_wants_snapshots(a, g) && g->keeper->connected &&
	       g->keeper->last.state == KEEPER_RUNNING && !g->alarmed && !g->orders;
}

static bool pod_can_dump(struct agent *a, const struct podsnap *p, struct guard **guards, size_t *n)
{
	if (!a->storage || !probe_can_restore(a->probe) || escapes_open_for_pod(a->escapes, p->pod_uid))
		return false;
	if (guards_of_pod(a, p->pod_uid, guards, GUARDS_OF_POD_MAX, n) || !*n)
		return false;
	for (size_t i = 0; i < *n; i++)
		if (!guard_can_dump(a, guards[i]))
			return false;
	return true;
}

static bool pod_is_alarmed(const struct agent *a, const char *pod_uid)
{
	for (const struct guard *g = a->guards; g; g = g->next)
		if (g->alarmed && str_eq(g->keeper->last.pod_uid, pod_uid))
			return true;
	return false;
}

/* The alarm ended: by a rollback, or with the container itself. */
static void podsnap_clear(const struct agent *a, struct podsnap *p)
{
	if (p->alarm.detected_ms && !p->alarm.cleared_ms && !pod_is_alarmed(a, p->pod_uid))
		p->alarm.cleared_ms = clock_wall_ms();
}

static void podsnap_tick(struct agent *a, struct podsnap *p, int64_t now)
{
	struct guard *guards[GUARDS_OF_POD_MAX];
	size_t n;

	podsnap_clear(a, p);
	if (!a->storage || !p->n_containers)
		return;
	if (!p->loaded) {
		podsnap_load(p);
		return;
	}
	if (p->run || now < p->due_ms || !pod_can_dump(a, p, guards, &n))
		return;
	p->due_ms = now + p->interval_ms;
	podsnap_run(p, guards, n);
}

static bool pod_is_gone(struct agent *a, const struct podsnap *p)
{
	struct guard *guards[GUARDS_OF_POD_MAX];
	size_t n = 0;

	if (p->run || p->busy || !kube_informer_synced(a->pods) || !escapes_synced(a->escapes) ||
		!keepers_settled(a->keepers))
		return false;
	return !guards_of_pod(a, p->pod_uid, guards, GUARDS_OF_POD_MAX, &n) && !n &&
	       !agent_pod_exists(a, p->pod_uid) && !escapes_open_for_pod(a->escapes, p->pod_uid);
}

void snapshots_tick(struct agent *a)
{
	int64_t now = clock_monotonic_ms();

	for (struct podsnap **at = &a->snapshots->pods; *at;) {
		struct podsnap *p = *at;

		if (pod_is_gone(a, p)) {
			*at = p->next;
			podsnap_remove_all(p);
			free(p);
			continue;
		}
		podsnap_tick(a, p, now);
		at = &p->next;
	}
}

bool snapshots_busy(const struct agent *a, const char *pod_uid)
{
	const struct podsnap *p = podsnap_find(a, pod_uid);

	return p && p->run;
}

size_t snapshots_count(const struct agent *a, const char *pod_uid)
{
	const struct podsnap *p = podsnap_find(a, pod_uid);

	return p ? p->n_gens : 0;
}

static size_t gens_below(const struct podsnap *p, const char *below)
{
	size_t i = 0;

	if (!*below)
		return p->n_gens;
	while (i < p->n_gens && strcmp(p->gens[i].name, below) < 0)
		i++;
	return i;
}

int snapshots_safe(const struct agent *a, const char *pod_uid, const char *below,
	char dst[static STORAGE_GENERATION_MAX], struct err *e)
{
	const struct podsnap *p = podsnap_find(a, pod_uid);
	int64_t taken[STORAGE_GENERATIONS_MAX];
	size_t i;

	if (!p || !p->loaded)
		return err_set(e, -EAGAIN, "StoreNotReady", "the pod's snapshots are not known yet");
	taken_of(p, taken);
	i = decide_safe(taken, p->n_gens, gens_below(p, below), clock_wall_ms(), &p->alarm, p->safe_after_ms);
	if (i == p->n_gens)
		return err_set(e, -ENOENT, "NoSafeSnapshot", "none of the pod's %zu snapshots is safe%s%s",
			p->n_gens, *below ? " and older than " : "", below);
	return str_copy(dst, STORAGE_GENERATION_MAX, p->gens[i].name);
}

void snapshots_distrust(struct agent *a, const char *pod_uid, const char *generation)
{
	struct podsnap *p = podsnap_find(a, pod_uid);

	for (size_t i = 0; p && i < p->n_gens; i++) {
		if (!str_eq(p->gens[i].name, generation))
			continue;
		gens_drop(p, i);
		return;
	}
}

void snapshots_adopt(struct agent *a, const char *namespace_, const char *pod_uid)
{
	struct podsnap *p = podsnap_ensure(a, pod_uid);

	if (!p || p->n_containers)
		return;
	if (!str_copy(p->containers[0].namespace_, sizeof(p->containers[0].namespace_), namespace_) &&
		!str_copy(p->containers[0].pod_uid, sizeof(p->containers[0].pod_uid), pod_uid)) {
		p->n_containers = 1;
		p->loaded = true;
	}
}

void snapshots_forget(struct agent *a, const char *pod_uid, const char *generation)
{
	struct podsnap *p = podsnap_find(a, pod_uid);

	if (!p)
		return;
	snapshots_distrust(a, pod_uid, generation);
	podsnap_remove(p, generation);
}
