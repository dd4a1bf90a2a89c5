/* SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"

#include <base/cleanup.h>
#include <base/clock.h>
#include <base/str.h>
#include <string.h>

void scene_begin(struct scene *s)
{
	memset(s, 0, sizeof(*s));
	s->c = PLAN_CONFIG_DEFAULT;
	s->now_ms = SCENE_NOW;
}

void scene_end(struct scene *s)
{
	world_free(&s->w);
	for (size_t i = 0; i < s->n_docs; i++)
		json_free(s->docs[i]);
}

static struct json *parse(struct scene *s, const char *fmt, va_list ap)
{
	auto_free char *text = NULL;
	struct json *doc = NULL;
	struct err e = {0};

	assert_true(vasprintf(&text, fmt, ap) >= 0);
	for (char *c = text; *c; c++)
		if (*c == '\'')
			*c = '"';
	if (json_parse(text, strlen(text), 1 << 20, &doc, &e))
		fail_msg("%s in %s", e.message, text);
	assert_true(s->n_docs < SCENE_DOCS);
	s->docs[s->n_docs++] = doc;
	return doc;
}

const struct json *scene_json(struct scene *s, const char *fmt, ...)
{
	const struct json *doc;
	va_list ap;

	va_start(ap, fmt);
	doc = parse(s, fmt, ap);
	va_end(ap);
	return doc;
}

static void put(struct scene *s, const struct json *doc)
{
	const char *kind = json_str_at(doc, "kind", "");
	struct err e = {0};
	int rc = -1;

	if (str_eq(kind, "Pod"))
		rc = world_put_pod(&s->w, doc, &e);
	else if (str_eq(kind, "Node"))
		rc = world_put_node(&s->w, doc, &e);
	else if (str_eq(kind, "NodeReport"))
		rc = world_put_report(&s->w, doc, &e);
	else if (str_eq(kind, "NodeVerdict"))
		rc = world_put_verdict(&s->w, doc, &e);
	else if (str_eq(kind, "Lease"))
		rc = world_put_lease(&s->w, doc, s->now_ms, &e);
	else if (str_eq(kind, "EscapePolicy"))
		rc = world_put_policy(&s->w, doc, &e);
	else if (str_eq(kind, "BehaviorProfile"))
		rc = world_put_profile(&s->w, doc, &e);
	else if (str_eq(kind, "Escape"))
		rc = world_put_escape(&s->w, doc, true, s->now_ms, &e);
	if (rc)
		fail_msg("%s: %s", kind, e.message);
	if (str_eq(kind, "NodeReport"))
		world_heard(&s->w, json_str_at(doc, "metadata.name", ""), s->now_ms);
}

const char *scene_uid(const char *name)
{
	static char uids[8][API_UID_MAX];
	static unsigned next;
	char *uid = uids[next++ % 8];

	str_fmt(uid, API_UID_MAX, "0-%016llx", (unsigned long long)str_hash64(name, strlen(name)));
	return uid;
}

const struct json *scene_put(struct scene *s, const char *fmt, ...)
{
	struct json *doc;
	va_list ap;

	va_start(ap, fmt);
	doc = parse(s, fmt, ap);
	va_end(ap);
	if (!json_at(doc, "metadata.uid"))
		json_set_str(json_obj_at(doc, "metadata"), "uid",
			scene_uid(json_str_at(doc, "metadata.name", "")));
	put(s, doc);
	return doc;
}

void scene_keep(struct scene *s, struct json *obj)
{
	assert_true(s->n_docs < SCENE_DOCS);
	s->docs[s->n_docs++] = obj;
	put(s, obj);
}

const struct json *scene_verdict(const struct scene *s, const char *node)
{
	for (size_t i = s->n_docs; i-- > 0;)
		if (str_eq(json_str_at(s->docs[i], "kind", ""), "NodeVerdict") &&
			str_eq(json_str_at(s->docs[i], "metadata.name", ""), node))
			return s->docs[i];
	return NULL;
}

void scene_node(struct scene *s, const char *name, const char *anomalies)
{
	char now[CLOCK_RFC3339_MAX];

	clock_format_micro(s->now_ms, now);
	scene_put(s,
		"{'kind':'Node','metadata':{'name':'%s'},'status':{'allocatable':{'cpu':'4','memory':'8Gi','"
		"pods':'110'},'conditions':[{'type':'Ready','status':'"
		"True'}]}}",
		name);
	scene_put(s,
		"{'kind':'NodeReport','metadata':{'name':'%s'},'status':{'heartbeat':'%s','canDetect':true,"
		"'canRestore':true,'anomalies':%s}}",
		name, now, anomalies);
}

void scene_pod(struct scene *s, const char *name, const char *node, const char *more_metadata)
{
	scene_put(s,
		"{'kind':'Pod','metadata':{'namespace':'shop','name':'%s','labels':{'app':'shop'}%s},"
		"'spec':{'nodeName':'%s','runtimeClassName':'escape','containers':[{'name':'app','image':'i'}"
		"]},"
		"'status':{'phase':'Running','podIP':'10.0.0.7','conditions':[{'type':'Ready','status':'True'"
		"}]}}",
		name, more_metadata, node);
}

void scene_pod_of_replicaset(struct scene *s, const char *name, const char *node)
{
	scene_pod(s, name, node,
		",'ownerReferences':[{'apiVersion':'apps/"
		"v1','kind':'ReplicaSet','name':'shop-1','uid':'5','controller':true}]");
}

void scene_policy(struct scene *s, const char *spec)
{
	scene_put(s,
		"{'kind':'EscapePolicy','metadata':{'namespace':'shop','name':'policy','uid':'7','generation'"
		":3},"
		"'spec':{'selector':{'matchLabels':{'app':'shop'}}%s%s}}",
		*spec ? "," : "", spec);
}

const char *scene_anomaly(const struct scene *s, const char *id, const char *pod, int64_t age_ms)
{
	static char items[8][512];
	static unsigned next;
	char *item = items[next++ % 8], at[CLOCK_RFC3339_MAX];

	clock_format_micro(s->now_ms - age_ms, at);
	assert_int_equal(str_fmt(item, sizeof(items[0]),
				 "{'id':'%s','namespace':'shop','pod':'%s','podUID':'%s','container':'app',"
				 "'mismatches':73,'threshold':50,'epoch':9,'detectedAt':'%s','frozenAt':'%s',"
				 "'comm':'sh'}",
				 id, pod, scene_uid(pod), at, at),
		0);
	return item;
}

void scene_escape(struct scene *s, const char *name, const char *kind, const char *pod, const char *phase,
	int64_t age_ms, const char *spec, const char *status)
{
	static unsigned version = 100;
	char created[CLOCK_RFC3339_MAX];

	clock_format(s->now_ms - age_ms, created);
	scene_put(s,
		"{'kind':'Escape','metadata':{'namespace':'shop','name':'%s','resourceVersion':'%u',"
		"'creationTimestamp':'%s'},'spec':{'kind':'%s','policy':'policy','podName':'%s','podUID':'%s'"
		","
		"'sourceNode':'node-a'%s%s},'status':{'phase':'%s'%s%s}}",
		name, ++version, created, kind, pod, scene_uid(pod), *spec ? "," : "", spec, phase,
		*status ? "," : "", status);
}

void scene_attacked(struct scene *s, const char *policy)
{
	char list[600];

	scene_begin(s);
	scene_policy(s, policy);
	str_fmt(list, sizeof(list), "[%s]", scene_anomaly(s, "a1", "prey", 1000));
	scene_node(s, "node-a", list);
	scene_node(s, "node-b", "[]");
	scene_node(s, "node-c", "[]");
	scene_pod(s, "prey", "node-a", "");
}

const struct action *actions_first(const struct actions *a, enum action_kind kind)
{
	for (size_t i = 0; i < a->n; i++)
		if (a->items[i].kind == kind)
			return &a->items[i];
	return NULL;
}

size_t actions_count(const struct actions *a, enum action_kind kind)
{
	size_t n = 0;

	for (size_t i = 0; i < a->n; i++)
		n += a->items[i].kind == kind;
	return n;
}

const char *action_str(const struct action *a, const char *path)
{
	return a ? json_str_at(a->object, path, "") : "(no such action)";
}

const struct action *actions_event(const struct actions *a, const char *reason)
{
	for (size_t i = 0; i < a->n; i++)
		if (a->items[i].kind == ACTION_EVENT && str_eq(a->items[i].event.reason, reason))
			return &a->items[i];
	return NULL;
}
