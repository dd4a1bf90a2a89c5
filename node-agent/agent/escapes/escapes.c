/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/agent/escapes/escapes.h"

#include <base/cleanup.h>
#include <base/log.h>
#include <base/str.h>
#include <errno.h>
#include <kube/queue.h>
#include <string.h>
#include <uthash.h>

#include "node-agent/agent/escapes/escapes_priv.h"
#include "node-agent/agent/escapes/job.h"
#include "node-agent/agent/guard/guard.h"
#include "node-agent/agent/move/move_dest.h"
#include "node-agent/agent/move/move_source.h"
#include "node-agent/agent/network/routes.h"
#include "node-agent/agent/rollback/rollback.h"
#include "node-agent/agent/snapshots/snapshots.h"

#define QUEUE_BASE_MS 200
#define QUEUE_MAX_MS 10000
#define QUEUE_PARALLEL 16

struct known {
	char key[API_LABEL_MAX + API_NAME_MAX + 2];
	struct escape x;
	UT_hash_handle hh;
};

struct escapes {
	struct agent *agent;
	struct known *table;
	struct kube_queue *queue;
};

static int key_of(char *dst, size_t size, const char *namespace_, const char *name)
{
	return str_fmt(dst, size, "%s/%s", namespace_, name);
}

static struct known *known_find(const struct escapes *es, const char *key)
{
	struct known *k;

	HASH_FIND_STR(es->table, key, k);
	return k;
}

static void job_run(struct job *j)
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

static void work(void *arg, const char *key)
{
	struct escapes *es = arg;
	struct known *k = known_find(es, key);
	struct job *j = NULL;

	/* Until every keeper was heard, "no container of that pod" is not known to be true. */
	if (k && !es->agent->stopping && keepers_settled(es->agent->keepers))
		j = job_new(es->agent, key, &k->x);
	if (j)
		job_run(j);
	else
		kube_queue_done(es->queue, key, true);
}

void escapes_job_done(struct escapes *es, const char *key, bool ok)
{
	kube_queue_done(es->queue, key, ok);
}

int escapes_new(struct agent *a, struct escapes **ret)
{
	struct escapes *es = calloc(1, sizeof(*es));
	int rc;

	if (!es)
		return -ENOMEM;
	es->agent = a;
	rc = kube_queue_new(a->loop, QUEUE_BASE_MS, QUEUE_MAX_MS, QUEUE_PARALLEL, work, es, &es->queue);
	if (rc) {
		free(es);
		return rc;
	}
	*ret = es;
	return 0;
}

void escapes_free(struct escapes *es)
{
	struct known *k, *next;

	if (!es)
		return;
	HASH_ITER(hh, es->table, k, next)
	{
		HASH_DEL(es->table, k);
		free(k);
	}
	kube_queue_free(es->queue);
	free(es);
}

bool escapes_synced(const struct escapes *es)
{
	return es->agent->escapes_informer && kube_informer_synced(es->agent->escapes_informer);
}

/* The informer may be behind our own patches: an older version never replaces a newer one. */
static bool is_newer(const struct escape *x, const struct escape *known)
{
	int64_t a, b;

	if (!str_eq(x->uid, known->uid))
		return true;
	if (str_parse_i64(x->resource_version, 0, INT64_MAX, &a) ||
		str_parse_i64(known->resource_version, 0, INT64_MAX, &b))
		return true;
	return a > b;
}

static struct known *known_ensure(struct escapes *es, const char *key)
{
	struct known *k = known_find(es, key);

	if (k)
		return k;
	k = calloc(1, sizeof(*k));
	if (!k)
		return NULL;
	str_copy(k->key, sizeof(k->key), key);
	HASH_ADD_STR(es->table, key, k);
	return k;
}

static void known_changed(struct escapes *es, const struct escape *x)
{
	routes_touch(es->agent->routes);
	if (x->spec.kind == ESCAPE_MOVE && x->status.phase == PHASE_SUCCEEDED &&
		str_eq(x->spec.source_node, es->agent->cfg->node))
		snapshots_adopt(es->agent, x->namespace_, x->spec.pod_uid);
	guards_sync_pod(es->agent, x->spec.pod_uid);
	if (*x->status.successor_uid)
		guards_sync_pod(es->agent, x->status.successor_uid);
}

