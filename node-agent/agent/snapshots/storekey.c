/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/agent/snapshots/storekey.h"

#include <base/base64.h>
#include <base/cleanup.h>
#include <base/clock.h>
#include <base/log.h>
#include <base/str.h>
#include <errno.h>
#include <string.h>

#include "node-agent/agent/escapes/escapes.h"
#include "node-agent/agent/guard/guard.h"
#include "node-agent/agent/report/probe.h"
#include "node-agent/agent/snapshots/storage.h"

#define RETRY_MS 3000
#define CHECK_MS 30000

struct opening {
	struct agent *agent;
	unsigned char key[STORAGE_KEY_SIZE];
	struct storage *storage;
	struct err err;
};

static void opening_free(struct opening *o)
{
	explicit_bzero(o->key, sizeof(o->key));
	free(o);
}

static void opening_over(struct opening *o, int64_t again_ms)
{
	struct agent *a = o->agent;

	a->store_busy = false;
	a->store_due_ms = clock_monotonic_ms() + again_ms;
	if (o->err.code && !a->stopping)
		probe_store(a->probe, &o->err);
	opening_free(o);
}

static void open_work(void *arg)
{
	struct opening *o = arg;

	if (!storage_open(o->agent->cfg->store_dir, o->key, &o->storage, &o->err))
		storage_sweep(o->storage);
}

static void open_done(void *arg)
{
	struct opening *o = arg;
	struct agent *a = o->agent;

	if (!o->err.code) {
		a->storage = o->storage;
		log_info("store open", "dir", a->cfg->store_dir);
		if (!a->stopping) {
			probe_store(a->probe, NULL);
			escapes_kick_open(a->escapes);
		}
	}
	opening_over(o, o->err.code ? RETRY_MS : CHECK_MS);
}

static int key_decode(const struct json *secret, unsigned char key[static STORAGE_KEY_SIZE], struct err *e)
{
	const struct json *entry = json_member(json_at(secret, "data"), STOREKEY_ENTRY);
	auto_free char *raw = NULL;
	size_t len = 0;

	if (!json_is_str(entry) || base64_decode(json_str(entry), &raw, &len) || len != STORAGE_KEY_SIZE) {
		if (raw)
			explicit_bzero(raw, len);
		return err_set(e, -EINVAL, "StoreKeyBad",
			"Secret %s: entry %s must be %d bytes; delete the Secret, the operator makes a new "
			"one",
			STOREKEY_SECRET, STOREKEY_ENTRY, STORAGE_KEY_SIZE);
	}
	memcpy(key, raw, STORAGE_KEY_SIZE);
	explicit_bzero(raw, len);
	return 0;
}

static void on_secret(void *arg, const struct json *object, const struct err *e)
{
	struct opening *o = arg;

	if (e)
		err_set(&o->err, e->code, "StoreKeyMissing", "Secret %s/%s: %.300s",
			o->agent->cfg->namespace_, STOREKEY_SECRET, e->message);
	else
		key_decode(object, o->key, &o->err);
	if (o->err.code || agent_work(o->agent, open_work, open_done, o))
		opening_over(o, RETRY_MS);
}

static void check_work(void *arg)
{
	struct opening *o = arg;

	storage_check(o->agent->storage, &o->err);
}

static void check_done(void *arg)
{
	struct opening *o = arg;

	if (!o->err.code && !o->agent->stopping)
		probe_store(o->agent->probe, NULL);
	opening_over(o, CHECK_MS);
}

static int start(struct opening *o)
{
	struct agent *a = o->agent;

	if (a->storage)
		return agent_work(a, check_work, check_done, o);
	return kube_get(a->kube, &KUBE_SECRETS, a->cfg->namespace_, STOREKEY_SECRET, on_secret, o);
}

void storekey_tick(struct agent *a)
{
	struct opening *o;

	if (a->store_busy || clock_monotonic_ms() < a->store_due_ms)
		return;
	o = calloc(1, sizeof(*o));
	if (!o)
		return;
	o->agent = a;
	if (start(o))
		opening_free(o);
	else
		a->store_busy = true;
}
