/* SPDX-License-Identifier: Apache-2.0 */
#include <kube/informer.h>

#include <base/backoff.h>
#include <base/cleanup.h>
#include <base/clock.h>
#include <base/log.h>
#include <base/str.h>
#include <errno.h>
#include <kube/cache.h>
#include <kube/watch.h>
#include <string.h>

enum {
	RETRY_BASE_MS = 100,
	RETRY_MAX_MS = 30 * 1000,
	HEALTHY_MS = 10 * 1000, /* a watch that lasted this long was no failure */
};

struct kube_informer {
	struct kube_client *client;
	struct kube_informer_args args;
	char *namespace_, *label_selector, *field_selector;
	char *version; /* where the next watch starts; NULL: list first */
	struct kube_cache *cache;
	struct kube_list_op *list;
	struct kube_watch *watch;
	struct loop_timer *retry;
	struct loop_timer *sweep;
	struct backoff backoff;
	int64_t heard_ms;
	int64_t watch_ms; /* when the watch began */
	unsigned busy;    /* inside a handler */
	bool synced;
	bool dead;
};

static void informer_destroy(struct kube_informer *i)
{
	loop_timer_free(i->retry);
	loop_timer_free(i->sweep);
	kube_cache_free(i->cache);
	free(i->namespace_);
	free(i->label_selector);
	free(i->field_selector);
	free(i->version);
	free(i);
}

/* False: the informer was freed by the handler (its memory stays until the outermost call has left). */
static bool deliver(struct kube_informer *i, const struct kube_cache_change *c)
{
	if (c->changed && !i->dead && i->args.on_change)
		i->args.on_change(i->args.arg, c->change, c->object, c->old);
	if (!i->dead && kube_cache_has_parked(i->cache) && !loop_timer_active(i->sweep))
		loop_timer_start(i->sweep, 0, 0);
	return !i->dead;
}

static void enter(struct kube_informer *i)
{
	i->busy++;
}

static void leave(struct kube_informer *i)
{
	if (--i->busy == 0 && i->dead)
		informer_destroy(i);
}

static void on_sweep(void *arg)
{
	struct kube_informer *i = arg;

	kube_cache_sweep(i->cache);
}

static void retry_later(struct kube_informer *i)
{
	loop_timer_start(i->retry, backoff_next_ms(&i->backoff), 0);
}

static void forget_version(struct kube_informer *i)
{
	free(i->version);
	i->version = NULL;
}

/* Without memory for the new version the old one stays: the next watch then repeats some events, which
 * changes nothing. */
static void keep_version(struct kube_informer *i, const struct json *object)
{
	const char *version = json_str_at(object, "metadata.resourceVersion", "");
	char *copy = *version ? strdup(version) : NULL;

	if (!copy)
		return;
	free(i->version);
	i->version = copy;
}

/* Takes root. */
static void put(struct kube_informer *i, struct json *root, const struct json *object)
{
	struct kube_cache_change change;

	if (kube_cache_remove_other(i->cache, object, &change) && !deliver(i, &change)) {
		json_free(root);
		return;
	}
	if (kube_cache_put(i->cache, root, object, &change))
		log_debug("object without a name or without memory ignored", "resource",
			i->args.resource->plural);
	else
		deliver(i, &change);
}

static void take_list(struct kube_informer *i, const struct json *list)
{
	struct kube_cache_change change;

	kube_cache_mark(i->cache);
	json_foreach(item, json_member(list, "items"))
	{
		struct json *copy = json_dup(item);

		if (copy)
			put(i, copy, copy);
		if (i->dead)
			return;
	}
	while (kube_cache_remove_marked(i->cache, &change))
		if (!deliver(i, &change))
			return;
}

static void start(struct kube_informer *i);

static void on_list(void *arg, const struct json *list, const struct err *e)
{
	struct kube_informer *i = arg;

	i->list = NULL;
	if (e) {
		log_debug("list failed", "resource", i->args.resource->plural, "reason", e->reason, "message",
			e->message);
		retry_later(i);
		return;
	}
	enter(i);
	i->heard_ms = clock_monotonic_ms();
	take_list(i, list);
	if (!i->dead) {
		keep_version(i, list);
		start(i);
	}
	if (!i->dead && !i->synced) {
		i->synced = true;
		if (i->args.on_synced)
			i->args.on_synced(i->args.arg);
	}
	leave(i);
}

/* An ERROR event ends the watch; 410 means that our version is too old to go on from. */
static void on_error_event(struct kube_informer *i, const struct json *status)
{
	char code[24];

	str_fmt(code, sizeof(code), "%lld", (long long)json_int_at(status, "code", 0));
	log_debug("watch ended by the server", "resource", i->args.resource->plural, "code", code, "reason",
		json_str_at(status, "reason", ""));
	kube_watch_stop(i->watch);
	i->watch = NULL;
	forget_version(i);
	retry_later(i);
}