/* A held container is named by its own annotation; the Escape does not name it until its status says so. */
static void held_sync(struct escapes *es, const struct escape *x)
{
	for (struct guard *g = es->agent->guards; g; g = g->next)
		if (g->keeper->last.state == KEEPER_HELD && str_eq(g->keeper->last.escape, x->name))
			guard_sync(g);
}

void escapes_observe(struct escapes *es, const struct json *object)
{
	auto_free struct escape *x = malloc(sizeof(*x));
	char key[sizeof(((struct known *)0)->key)];
	struct known *k;
	struct err e;

	if (!x || escape_decode(object, x, &e) || key_of(key, sizeof(key), x->namespace_, x->name)) {
		log_warn("escape not understood", "name", json_str_at(object, "metadata.name", ""), "why",
			x ? e.message : "no memory");
		return;
	}
	k = known_ensure(es, key);
	if (!k || (*k->x.uid && !is_newer(x, &k->x)))
		return;
	k->x = *x;
	kube_queue_add(es->queue, key);
	known_changed(es, x);
	held_sync(es, x);
}

void escapes_forget(struct escapes *es, const char *namespace_, const char *name)
{
	char key[sizeof(((struct known *)0)->key)];
	struct known *k = key_of(key, sizeof(key), namespace_, name) ? NULL : known_find(es, key);

	if (!k)
		return;
	HASH_DEL(es->table, k);
	known_changed(es, &k->x);
	held_sync(es, &k->x);
	free(k);
}

void escapes_on_change(void *arg, enum kube_change change, const struct json *object, const struct json *old)
{
	struct agent *a = arg;

	(void)old;
	if (change == KUBE_REMOVED)
		escapes_forget(a->escapes, json_str_at(object, "metadata.namespace", ""),
			json_str_at(object, "metadata.name", ""));
	else
		escapes_observe(a->escapes, object);
}

const struct escape *escapes_get(const struct escapes *es, const char *namespace_, const char *name)
{
	char key[sizeof(((struct known *)0)->key)];
	struct known *k = key_of(key, sizeof(key), namespace_, name) ? NULL : known_find(es, key);

	return k ? &k->x : NULL;
}

void escapes_each(const struct escapes *es, escapes_visit visit, void *arg)
{
	for (struct known *k = es->table; k; k = k->hh.next)
		visit(arg, &k->x);
}

static bool concerns_pod(const struct escape *x, const char *pod_uid)
{
	return str_eq(x->spec.pod_uid, pod_uid) || str_eq(x->status.successor_uid, pod_uid);
}

bool escapes_open_for_pod(const struct escapes *es, const char *pod_uid)
{
	for (const struct known *k = es->table; k; k = k->hh.next)
		if (!escape_phase_final(k->x.status.phase) && concerns_pod(&k->x, pod_uid))
			return true;
	return false;
}

bool escapes_answer(const struct escapes *es, const struct report_anomaly *a)
{
	for (const struct known *k = es->table; k; k = k->hh.next)
		if (str_eq(k->x.spec.anomaly, a->id))
			return true;
	return escapes_open_for_pod(es, a->pod_uid);
}

void escapes_kick_pod(struct escapes *es, const char *pod_uid)
{
	for (const struct known *k = es->table; k; k = k->hh.next)
		if (!escape_phase_final(k->x.status.phase) && concerns_pod(&k->x, pod_uid))
			kube_queue_add(es->queue, k->key);
}

void escapes_kick_open(struct escapes *es)
{
	for (const struct known *k = es->table; k; k = k->hh.next)
		if (!escape_phase_final(k->x.status.phase))
			kube_queue_add(es->queue, k->key);
}

void escapes_kick(struct escapes *es, const char *namespace_, const char *name, uint64_t after_ms)
{
	char key[sizeof(((struct known *)0)->key)];

	if (!key_of(key, sizeof(key), namespace_, name))
		kube_queue_add_after(es->queue, key, after_ms);
}
