/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/admission/admission_priv.h"

#include <base/str.h>
#include <errno.h>

#define TOO_MANY_REQUESTS 429

struct question {
	admission_evicts evicts;
	void *arg;
};

static bool is_eviction(const struct json *request)
{
	return str_eq(json_str_at(request, "operation", ""), "CREATE") &&
	       str_eq(json_str_at(request, "resource.group", ""), "") &&
	       str_eq(json_str_at(request, "resource.resource", ""), "pods") &&
	       str_eq(json_str_at(request, "subResource", ""), "eviction");
}

static int refuse(struct json *response, const struct err *why)
{
	struct json *status;

	json_remove(response, "allowed");
	status = json_obj_at(response, "status");
	if (!status || json_set_bool(response, "allowed", false) ||
		json_set(status, "code", json_new_num(TOO_MANY_REQUESTS)) ||
		json_set_str(status, "reason", "TooManyRequests"))
		return -ENOMEM;
	return json_set_str(status, "message", why->message);
}

/* kubectl drain --dry-run=server says it in the Eviction, where the API server does not look. */
static bool is_dry_run(const struct json *request)
{
	return json_bool_at(request, "dryRun", false) ||
	       json_len(json_at(request, "object.deleteOptions.dryRun"));
}

static int respond(void *arg, struct json *response, const struct json *request)
{
	const struct question *q = arg;
	char text[ERR_MESSAGE_MAX];
	struct err why = {0};

	if (!is_eviction(request))
		return 0;
	if (!q->evicts(q->arg, json_str_at(request, "namespace", ""), json_str_at(request, "name", ""),
		    is_dry_run(request), &why))
		return refuse(response, &why);
	if (!why.code)
		return 0;
	str_fmt(text, sizeof(text), "escape: the pod is evicted and does not move: %.350s (%s)", why.message,
		why.reason);
	return admission_warn(response, text);
}

int eviction_review(
	const char *body, size_t len, admission_evicts evicts, void *arg, struct buf *out, struct err *e)
{
	struct question q = {.evicts = evicts, .arg = arg};

	return admission_answer(body, len, respond, &q, out, e);
}
