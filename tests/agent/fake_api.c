/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_api.h"

#include <base/buf.h>
#include <base/cleanup.h>
#include <base/str.h>
#include <doc/json.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { OBJECTS_MAX = 64, WATCHES_MAX = 32, EVENTS_MAX = 256, BODY_MAX = 4 << 20 };

struct object {
	char plural[64], namespace_[64], name[128];
	struct json *json;
};

struct watch {
	struct fake_conn *conn;
	char plural[64], node[64];
};

struct fake_api {
	struct fake *fake;
	pthread_mutex_t lock;
	struct object objects[OBJECTS_MAX];
	size_t n;
	struct watch watches[WATCHES_MAX];
	size_t n_watches;
	char events[EVENTS_MAX][64], notes[EVENTS_MAX][1024];
	size_t n_events;
	long long version;
	atomic_bool cut;
};

struct address {
	char plural[64], namespace_[64], name[128], sub[32], query[512];
};

static void die(const char *what)
{
	fprintf(stderr, "fake_api: %s\n", what);
	abort();
}

static void address_parse(const char *target, struct address *a)
{
	char path[1024], *save = NULL, *part, *parts[10] = {NULL};
	size_t n = 0, at;

	memset(a, 0, sizeof(*a));
	str_copy(path, sizeof(path), target);
	part = strchr(path, '?');
	if (part) {
		*part = '\0';
		str_copy(a->query, sizeof(a->query), part + 1);
	}
	for (part = strtok_r(path, "/", &save); part && n < 10; part = strtok_r(NULL, "/", &save))
		parts[n++] = part;
	at = n && str_eq(parts[0], "api") ? 2 : 3;
	if (at + 1 < n && str_eq(parts[at], "namespaces") && at + 2 < n) {
		str_copy(a->namespace_, sizeof(a->namespace_), parts[at + 1]);
		at += 2;
	}
	str_copy(a->plural, sizeof(a->plural), at < n ? parts[at] : "");
	str_copy(a->name, sizeof(a->name), at + 1 < n ? parts[at + 1] : "");
	str_copy(a->sub, sizeof(a->sub), at + 2 < n ? parts[at + 2] : "");
}

static struct object *object_find(struct fake_api *api, const struct address *a)
{
	for (size_t i = 0; i < api->n; i++) {
		struct object *o = &api->objects[i];

		if (str_eq(o->plural, a->plural) && str_eq(o->namespace_, a->namespace_) &&
			str_eq(o->name, a->name))
			return o;
	}
	return NULL;
}

static void node_of_query(const char *query, char dst[static 64])
{
	const char *at = strstr(query, "spec.nodeName%3D");

	dst[0] = '\0';
	if (at)
		snprintf(dst, 64, "%.*s", (int)strcspn(at + 16, "&"), at + 16);
}

static bool selected(const struct object *o, const char *plural, const char *node)
{
	return str_eq(o->plural, plural) &&
	       (!*node || str_eq(json_str_at(o->json, "spec.nodeName", ""), node));
}

static void event_send(struct watch *w, const char *type, const struct json *object)
{
	auto_json struct json *event = json_new_obj();
	auto_free char *text = NULL;

	json_set_str(event, "type", type);
	json_set(event, "object", json_dup(object));
	text = json_print(event);
	fake_text(w->conn, text);
}

static void tell(struct fake_api *api, const char *type, const struct object *o)
{
	for (size_t i = 0; i < api->n_watches; i++)
		if (selected(o, api->watches[i].plural, api->watches[i].node))
			event_send(&api->watches[i], type, o->json);
}

static long long version_of(const struct json *object)
{
	return strtoll(json_str_at(object, "metadata.resourceVersion", "0"), NULL, 10);
}

static void stamp(struct fake_api *api, struct object *o)
{
	char version[32];

	snprintf(version, sizeof(version), "%lld", ++api->version);
	json_set_str(json_obj_at(o->json, "metadata"), "resourceVersion", version);
}

