/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client against a real API server: kube_live KUBECONFIG [NAMESPACE]. Prints a PASS line for each thing
 * that worked and ends with 1 at the first that did not. It makes objects named escape-live-PID and removes
 * them.
 */
#include <base/cleanup.h>
#include <base/clock.h>
#include <base/str.h>
#include <errno.h>
#include <kube/client_priv.h>
#include <kube/informer.h>
#include <kube/lease.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	LIMIT_MS = 60 * 1000,
	LARGE = 900 * 1024,
};

static const struct kube_resource CONFIGMAPS = {"", "v1", "configmaps", "ConfigMap", true};

struct live {
	struct loop *loop;
	struct kube_client *client;
	const char *namespace_;
	char name[64], large[64], selector[64];
	struct kube_informer *informer;
};

static void pass(const char *what)
{
	printf("PASS %s\n", what);
	fflush(stdout);
}

#define fail(what, ...)                                                                                      \
	do {                                                                                                 \
		printf("FAIL %s: ", what);                                                                   \
		printf(__VA_ARGS__);                                                                         \
		printf("\n");                                                                                \
		exit(1);                                                                                     \
	} while (0)

static void on_tick(void *arg)
{
	(void)arg;
}

/* Turns the loop until the condition holds. */
static void wait_until(struct live *t, bool (*holds)(void *arg), void *arg, const char *what)
{
	int64_t end = clock_monotonic_ms() + LIMIT_MS;
	struct loop_timer *tick;

	if (loop_timer_new(t->loop, on_tick, NULL, &tick) || loop_timer_start(tick, 100, 100))
		fail(what, "no timer");
	while (!holds(arg)) {
		if (clock_monotonic_ms() > end)
			fail(what, "did not happen within %d s", LIMIT_MS / 1000);
		loop_turn(t->loop, true);
	}
	loop_timer_free(tick);
}

struct outcome {
	bool done;
	struct err e;
	struct json *object;
};

static void on_done(void *arg, const struct json *object, const struct err *e)
{
	struct outcome *o = arg;

	o->done = true;
	if (e)
		o->e = *e;
	o->object = object ? json_dup(object) : NULL;
}

static bool is_done(void *arg)
{
	return ((struct outcome *)arg)->done;
}

/* expected: 0 or the error that must come. Returns the object, to be freed. */
static struct json *finish(struct live *t, int started, struct outcome *o, int expected, const char *what)
{
	if (started)
		fail(what, "%s", strerror(-started));
	wait_until(t, is_done, o, what);
	if (o->e.code != expected)
		fail(what, "%d %s: %s", o->e.code, o->e.reason, o->e.message);
	pass(what);
	return o->object;
}

static struct json *new_object(const struct live *t, const char *name, const char *key, const char *value)
{
	struct json *object = json_new_obj();
	struct json *labels = json_obj_at(object, "metadata.labels");
	struct json *metadata = json_obj_at(object, "metadata");
	struct json *data = json_obj_at(object, "data");

	if (!labels || !metadata || !data || json_set_str(object, "apiVersion", "v1") ||
		json_set_str(object, "kind", "ConfigMap") || json_set_str(metadata, "name", name) ||
		json_set_str(labels, "escape-live", t->name) || json_set_str(data, key, value))
		fail("build an object", "out of memory");
	return object;
}

static void check_lists(struct live *t)
{
	struct outcome namespaces = {0}, missing = {0};

	json_free(finish(t, kube_list(t->client, &KUBE_NAMESPACES, NULL, NULL, NULL, on_done, &namespaces),
		&namespaces, 0, "list namespaces"));
	json_free(finish(t, kube_get(t->client, &CONFIGMAPS, t->namespace_, t->name, on_done, &missing),
		&missing, -ENOENT, "a missing object is NotFound"));
}

static bool is_synced(void *arg)
{
	return kube_informer_synced(((struct live *)arg)->informer);
}

struct awaited {
	const struct live *t;
	const char *name, *key, *value; /* value NULL: the object is gone */
};

static bool is_in_cache(void *arg)
{
	const struct awaited *a = arg;
	const struct json *object = kube_informer_get(a->t->informer, a->t->namespace_, a->name);

	if (!a->value)
		return !object;
	return object && str_eq(json_str(json_member(json_member(object, "data"), a->key)), a->value);
}

