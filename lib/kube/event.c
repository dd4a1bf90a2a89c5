/* SPDX-License-Identifier: Apache-2.0 */
#include <base/cleanup.h>
#include <base/clock.h>
#include <base/log.h>
#include <base/str.h>
#include <errno.h>
#include <kube/client_priv.h>
#include <string.h>

/* Limits of events.k8s.io/v1. */
enum {
	NOTE_MAX = 1024,
	REASON_MAX = 128,
	NAME_PREFIX_MAX = 200,
	MAX_IN_FLIGHT = 64, /* what a storm has beyond this is dropped: Events inform, they do not decide */
};

/* Copies at most max - 1 bytes and never half a character. */
static void copy_text(char *dst, size_t max, const char *src)
{
	size_t n = strnlen(src, max - 1);

	while (n && src[n] && ((unsigned char)src[n] & 0xc0) == 0x80)
		n--;
	memcpy(dst, src, n);
	dst[n] = 0;
}

static int put_metadata(struct json *event, const struct json *regarding, const char *namespace_)
{
	struct json *metadata = json_obj_at(event, "metadata");
	char name[NAME_PREFIX_MAX], prefix[NAME_PREFIX_MAX + 2];

	copy_text(name, sizeof(name), json_str_at(regarding, "metadata.name", "unknown"));
	/* Of all that may not end a name, only a dash may end its prefix. */
	if (!metadata || str_fmt(prefix, sizeof(prefix), "%s-", name) ||
		json_set_str(metadata, "generateName", prefix))
		return -ENOMEM;
	return json_set_str(metadata, "namespace", namespace_);
}

static int put_regarding(struct json *event, const struct json *regarding)
{
	static const struct {
		const char *key, *path;
	} fields[] = {
		{"apiVersion", "apiVersion"},
		{"kind", "kind"},
		{"namespace", "metadata.namespace"},
		{"name", "metadata.name"},
		{"uid", "metadata.uid"},
		{"resourceVersion", "metadata.resourceVersion"},
	};
	struct json *ref = json_obj_at(event, "regarding");

	if (!ref)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		const char *value = json_str_at(regarding, fields[i].path, NULL);

		if (value && json_set_str(ref, fields[i].key, value))
			return -ENOMEM;
	}
	return 0;
}

static struct json *event_new(const struct kube_client *c, const struct json *regarding,
	const char *namespace_, const char *type, const char *reason, const char *message)
{
	auto_json struct json *event = json_new_obj();
	char now[CLOCK_RFC3339_MAX], note[NOTE_MAX], why[REASON_MAX], instance[REASON_MAX];

	clock_format_micro(clock_wall_ms(), now);
	copy_text(note, sizeof(note), message);
	copy_text(why, sizeof(why), reason);
	copy_text(instance, sizeof(instance), c->instance);
	if (!event || json_set_str(event, "apiVersion", "events.k8s.io/v1") ||
		json_set_str(event, "kind", "Event") || put_metadata(event, regarding, namespace_) ||
		put_regarding(event, regarding) || json_set_str(event, "eventTime", now) ||
		json_set_str(event, "type", type) || json_set_str(event, "reason", why) ||
		json_set_str(event, "action", why) || json_set_str(event, "note", note) ||
		json_set_str(event, "reportingController", c->component) ||
		json_set_str(event, "reportingInstance", instance))
		return NULL;
	return TAKE_PTR(event);
}

static void on_recorded(void *arg, const struct json *object, const struct err *e)
{
	struct kube_client *c = arg;

	(void)object;
	c->events_in_flight--;
	if (e)
		log_debug("event not recorded", "reason", e->reason, "message", e->message);
}

void kube_event(struct kube_client *c, const struct json *regarding, const char *type, const char *reason,
	const char *message)
{
	const char *namespace_ = json_str_at(regarding, "metadata.namespace", "default");
	auto_json struct json *event = NULL;

	if (c->events_in_flight >= MAX_IN_FLIGHT) {
		log_debug("event dropped: too many in flight", "reason", reason);
		return;
	}
	event = event_new(c, regarding, namespace_, type, reason, message);
	if (!event || kube_create(c, &KUBE_EVENTS, namespace_, NULL, event, on_recorded, c))
		return;
	c->events_in_flight++;
}