static void answer(struct fake_conn *c, int status, const struct json *object)
{
	auto_free char *text = json_print(object);

	fake_reply(c, status, "Content-Type: application/json\r\n", text);
}

static void refuse(struct fake_conn *c, int code, const char *reason)
{
	auto_json struct json *status = json_new_obj();

	json_set_str(status, "kind", "Status");
	json_set_str(status, "status", "Failure");
	json_set_str(status, "reason", reason);
	json_set_str(status, "message", reason);
	json_set_num(status, "code", code);
	answer(c, code, status);
}

static void list(struct fake_api *api, struct fake_conn *c, const struct address *a)
{
	auto_json struct json *all = json_new_obj();
	auto_json struct json *items = json_new_arr();
	char version[32], node[64];

	node_of_query(a->query, node);
	for (size_t i = 0; i < api->n; i++)
		if (selected(&api->objects[i], a->plural, node))
			json_add(items, json_dup(api->objects[i].json));
	snprintf(version, sizeof(version), "%lld", api->version);
	json_set_str(json_obj_at(all, "metadata"), "resourceVersion", version);
	json_set(all, "items", TAKE_PTR(items));
	answer(c, 200, all);
}

static void watch(
	struct fake_api *api, struct fake_conn *c, const struct fake_request *r, const struct address *a)
{
	const char *from = strstr(a->query, "resourceVersion=");
	struct watch *w;

	if (!r->upgrade || api->n_watches == WATCHES_MAX)
		die("watch");
	fake_upgrade(c, r);
	w = &api->watches[api->n_watches++];
	w->conn = c;
	str_copy(w->plural, sizeof(w->plural), a->plural);
	node_of_query(a->query, w->node);
	for (size_t i = 0; i < api->n; i++)
		if (from && selected(&api->objects[i], w->plural, w->node) &&
			version_of(api->objects[i].json) > strtoll(from + 16, NULL, 10))
			event_send(w, "MODIFIED", api->objects[i].json);
}

static struct object *object_add(struct fake_api *api, const struct address *a, struct json *json)
{
	struct object *o = &api->objects[api->n++];

	if (api->n > OBJECTS_MAX)
		die("too many objects");
	str_copy(o->plural, sizeof(o->plural), a->plural);
	str_copy(o->namespace_, sizeof(o->namespace_), a->namespace_);
	str_copy(o->name, sizeof(o->name), a->name);
	o->json = json;
	stamp(api, o);
	tell(api, "ADDED", o);
	return o;
}

static void merge(struct json *into, const struct json *patch)
{
	json_foreach(item, patch)
	{
		const char *key = json_key(item);

		if (json_is_null(item))
			json_remove(into, key);
		else if (json_is_obj(item) && json_is_obj(json_member(into, key)))
			merge(json_edit(into, key), item);
		else
			json_set(into, key, json_dup(item));
	}
}

static void patch(
	struct fake_api *api, struct fake_conn *c, const struct address *a, struct json *body, bool apply)
{
	struct object *o = object_find(api, a);
	const char *version = json_str_at(body, "metadata.resourceVersion", NULL);

	if (!o && apply && !*a->sub) {
		answer(c, 201, object_add(api, a, json_dup(body))->json);
		return;
	}
	if (!o) {
		refuse(c, 404, "NotFound");
		return;
	}
	if (version && strtoll(version, NULL, 10) != version_of(o->json)) {
		refuse(c, 409, "Conflict");
		return;
	}
	merge(o->json, body);
	stamp(api, o);
	tell(api, "MODIFIED", o);
	answer(c, 200, o->json);
}

static void event_keep(struct fake_api *api, const struct json *event)
{
	size_t i = api->n_events;

	if (i == EVENTS_MAX)
		return;
	api->n_events++;
	str_copy(api->events[i], sizeof(api->events[i]), json_str_at(event, "reason", ""));
	str_copy(api->notes[i], sizeof(api->notes[i]), json_str_at(event, "note", ""));
}