static void watched(struct live *t, const char *name, const char *key, const char *value, const char *what)
{
	struct awaited a = {.t = t, .name = name, .key = key, .value = value};

	wait_until(t, is_in_cache, &a, what);
	pass(what);
}

static void start_informer(struct live *t, const char *what)
{
	struct kube_informer_args args = {.resource = &CONFIGMAPS,
		.namespace_ = t->namespace_,
		.label_selector = t->selector,
		.arg = t};
	struct err e = {0};

	if (kube_informer_new(t->client, &args, &t->informer, &e))
		fail(what, "%s", e.message);
	wait_until(t, is_synced, t, what);
	pass(what);
}

static char *new_large_text(void)
{
	char *text = malloc(LARGE + 1);

	if (!text)
		fail("large text", "out of memory");
	memset(text, 'x', LARGE);
	text[LARGE] = 0;
	return text;
}

static void check_create_and_watch(struct live *t)
{
	auto_json struct json *object = new_object(t, t->name, "key", "one");
	auto_free char *text = new_large_text();
	auto_json struct json *large = new_object(t, t->large, "key", text);
	struct outcome created = {0}, again = {0}, big = {0};

	json_free(
		finish(t, kube_create(t->client, &CONFIGMAPS, t->namespace_, NULL, object, on_done, &created),
			&created, 0, "create"));
	watched(t, t->name, "key", "one", "the watch tells of the new object");
	json_free(finish(t, kube_create(t->client, &CONFIGMAPS, t->namespace_, NULL, object, on_done, &again),
		&again, -EEXIST, "creating it again is AlreadyExists"));
	json_free(finish(t, kube_create(t->client, &CONFIGMAPS, t->namespace_, NULL, large, on_done, &big),
		&big, 0, "create an object of 900 KiB"));
	watched(t, t->large, "key", text, "the watch tells of the large object");
}

static struct json *new_patch(const char *version, const char *value)
{
	struct json *patch = json_new_obj();
	struct json *metadata = json_obj_at(patch, "metadata");
	struct json *data = json_obj_at(patch, "data");

	if (!metadata || !data || json_set_str(data, "key", value) ||
		json_set_str(metadata, "resourceVersion", version))
		fail("build a patch", "out of memory");
	return patch;
}

static void check_patches(struct live *t)
{
	auto_json struct json *current = json_dup(kube_informer_get(t->informer, t->namespace_, t->name));
	auto_json struct json *patch = new_patch(json_str_at(current, "metadata.resourceVersion", ""), "two");
	auto_json struct json *applied = new_object(t, t->name, "applied", "yes");
	auto_json struct json *after = NULL;
	struct outcome first = {0}, second = {0}, apply = {0};

	json_free(finish(t,
		kube_patch(t->client, &CONFIGMAPS, t->namespace_, t->name, NULL, KUBE_PATCH_MERGE, patch,
			on_done, &first),
		&first, 0, "merge patch with a resourceVersion"));
	watched(t, t->name, "key", "two", "the watch tells of the change");
	json_free(finish(t,
		kube_patch(t->client, &CONFIGMAPS, t->namespace_, t->name, NULL, KUBE_PATCH_MERGE, patch,
			on_done, &second),
		&second, -EAGAIN, "the same patch again is a Conflict"));
	after = finish(t,
		kube_patch(t->client, &CONFIGMAPS, t->namespace_, t->name, NULL, KUBE_APPLY, applied, on_done,
			&apply),
		&apply, 0, "server-side apply");
	if (!str_eq(json_str_at(after, "data.key", ""), "two") ||
		!str_eq(json_str_at(after, "data.applied", ""), "yes"))
		fail("server-side apply", "it touched what it did not name");
}

static bool has_note(const struct json *events, const char *note)
{
	json_foreach(event, json_member(events, "items"))
	{
		if (str_eq(json_str_at(event, "note", ""), note))
			return true;
	}
	return false;
}

static bool events_done(void *arg)
{
	return ((struct live *)arg)->client->events_in_flight == 0;
}

static void check_event(struct live *t)
{
	auto_json struct json *object = json_dup(kube_informer_get(t->informer, t->namespace_, t->name));
	auto_json struct json *events = NULL;
	struct outcome listed = {0};

	kube_event(t->client, object, "Normal", "Tried", t->name);
	wait_until(t, events_done, t, "record an Event");
	events = finish(t, kube_list(t->client, &KUBE_EVENTS, t->namespace_, NULL, NULL, on_done, &listed),
		&listed, 0, "list Events");
	if (!has_note(events, t->name))
		fail("record an Event", "it is not there");
	pass("record an Event");
}

