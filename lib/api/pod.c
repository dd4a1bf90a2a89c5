/* SPDX-License-Identifier: Apache-2.0 */
#include <api/pod.h>
#include <arpa/inet.h>
#include <base/clock.h>
#include <base/str.h>
#include <errno.h>
#include <string.h>

/* What the API server has validated fits; a name that does not is no name this code may act on. */
static int name_read(const struct json *obj, const char *path, char *dst, size_t size, struct err *e)
{
	const char *s = json_str_at(obj, path, "");

	if (str_copy(dst, size, s))
		return err_set(e, -EINVAL, "BadPod", "%s is longer than %zu characters", path, size - 1);
	return 0;
}

/* An image reference may be longer than anybody needs; its end tells images apart (tag, digest). */
static void tail_copy(char *dst, size_t size, const char *src)
{
	size_t len = strlen(src);

	str_copy(dst, size, len < size ? src : src + len - (size - 1));
}

static bool address_is_valid(const char *s)
{
	unsigned char raw[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, s, raw) == 1 || inet_pton(AF_INET6, s, raw) == 1;
}

static void addresses_read(const char *list, struct pod *p)
{
	while (list && *list && p->n_addresses < API_ADDRESSES_MAX) {
		size_t len = strcspn(list, ",");
		char one[API_ADDRESS_MAX] = "";

		if (len < sizeof(one))
			memcpy(one, list, len);
		if (address_is_valid(one))
			str_copy(p->addresses[p->n_addresses++], API_ADDRESS_MAX, one);
		list += len;
		list += *list == ',';
	}
}

static int owner_read(const struct json *obj, struct pod *p, struct err *e)
{
	int rc = 0;

	json_foreach(owner, json_at(obj, "metadata.ownerReferences"))
	{
		if (!json_bool_at(owner, "controller", false))
			continue;
		rc = name_read(owner, "kind", p->owner_kind, sizeof(p->owner_kind), e);
		if (!rc)
			rc = name_read(owner, "name", p->owner_name, sizeof(p->owner_name), e);
		if (!rc)
			rc = name_read(owner, "uid", p->owner_uid, sizeof(p->owner_uid), e);
		break;
	}
	return rc;
}

static const struct json *status_of(const struct json *statuses, const char *name)
{
	json_foreach(s, statuses)
	{
		if (str_eq(json_str_at(s, "name", NULL), name))
			return s;
	}
	return NULL;
}

static void container_status_read(const struct json *status, struct pod_container *c)
{
	const char *id = json_str_at(status, "containerID", "");
	const char *scheme_end = strstr(id, "://");

	/* An id that does not fit names no container of a runtime we know: leave it empty. */
	str_copy(c->container_id, sizeof(c->container_id), scheme_end ? scheme_end + 3 : id);
	tail_copy(c->image_id, sizeof(c->image_id), json_str_at(status, "imageID", ""));
	c->restarts = json_int_at(status, "restartCount", 0);
	c->ready = json_bool_at(status, "ready", false);
	c->running = json_is_obj(json_at(status, "state.running"));
}

static int containers_read(
	const struct json *specs, const struct json *statuses, bool init, struct pod *p, struct err *e)
{
	json_foreach(spec, specs)
	{
		struct pod_container *c;
		int rc;

		if (p->n_containers == POD_CONTAINERS_MAX)
			break; /* pod_preflight refuses such a pod */
		c = &p->containers[p->n_containers];
		rc = name_read(spec, "name", c->name, sizeof(c->name), e);
		if (rc)
			return rc;
		tail_copy(c->image, sizeof(c->image), json_str_at(spec, "image", ""));
		/* An init container that is restarted always is a sidecar: it runs as long as the pod. */
		c->init = init && !str_eq(json_str_at(spec, "restartPolicy", NULL), "Always");
		container_status_read(status_of(statuses, c->name), c);
		p->n_containers++;
	}
	return 0;
}

static bool condition_is_true(const struct json *conditions, const char *type)
{
	json_foreach(c, conditions)
	{
		if (str_eq(json_str_at(c, "type", NULL), type))
			return str_eq(json_str_at(c, "status", NULL), "True");
	}
	return false;
}

static int names_read(const struct json *obj, struct pod *p, struct err *e)
{
	const struct {
		const char *path;
		char *dst;
		size_t size;
	} names[] = {
		{"metadata.namespace", p->namespace_, sizeof(p->namespace_)},
		{"metadata.name", p->name, sizeof(p->name)},
		{"metadata.uid", p->uid, sizeof(p->uid)},
		{"spec.nodeName", p->node, sizeof(p->node)},
		{"status.phase", p->phase, sizeof(p->phase)},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		int rc = name_read(obj, names[i].path, names[i].dst, names[i].size, e);

		if (rc)
			return rc;
	}
	if (!*p->namespace_ || !*p->name)
		return err_set(e, -EINVAL, "BadPod", "metadata.namespace and metadata.name are required");
	if (*p->uid && !str_is_uid(p->uid))
		return err_set(e, -EINVAL, "BadPod", "metadata.uid is not a UID");
	return 0;
}

static void annotations_read(const struct json *annotations, struct pod *p)
{
	const char *escape = json_str(json_member(annotations, API_ANN_ESCAPE));
	const char *evicted = json_str(json_member(annotations, API_ANN_EVICTED));

	/* Anybody may annotate a pod: what is not the name of an object is as good as absent. */
	if (escape && str_is_dns_name(escape, true))
		str_copy(p->escape, sizeof(p->escape), escape);
	addresses_read(json_str(json_member(annotations, API_ANN_ADDRESSES)), p);
	if (!evicted || clock_parse(evicted, &p->evicted_ms) || p->evicted_ms < 0)
		p->evicted_ms = 0;
}

static int64_t value_read(const struct json *obj)
{
	const char *text = json_str(json_member(json_at(obj, "metadata.annotations"), API_ANN_VALUE));
	int64_t value;

	if (text && !str_parse_i64(text, -POD_VALUE_MAX, POD_VALUE_MAX, &value))
		return value;
	value = json_int_at(obj, "spec.priority", 0);
	return value < -POD_VALUE_MAX ? -POD_VALUE_MAX : value > POD_VALUE_MAX ? POD_VALUE_MAX : value;
}

int pod_decode(const struct json *obj, struct pod *ret, struct err *e)
{
	struct pod p = {0};
	const char *ip;
	int rc;

	rc = names_read(obj, &p, e);
	if (!rc)
		rc = owner_read(obj, &p, e);
	if (!rc)
		rc = containers_read(json_at(obj, "spec.containers"),
			json_at(obj, "status.containerStatuses"), false, &p, e);
	if (!rc)
		rc = containers_read(json_at(obj, "spec.initContainers"),
			json_at(obj, "status.initContainerStatuses"), true, &p, e);
	if (rc)
		return rc;
	ip = json_str_at(obj, "status.podIP", "");
	if (address_is_valid(ip))
		str_copy(p.ip, sizeof(p.ip), ip);
	annotations_read(json_at(obj, "metadata.annotations"), &p);
	p.value = value_read(obj);
	p.guarded = str_eq(json_str_at(obj, "spec.runtimeClassName", NULL), API_RUNTIME_CLASS);
	p.host_network = json_bool_at(obj, "spec.hostNetwork", false);
	p.deleting = json_is_str(json_at(obj, "metadata.deletionTimestamp"));
	p.ready = condition_is_true(json_at(obj, "status.conditions"), "Ready");
	*ret = p;
	return 0;
}