static void create(struct fake_api *api, struct fake_conn *c, struct address *a, struct json *body)
{
	str_copy(a->name, sizeof(a->name), json_str_at(body, "metadata.name", ""));
	if (str_eq(a->plural, "events")) {
		event_keep(api, body);
		answer(c, 201, body);
	} else if (object_find(api, a)) {
		refuse(c, 409, "AlreadyExists");
	} else {
		answer(c, 201, object_add(api, a, json_dup(body))->json);
	}
}

static void delete (struct fake_api *api, struct fake_conn *c, const struct address *a)
{
	struct object *o = object_find(api, a);

	if (!o) {
		refuse(c, 404, "NotFound");
		return;
	}
	stamp(api, o);
	tell(api, "DELETED", o);
	answer(c, 200, o->json);
	json_free(o->json);
	*o = api->objects[--api->n];
}

static void handle(struct fake_api *api, struct fake_conn *c, const struct fake_request *r)
{
	auto_json struct json *body = NULL;
	struct address a;
	struct object *o;

	address_parse(r->target, &a);
	if (r->body_len && json_parse(r->body, r->body_len, BODY_MAX, &body, NULL))
		die("body");
	o = *a.name ? object_find(api, &a) : NULL;
	if (str_eq(r->method, "GET") && strstr(a.query, "watch=1"))
		watch(api, c, r, &a);
	else if (str_eq(r->method, "GET") && !*a.name)
		list(api, c, &a);
	else if (str_eq(r->method, "GET") && o)
		answer(c, 200, o->json);
	else if (str_eq(r->method, "PATCH"))
		patch(api, c, &a, body, strstr(r->head, "apply-patch") != NULL);
	else if (str_eq(r->method, "POST"))
		create(api, c, &a, body);
	else if (str_eq(r->method, "DELETE"))
		delete (api, c, &a);
	else
		refuse(c, 404, "NotFound");
}

static void on_request(void *arg, struct fake_conn *c, const struct fake_request *r)
{
	struct fake_api *api = arg;

	if (atomic_load(&api->cut)) {
		fake_close(c);
		return;
	}
	pthread_mutex_lock(&api->lock);
	handle(api, c, r);
	pthread_mutex_unlock(&api->lock);
}

struct fake_api *fake_api_new(void)
{
	struct fake_api *api = calloc(1, sizeof(*api));

	if (!api || pthread_mutex_init(&api->lock, NULL))
		die("new");
	api->version = 100;
	return api;
}

const char *fake_api_start(struct fake_api *api)
{
	api->fake = fake_start(on_request, api);
	return fake_url(api->fake);
}

void fake_api_stop(struct fake_api *api)
{
	fake_stop(api->fake);
	api->fake = NULL;
	api->n_watches = 0;
}

void fake_api_free(struct fake_api *api)
{
	for (size_t i = 0; i < api->n; i++)
		json_free(api->objects[i].json);
	pthread_mutex_destroy(&api->lock);
	free(api);
}

void fake_api_cut(struct fake_api *api, bool cut)
{
	atomic_store(&api->cut, cut);
}

unsigned fake_api_events(struct fake_api *api, const char *reason)
{
	unsigned n = 0;

	pthread_mutex_lock(&api->lock);
	for (size_t i = 0; i < api->n_events; i++)
		n += str_eq(api->events[i], reason);
	pthread_mutex_unlock(&api->lock);
	return n;
}

bool fake_api_event_says(struct fake_api *api, const char *reason, const char *text)
{
	bool says = false;

	pthread_mutex_lock(&api->lock);
	for (size_t i = 0; i < api->n_events; i++)
		says |= str_eq(api->events[i], reason) && strstr(api->notes[i], text);
	pthread_mutex_unlock(&api->lock);
	return says;
}