static void on_event(void *arg, struct json *event)
{
	struct kube_informer *i = arg;
	auto_json struct json *owned = event;
	const char *type = json_str_at(event, "type", "");
	const struct json *object = json_member(event, "object");
	struct kube_cache_change change;

	i->heard_ms = clock_monotonic_ms();
	if (str_eq(type, "ERROR")) {
		on_error_event(i, object);
		return;
	}
	enter(i);
	backoff_reset(&i->backoff);
	keep_version(i, object);
	if (str_eq(type, "ADDED") || str_eq(type, "MODIFIED")) {
		put(i, TAKE_PTR(owned), object);
	} else if (str_eq(type, "DELETED")) {
		kube_cache_remove(i->cache, TAKE_PTR(owned), object, &change);
		deliver(i, &change);
	} else if (!str_eq(type, "BOOKMARK")) {
		log_debug("unknown watch event ignored", "resource", i->args.resource->plural, "type", type);
	}
	leave(i);
}

static bool is_connection_trouble(const struct err *e)
{
	return e->code == -ECONNREFUSED || e->code == -ECONNRESET || e->code == -ETIMEDOUT ||
	       e->code == -EHOSTUNREACH || e->code == -EBUSY;
}

/* After mere trouble with the connection the version still stands; after anything else, list again. */
static void on_watch_end(void *arg, const struct err *e)
{
	struct kube_informer *i = arg;

	i->watch = NULL;
	if (e)
		log_debug("watch lost", "resource", i->args.resource->plural, "reason", e->reason, "message",
			e->message);
	if (e && !is_connection_trouble(e))
		forget_version(i);
	if (clock_monotonic_ms() - i->watch_ms >= HEALTHY_MS)
		backoff_reset(&i->backoff);
	retry_later(i);
}

static void start(struct kube_informer *i)
{
	struct kube_watch_args args = {
		.resource = i->args.resource,
		.namespace_ = i->namespace_,
		.label_selector = i->label_selector,
		.field_selector = i->field_selector,
		.resource_version = i->version,
		.on_event = on_event,
		.on_end = on_watch_end,
		.arg = i,
	};
	int rc;

	i->watch_ms = clock_monotonic_ms();
	if (i->version)
		rc = kube_watch_start(i->client, &args, &i->watch, NULL);
	else
		rc = kube_list_start(i->client, i->args.resource, i->namespace_, i->label_selector,
			i->field_selector, on_list, i, &i->list);
	if (rc)
		retry_later(i);
}

static void on_retry(void *arg)
{
	start(arg);
}

static int copy_string(const char *from, char **ret)
{
	if (!from)
		return 0;
	*ret = strdup(from);
	return *ret ? 0 : -ENOMEM;
}

static int informer_setup(struct kube_informer *i)
{
	struct loop *l = i->client->loop;

	if (copy_string(i->args.namespace_, &i->namespace_) ||
		copy_string(i->args.label_selector, &i->label_selector) ||
		copy_string(i->args.field_selector, &i->field_selector) || kube_cache_new(&i->cache) ||
		loop_timer_new(l, on_retry, i, &i->retry) || loop_timer_new(l, on_sweep, i, &i->sweep))
		return -ENOMEM;
	backoff_init(&i->backoff, RETRY_BASE_MS, RETRY_MAX_MS, rng_next(&i->client->rng));
	return kube_list_start(i->client, i->args.resource, i->namespace_, i->label_selector,
		i->field_selector, on_list, i, &i->list);
}

int kube_informer_new(struct kube_client *c, const struct kube_informer_args *args,
	struct kube_informer **ret, struct err *e)
{
	struct kube_informer *i = calloc(1, sizeof(*i));
	int rc;

	if (!i)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for an informer");
	i->client = c;
	i->args = *args;
	i->heard_ms = clock_monotonic_ms();
	rc = informer_setup(i);
	if (rc) {
		informer_destroy(i);
		return err_set(e, rc, "InformerFailed", "cannot start to watch %s: %s",
			args->resource->plural, strerror(-rc));
	}
	*ret = i;
	return 0;
}

void kube_informer_free(struct kube_informer *i)
{
	if (!i || i->dead)
		return;
	i->dead = true;
	if (i->list)
		kube_list_cancel(i->list);
	kube_watch_stop(i->watch);
	i->list = NULL;
	i->watch = NULL;
	loop_timer_stop(i->retry);
	if (!i->busy)
		informer_destroy(i);
}

bool kube_informer_synced(const struct kube_informer *i)
{
	return i->synced;
}

int64_t kube_informer_age_ms(const struct kube_informer *i)
{
	return clock_monotonic_ms() - i->heard_ms;
}

const struct json *kube_informer_get(const struct kube_informer *i, const char *namespace_, const char *name)
{
	return kube_cache_get(i->cache, namespace_, name);
}

size_t kube_informer_count(const struct kube_informer *i)
{
	return kube_cache_count(i->cache);
}

void kube_informer_each(const struct kube_informer *i, kube_visit visit, void *arg)
{
	kube_cache_each(i->cache, visit, arg);
}