struct election {
	bool leader, released;
};

static void on_leader(void *arg, bool leader)
{
	((struct election *)arg)->leader = leader;
}

static void on_released(void *arg)
{
	((struct election *)arg)->released = true;
}

static bool is_leader(void *arg)
{
	return ((struct election *)arg)->leader;
}

static bool is_released(void *arg)
{
	return ((struct election *)arg)->released;
}

static void lead_once(struct live *t, const char *identity, const char *what)
{
	struct election x = {0};
	struct kube_lease *lease;

	if (kube_lease_new(t->client, t->namespace_, t->name, identity, on_leader, &x, &lease))
		fail(what, "out of memory");
	wait_until(t, is_leader, &x, what);
	kube_lease_release(lease, on_released, &x);
	wait_until(t, is_released, &x, what);
	kube_lease_free(lease);
	pass(what);
}

static void check_lease(struct live *t)
{
	struct outcome deleted = {0};

	lead_once(t, "first", "a new Lease is taken and released");
	lead_once(t, "second", "a released Lease is taken by the next");
	json_free(finish(t,
		kube_delete(t->client, &KUBE_LEASES, t->namespace_, t->name, NULL, on_done, &deleted),
		&deleted, 0, "delete the Lease"));
}

static void check_delete(struct live *t)
{
	auto_json struct json *object = json_dup(kube_informer_get(t->informer, t->namespace_, t->name));
	struct kube_delete_opts wrong = {.grace_s = -1, .uid = "00000000-0000-0000-0000-000000000000"};
	struct kube_delete_opts right = {.grace_s = 0, .uid = json_str_at(object, "metadata.uid", "")};
	struct outcome refused = {0}, deleted = {0}, large = {0};

	json_free(finish(t,
		kube_delete(t->client, &CONFIGMAPS, t->namespace_, t->name, &wrong, on_done, &refused),
		&refused, -EAGAIN, "deleting another uid is a Conflict"));
	json_free(finish(t,
		kube_delete(t->client, &CONFIGMAPS, t->namespace_, t->name, &right, on_done, &deleted),
		&deleted, 0, "delete"));
	watched(t, t->name, NULL, NULL, "the watch tells of the removal");
	json_free(
		finish(t, kube_delete(t->client, &CONFIGMAPS, t->namespace_, t->large, NULL, on_done, &large),
			&large, 0, "delete the large object"));
}

/* Everything again, with the watch as a proxy without WebSockets would leave it. */
static void check_chunked(struct live *t)
{
	t->client->no_ws_until_ms = INT64_MAX;
	start_informer(t, "a second informer syncs, on chunked HTTP");
	check_create_and_watch(t);
	check_delete(t);
	kube_informer_free(t->informer);
}

static void connect_client(struct live *t, const char *path)
{
	struct kube_config config = {0};
	struct err e = {0};

	if (kube_config_load(path, NULL, &config, &e) || loop_new(&t->loop) ||
		kube_client_new(t->loop, &config, &t->client, &e))
		fail("read the kubeconfig", "%s", e.message);
	pass("read the kubeconfig");
	kube_config_free(&config);
	kube_client_identify(t->client, "escape-live", t->name);
}

int main(int argc, char **argv)
{
	struct live t = {.namespace_ = argc > 2 ? argv[2] : "default"};

	if (argc < 2) {
		fprintf(stderr, "usage: kube_live KUBECONFIG [NAMESPACE]\n");
		return 2;
	}
	str_fmt(t.name, sizeof(t.name), "escape-live-%d", (int)getpid());
	str_fmt(t.large, sizeof(t.large), "%s-large", t.name);
	str_fmt(t.selector, sizeof(t.selector), "escape-live=%s", t.name);
	connect_client(&t, argv[1]);
	check_lists(&t);
	start_informer(&t, "an informer syncs");
	check_create_and_watch(&t);
	if (t.client->no_ws_until_ms)
		fail("the watch runs over a WebSocket", "the upgrade was refused");
	pass("the watch runs over a WebSocket");
	check_patches(&t);
	check_event(&t);
	check_lease(&t);
	check_delete(&t);
	kube_informer_free(t.informer);
	check_chunked(&t);
	kube_client_free(t.client);
	loop_free(t.loop);
	return 0;
}
