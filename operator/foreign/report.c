/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/foreign/report.h"

#include <base/clock.h>
#include <base/str.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

static const char *const PRIORITIES[] = {
	[PRIORITY_EMERGENCY] = "Emergency",
	[PRIORITY_ALERT] = "Alert",
	[PRIORITY_CRITICAL] = "Critical",
	[PRIORITY_ERROR] = "Error",
	[PRIORITY_WARNING] = "Warning",
	[PRIORITY_NOTICE] = "Notice",
	[PRIORITY_INFORMATIONAL] = "Informational",
	[PRIORITY_DEBUG] = "Debug",
};

int foreign_priority_parse(const char *text, enum foreign_priority *ret)
{
	for (int i = PRIORITY_EMERGENCY; i <= PRIORITY_DEBUG; i++)
		if (!strcasecmp(text, PRIORITIES[i])) {
			*ret = (enum foreign_priority)i;
			return 0;
		}
	if (strcasecmp(text, "Info"))
		return -EINVAL;
	*ret = PRIORITY_INFORMATIONAL;
	return 0;
}

/* Cut between characters; NULL is "". */
static void text_put(char *dst, size_t size, const char *src)
{
	size_t left = src ? strlen(src) : 0, at = 0;

	while (left) {
		size_t n = str_utf8_len(src, left, NULL);
		bool control = n == 1 && ((unsigned char)*src < 0x20 || *src == 0x7f);

		if (!n || at + n >= size)
			break;
		memcpy(dst + at, control ? " " : src, n);
		at += n;
		src += n;
		left -= n;
	}
	dst[at] = '\0';
}

static void name_put(char *dst, size_t size, const char *name, bool dots)
{
	if (name && str_is_dns_name(name, dots))
		str_copy(dst, size, name);
}

static void pod_put(struct foreign_report *r, const char *namespace_, const char *pod)
{
	name_put(r->namespace_, sizeof(r->namespace_), namespace_, false);
	name_put(r->pod, sizeof(r->pod), pod, true);
	if (!*r->namespace_ || !*r->pod)
		r->namespace_[0] = r->pod[0] = '\0';
}

static void time_put(struct foreign_report *r, const char *text)
{
	if (!text || clock_parse(text, &r->at_ms) || r->at_ms < 0)
		r->at_ms = 0;
}

static const char *member_str(const struct json *obj, const char *key)
{
	return json_str(json_member(obj, key));
}

static int falco_read(const struct json *event, struct foreign_report *r, struct err *e)
{
	const struct json *fields = json_member(event, "output_fields");
	const char *priority = member_str(event, "priority"), *source = member_str(event, "source");

	r->source = SOURCE_FALCO;
	if (!priority || foreign_priority_parse(priority, &r->priority))
		return err_set(
			e, -EINVAL, "BadAlert", "priority: expected one of Falco's, Emergency to Debug");
	text_put(r->rule, sizeof(r->rule), member_str(event, "rule"));
	if (!*r->rule)
		return err_set(e, -EINVAL, "BadAlert", "rule: a name is expected");
	if (source && !str_eq(source, "syscall"))
		return -ENOMSG;
	text_put(r->message, sizeof(r->message), member_str(event, "output"));
	name_put(r->node, sizeof(r->node), member_str(event, "hostname"), true);
	pod_put(r, member_str(fields, "k8s.ns.name"), member_str(fields, "k8s.pod.name"));
	time_put(r, member_str(event, "time"));
	return 0;
}

static bool was_stopped(const char *action)
{
	static const char *const STOPPING[] = {"KPROBE_ACTION_SIGKILL", "KPROBE_ACTION_SIGNAL",
		"KPROBE_ACTION_OVERRIDE", "KPROBE_ACTION_NOTIFYENFORCER"};

	for (size_t i = 0; action && i < sizeof(STOPPING) / sizeof(*STOPPING); i++)
		if (str_eq(action, STOPPING[i]))
			return true;
	return false;
}

static void tetragon_message(const struct json *inner, struct foreign_report *r)
{
	char text[1024];

	text_put(text, sizeof(text), member_str(inner, "message"));
	if (!*text)
		str_fmt(text, sizeof(text), "%.300s %.500s: %.200s",
			json_str_at(inner, "process.binary", "a process"),
			json_str_at(inner, "process.arguments", ""), json_str_at(inner, "function_name", ""));
	text_put(r->message, sizeof(r->message), text);
}

static int tetragon_read(
	const struct json *event, const struct json *inner, struct foreign_report *r, struct err *e)
{
	const struct json *pod = json_at(inner, "process.pod");
	const char *rule = member_str(inner, "policy_name"), *action = member_str(inner, "action");

	r->source = SOURCE_TETRAGON;
	text_put(r->rule, sizeof(r->rule), rule && *rule ? rule : member_str(inner, "function_name"));
	if (!*r->rule)
		return err_set(e, -EINVAL, "BadAlert", "policy_name or function_name is expected");
	r->priority = was_stopped(action) ? PRIORITY_CRITICAL : PRIORITY_WARNING;
	tetragon_message(inner, r);
	name_put(r->node, sizeof(r->node), member_str(event, "node_name"), true);
	pod_put(r, member_str(pod, "namespace"), member_str(pod, "name"));
	time_put(r, member_str(event, "time"));
	return 0;
}

/* Of a TracingPolicy; NULL: it is another event of Tetragon's, or none of them. */
static const struct json *policy_event(const struct json *event)
{
	static const char *const KINDS[] = {
		"process_kprobe", "process_tracepoint", "process_uprobe", "process_usdt", "process_lsm"};

	for (size_t i = 0; i < sizeof(KINDS) / sizeof(*KINDS); i++)
		if (json_is_obj(json_member(event, KINDS[i])))
			return json_member(event, KINDS[i]);
	return NULL;
}

static bool is_other_of_tetragon(const struct json *event)
{
	if (!member_str(event, "node_name") && !member_str(event, "time"))
		return false;
	json_foreach(i, event)
	{
		if (str_starts(json_key(i), "process_") || str_eq(json_key(i), "rate_limit_info"))
			return true;
	}
	return false;
}

int foreign_read(const struct json *event, struct foreign_report *ret, struct err *e)
{
	const struct json *inner = policy_event(event);

	memset(ret, 0, sizeof(*ret));
	if (!json_is_obj(event))
		return err_set(e, -EINVAL, "BadAlert", "an event is an object");
	if (inner)
		return tetragon_read(event, inner, ret, e);
	if (json_member(event, "rule"))
		return falco_read(event, ret, e);
	if (is_other_of_tetragon(event))
		return -ENOMSG;
	return err_set(e, -EINVAL, "BadAlert",
		"neither Falco's alert (rule, priority) nor an event of Tetragon (process_kprobe ...)");
}
