/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_api_priv.h"

#include "merge.h"

#include <base/cleanup.h>
#include <base/clock.h>
#include <base/str.h>
#include <string.h>

int address_parse(const char *path, struct address *ret)
{
	char copy[1024], *rest = copy, *part;
	const char *parts[10] = {0};
	size_t n = 0, i;

	memset(ret, 0, sizeof(*ret));
	if (str_copy(copy, sizeof(copy), path) || *rest++ != '/')
		return -1;
	while ((part = strsep(&rest, "/")) && n < 10)
		parts[n++] = part;
	i = str_eq(parts[0], "api") ? 2 : 3;
	if (n <= i)
		return -1;
	if (i == 2)
		str_fmt(ret->collection, sizeof(ret->collection), "/api/%s", parts[1]);
	else
		str_fmt(ret->collection, sizeof(ret->collection), "/apis/%s/%s", parts[1], parts[2]);
	if (n > i + 2 && str_eq(parts[i], "namespaces")) {
		str_copy(ret->namespace_, sizeof(ret->namespace_), parts[i + 1]);
		i += 2;
	}
	strncat(ret->collection, "/", sizeof(ret->collection) - strlen(ret->collection) - 1);
	strncat(ret->collection, parts[i], sizeof(ret->collection) - strlen(ret->collection) - 1);
	if (n > i + 1)
		str_copy(ret->name, sizeof(ret->name), parts[i + 1]);
	if (n > i + 2)
		str_copy(ret->subresource, sizeof(ret->subresource), parts[i + 2]);
	return 0;
}

struct json *status_make(int code, const char *reason, const char *message)
{
	struct json *s = json_new_obj();

	json_set_str(s, "kind", "Status");
	json_set_str(s, "apiVersion", "v1");
	json_set_str(s, "status", "Failure");
	json_set_str(s, "reason", reason);
	json_set_str(s, "message", message);
	json_set_num(s, "code", code);
	return s;
}

static int refuse(struct json **ret, int code, const char *reason)
{
	*ret = status_make(code, reason, reason);
	return code;
}

static struct object *find(struct fake_api *a, const struct address *at)
{
	for (struct object *o = a->objects; o; o = o->next)
		if (str_eq(o->collection, at->collection) && str_eq(o->namespace_, at->namespace_) &&
			str_eq(o->name, at->name))
			return o;
	return NULL;
}

static void announce(struct fake_api *a, const struct object *o, const char *type)
{
	struct event *e = calloc(1, sizeof(*e));
	auto_free char *text = NULL;
	char version[24];

	str_fmt(version, sizeof(version), "%lld", (long long)++a->version);
	json_set_str(json_obj_at(o->json, "metadata"), "resourceVersion", version);
	text = json_print(o->json);
	e->version = a->version;
	str_copy(e->collection, sizeof(e->collection), o->collection);
	e->line = str_dup_fmt("{\"type\":\"%s\",\"object\":%s}\n", type, text);
	*a->last_event = e;
	a->last_event = &e->next;
	pthread_cond_broadcast(&a->changed);
}

static bool has_status_subresource(const char *collection)
{
	return strstr(collection, "escape.dev") || str_eq(collection, "/api/v1/pods");
}

static int create(struct fake_api *a, struct address *at, const struct json *body, struct json **ret)
{
	const char *prefix = json_str_at(body, "metadata.generateName", "");
	char now[CLOCK_RFC3339_MAX], uid[40];
	struct object *o;
	struct json *meta;

	if (str_copy(at->name, sizeof(at->name), json_str_at(body, "metadata.name", "")) || !*at->name)
		str_fmt(at->name, sizeof(at->name), "%s%lld", prefix, (long long)a->version);
	if (find(a, at))
		return refuse(ret, 409, "AlreadyExists");
	o = calloc(1, sizeof(*o));
	str_copy(o->collection, sizeof(o->collection), at->collection);
	str_copy(o->namespace_, sizeof(o->namespace_), at->namespace_);
	str_copy(o->name, sizeof(o->name), at->name);
	o->json = json_dup(body);
	if (has_status_subresource(o->collection))
		json_remove(o->json, "status");
	clock_format(clock_wall_ms(), now);
	str_fmt(uid, sizeof(uid), "00000000-%012llx", (unsigned long long)a->version + 1);
	meta = json_obj_at(o->json, "metadata");
	json_set_str(meta, "name", at->name);
	json_set_str(meta, "uid", uid);
	json_set_str(meta, "creationTimestamp", now);
	if (*at->namespace_)
		json_set_str(meta, "namespace", at->namespace_);
	o->next = a->objects;
	a->objects = o;
	announce(a, o, "ADDED");
	*ret = json_dup(o->json);
	return 201;
}

