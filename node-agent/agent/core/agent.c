/* SPDX-License-Identifier: Apache-2.0 */
#include <base/cleanup.h>
#include <base/str.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/random.h>

#include "node-agent/agent/core/agent.h"

struct agent_working {
	struct agent *agent;
	void (*work)(void *arg);
	void (*done)(void *arg);
	void *arg;
};

static void working_work(void *arg)
{
	struct agent_working *w = arg;

	w->work(w->arg);
}

static void working_done(void *arg)
{
	struct agent_working *w = arg;

	w->agent->works--;
	w->done(w->arg);
	free(w);
}

int agent_work(struct agent *a, void (*work)(void *arg), void (*done)(void *arg), void *arg)
{
	struct agent_working *w = a->stopping ? NULL : malloc(sizeof(*w));
	int rc;

	if (!w)
		return a->stopping ? -ESHUTDOWN : -ENOMEM;
	*w = (struct agent_working){.agent = a, .work = work, .done = done, .arg = arg};
	rc = loop_work(a->loop, working_work, working_done, w);
	if (rc) {
		free(w);
		return rc;
	}
	a->works++;
	return 0;
}

void agent_event(struct agent *a, const char *namespace_, const char *pod, const char *uid, const char *type,
	const char *reason, const char *fmt, ...)
{
	auto_json struct json *regarding = json_new_obj();
	struct json *meta = json_obj_at(regarding, "metadata");
	char message[ERR_MESSAGE_MAX * 2];
	va_list ap;

	if (a->stopping || !meta)
		return;
	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	json_set_str(regarding, "apiVersion", "v1");
	json_set_str(regarding, "kind", "Pod");
	json_set_str(meta, "namespace", namespace_);
	json_set_str(meta, "name", pod);
	json_set_str(meta, "uid", uid);
	kube_event(a->kube, regarding, type, reason, message);
}

const struct json *agent_pod(const struct agent *a, const char *namespace_, const char *name, const char *uid)
{
	const struct json *pod = a->pods ? kube_informer_get(a->pods, namespace_, name) : NULL;

	return pod && str_eq(json_str_at(pod, "metadata.uid", ""), uid) ? pod : NULL;
}

struct uid_search {
	const char *uid;
	bool found;
};

static void uid_compare(void *arg, const struct json *pod)
{
	struct uid_search *s = arg;

	s->found |= str_eq(json_str_at(pod, "metadata.uid", ""), s->uid);
}

bool agent_pod_exists(const struct agent *a, const char *uid)
{
	struct uid_search s = {.uid = uid};

	kube_informer_each(a->pods, uid_compare, &s);
	return s.found;
}

uint64_t agent_order_id(const char *scope, const char *step, const char *detail)
{
	auto_free char *text = str_dup_fmt("%s\n%s\n%s", scope, step, detail);
	uint64_t id = text ? str_hash64(text, strlen(text)) : 0;

	return id ? id : 1;
}

uint64_t agent_order_id_new(void)
{
	uint64_t id = 0;

	while (!id)
		if (getrandom(&id, sizeof(id), 0) != (ssize_t)sizeof(id))
			id = 0;
	return id;
}
