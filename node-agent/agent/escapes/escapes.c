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
#include "node-agent/agent/keepers/keepers.h"

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
	const struct escapes_ops *ops;
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

static void work(void *arg, const char *key)
{
	struct escapes *es = arg;
	struct known *k = known_find(es, key);
	struct job *j = NULL;

	/* Until every keeper was heard, "no container of that pod" is not known to be true. */
	if (k && !es->agent->stopping && keepers_settled(es->agent->keepers))
		j = job_new(es->agent, key, &k->x);
	if (j)
		es->ops->run(j);
	else
		kube_queue_done(es->queue, key, true);
}

void escapes_job_done(struct escapes *es, const char *key, bool ok)
{
	kube_queue_done(es->queue, key, ok);
}

int escapes_new(struct agent *a, const struct escapes_ops *ops, struct escapes **ret)
{
	struct escapes *es = calloc(1, sizeof(*es));
	int rc;

	if (!es)
		return -ENOMEM;
	es->agent = a;
	es->ops = ops;
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
	es->ops->on_change(es->agent, x);
}

void escapes_forget(struct escapes *es, const char *namespace_, const char *name)
{
	char key[sizeof(((struct known *)0)->key)];
	struct known *k = key_of(key, sizeof(key), namespace_, name) ? NULL : known_find(es, key);

	if (!k)
		return;
	HASH_DEL(es->table, k);
	es->ops->on_change(es->agent, &k->x);
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