static int patch(struct fake_api *a, const struct address *at, const struct json *body, struct json **ret)
{
	struct object *o = find(a, at);
	const char *version = json_str_at(body, "metadata.resourceVersion", NULL);
	const char *uid = json_str_at(body, "metadata.uid", NULL);
	auto_json struct json *change = json_dup(body);
	bool status = str_eq(at->subresource, "status");

	if (!o)
		return refuse(ret, 404, "NotFound");
	if (version && !str_eq(version, json_str_at(o->json, "metadata.resourceVersion", "")))
		return refuse(ret, 409, "Conflict");
	if (uid && !str_eq(uid, json_str_at(o->json, "metadata.uid", "")))
		return refuse(ret, 409, "Conflict");
	if (status) {
		json_remove(change, "metadata");
		json_remove(change, "spec");
	} else if (has_status_subresource(at->collection)) {
		json_remove(change, "status");
	}
	merge_apply(o->json, change);
	announce(a, o, "MODIFIED");
	*ret = json_dup(o->json);
	return 200;
}

static void unlink_object(struct fake_api *a, struct object *o)
{
	struct object **at = &a->objects;

	while (*at != o)
		at = &(*at)->next;
	*at = o->next;
	json_free(o->json);
	free(o);
}

static int remove_object(
	struct fake_api *a, const struct address *at, const struct json *body, struct json **ret)
{
	struct object *o = find(a, at);
	const char *uid = json_str_at(body, "preconditions.uid", NULL);
	double grace = json_num_at(body, "gracePeriodSeconds", 30);
	char now[CLOCK_RFC3339_MAX];

	if (!o)
		return refuse(ret, 404, "NotFound");
	if (uid && !str_eq(uid, json_str_at(o->json, "metadata.uid", "")))
		return refuse(ret, 409, "Conflict");
	if (!str_eq(o->collection, "/api/v1/pods") || grace == 0) {
		announce(a, o, "DELETED");
		*ret = json_dup(o->json);
		unlink_object(a, o);
		return 200;
	}
	clock_format(clock_wall_ms(), now);
	json_set_str(json_obj_at(o->json, "metadata"), "deletionTimestamp", now);
	json_set_num(json_obj_at(o->json, "metadata"), "deletionGracePeriodSeconds", grace);
	announce(a, o, "MODIFIED");
	*ret = json_dup(o->json);
	return 200;
}

static int get(struct fake_api *a, const struct address *at, struct json **ret)
{
	struct object *o = *at->name ? find(a, at) : NULL;
	struct json *items;
	char version[24];

	if (*at->name && !o)
		return refuse(ret, 404, "NotFound");
	if (o) {
		*ret = json_dup(o->json);
		return 200;
	}
	*ret = json_new_obj();
	str_fmt(version, sizeof(version), "%lld", (long long)a->version);
	json_set_str(json_obj_at(*ret, "metadata"), "resourceVersion", version);
	items = json_new_arr();
	for (o = a->objects; o; o = o->next)
		if (str_eq(o->collection, at->collection))
			json_add(items, json_dup(o->json));
	json_set(*ret, "items", items);
	return 200;
}

int store_call(struct fake_api *a, const char *method, const struct address *at, const struct json *body,
	struct json **ret)
{
	struct address where = *at;

	if (str_eq(method, "GET"))
		return get(a, at, ret);
	if (str_eq(method, "POST"))
		return create(a, &where, body, ret);
	if (str_eq(method, "PATCH"))
		return patch(a, at, body, ret);
	if (str_eq(method, "DELETE"))
		return remove_object(a, at, body, ret);
	return refuse(ret, 405, "MethodNotAllowed");
}

void store_free(struct fake_api *a)
{
	while (a->objects)
		unlink_object(a, a->objects);
	while (a->events) {
		struct event *e = a->events;

		a->events = e->next;
		free(e->line);
		free(e);
	}
	while (a->seen) {
		struct seen *s = a->seen;

		a->seen = s->next;
		free(s);
	}
}
