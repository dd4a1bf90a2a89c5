/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/agent/snapshots/dump.h"

#include <base/clock.h>
#include <base/str.h>
#include <errno.h>
#include <string.h>

#define SNAPSHOT_DEADLINE_MS 60000
#define RESTORE_DEADLINE_MS 90000

static int ids_of(struct storage_ids *ids, char container_id[static 80], struct guard *g)
{
	const struct keeper_reply *r = &g->keeper->last;

	if (str_copy(container_id, 80, g->keeper->id) ||
		str_copy(ids->namespace_, sizeof(ids->namespace_), r->pod_namespace) ||
		str_copy(ids->pod_uid, sizeof(ids->pod_uid), r->pod_uid) ||
		str_copy(ids->container, sizeof(ids->container), r->container) ||
		str_copy(ids->image, sizeof(ids->image), guard_image(g)))
		return -EINVAL;
	return 0;
}

int dump_init(struct dump *d, struct guard *g)
{
	d->agent = g->agent;
	return ids_of(&d->ids, d->container_id, g);
}

int restore_init(struct restore *r, struct guard *g)
{
	r->agent = g->agent;
	return ids_of(&r->ids, r->container_id, g);
}

static void begin_work(void *arg)
{
	struct dump *d = arg;

	storage_begin(d->agent->storage, &d->ids, d->generation, d->path, &d->sealed, &d->err);
}

static void dump_done(void *arg)
{
	struct dump *d = arg;

	d->done(d->arg, d);
}

static int no_storage(struct err *e)
{
	return err_set(e, -ENODEV, "StoreNotReady",
		"the store is not open on this node; see the NodeReport's condition StoreReady");
}

int dump_begin(struct dump *d)
{
	return d->agent->storage ? agent_work(d->agent, begin_work, dump_done, d) : no_storage(&d->err);
}

static void abandon_work(void *arg)
{
	struct dump *d = arg;

	storage_abandon(d->agent->storage, &d->ids, d->generation);
}

/* A failed dump's images are somebody's memory: they do not stay. */
static void dump_fail(struct dump *d)
{
	if (agent_work(d->agent, abandon_work, dump_done, d))
		d->done(d->arg, d);
}

static void seal_work(void *arg)
{
	struct dump *d = arg;
	int64_t began = clock_monotonic_ms();

	storage_seal(d->agent->storage, &d->ids, d->generation, d->taken_ms, d->live, &d->err);
	d->seal_ms = clock_monotonic_ms() - began;
}

static void seal_done(void *arg)
{
	struct dump *d = arg;

	if (d->err.code)
		dump_fail(d);
	else
		d->done(d->arg, d);
}

static int seal_start(struct dump *d)
{
	int rc = agent_work(d->agent, seal_work, seal_done, d);

	return rc ? err_set(&d->err, rc, "Stopping", "the agent is stopping") : 0;
}

static void on_snapshot(void *arg, const struct keeper_reply *r, const struct err *e)
{
	struct dump *d = arg;
	struct guard *g = d->agent->stopping ? NULL : guard_find(d->agent, d->container_id);

	if (r)
		d->reply = *r;
	if (g)
		guard_release_watch(g);
	if (e) {
		d->err = *e;
		dump_fail(d);
		return;
	}
	if (seal_start(d))
		d->done(d->arg, d);
}

int dump_run(struct dump *d)
{
	struct guard *g = guard_find(d->agent, d->container_id);
	struct keeper_args args = {
		.verb = KEEPER_SNAPSHOT,
		.order_id = d->order_id,
		.flags = d->flags,
		.deadline_ms = SNAPSHOT_DEADLINE_MS,
		.dir = d->path,
	};
	int rc;

	if (!g)
		return err_set(&d->err, -ENOENT, "ContainerGone", "container %s is gone", d->ids.container);
	/* Sealed before a restart, and frozen ever since: to be verified, not taken again. */
	if (d->sealed)
		return seal_start(d);
	guard_hold_watch(g);
	rc = keeper_order(g->keeper, &args, on_snapshot, d, &d->err);
	if (rc)
		guard_release_watch(g);
	return rc;
}

static void verify_work(void *arg)
{
	struct restore *r = arg;
	int64_t began = clock_monotonic_ms();

	storage_verify(r->agent->storage, &r->ids, r->generation, r->path, &r->err);
	r->verify_ms = clock_monotonic_ms() - began;
}

static void verify_done(void *arg)
{
	struct restore *r = arg;

	r->done(r->arg, r);
}

int restore_verify(struct restore *r)
{
	return r->agent->storage ? agent_work(r->agent, verify_work, verify_done, r) : no_storage(&r->err);
}

static void on_restore(void *arg, const struct keeper_reply *reply, const struct err *e)
{
	struct restore *r = arg;
	struct guard *g = r->agent->stopping ? NULL : guard_find(r->agent, r->container_id);

	if (reply)
		r->reply = *reply;
	if (e)
		r->err = *e;
	/* It failed before anything was touched: the next try is another order, not to be answered with this
	 * one's answer. */
	if (g && reply && e && reply->state != KEEPER_ENDED)
		g->restore_tries++;
	if (g)
		guard_release_watch(g);
	r->done(r->arg, r);
}

static uint64_t restore_order_id(const struct restore *r, const struct guard *g)
{
	char what[STORAGE_GENERATION_MAX + 16];

	str_fmt(what, sizeof(what), "%s#%u", r->generation, g ? g->restore_tries : 0);
	return agent_order_id(r->scope, "restore", what);
}

int restore_run(struct restore *r)
{
	struct guard *g = guard_find(r->agent, r->container_id);
	struct keeper_args args = {
		.verb = KEEPER_RESTORE,
		.order_id = restore_order_id(r, g),
		.flags = r->flags,
		.deadline_ms = RESTORE_DEADLINE_MS,
		.dir = r->path,
	};
	int rc;

	if (!g)
		return err_set(&r->err, -ENOENT, "ContainerGone", "container %s is gone", r->ids.container);
	guard_hold_watch(g);
	rc = keeper_order(g->keeper, &args, on_restore, r, &r->err);
	if (rc)
		guard_release_watch(g);
	return rc;
}

static int64_t larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

const struct err *dumps_error(const struct dump *d, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (d[i].err.code)
			return &d[i].err;
	return NULL;
}

int64_t dumps_step_ms(const struct dump *d, size_t n, enum keeper_step step)
{
	int64_t ms = 0;

	for (size_t i = 0; i < n; i++)
		ms = larger(ms, d[i].reply.ms[step]);
	return ms;
}

int64_t dumps_seal_ms(const struct dump *d, size_t n)
{
	int64_t ms = 0;

	for (size_t i = 0; i < n; i++)
		ms = larger(ms, d[i].seal_ms);
	return ms;
}

const struct err *restores_error(const struct restore *r, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (r[i].err.code)
			return &r[i].err;
	return NULL;
}

int64_t restores_step_ms(const struct restore *r, size_t n, enum keeper_step step)
{
	int64_t ms = 0;

	for (size_t i = 0; i < n; i++)
		ms = larger(ms, r[i].reply.ms[step]);
	return ms;
}

int64_t restores_verify_ms(const struct restore *r, size_t n)
{
	int64_t ms = 0;

	for (size_t i = 0; i < n; i++)
		ms = larger(ms, r[i].verify_ms);
	return ms;
}
