/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/foreign/role.h"

#include <api/names.h>
#include <base/cleanup.h>
#include <base/log.h>
#include <errno.h>
#include <stdlib.h>

#define RETRY_MS 2000

struct role {
	struct kube_client *client;
	const char *namespace_, *pod;
	struct loop_timer *timer;
	bool leader, busy, again;
};

static void on_timer(void *arg);

static void on_patched(void *arg, const struct json *object, const struct err *e)
{
	struct role *r = arg;

	(void)object;
	r->busy = false;
	if (e && e->code == -ECANCELED)
		return;
	if (r->again) {
		on_timer(r);
	} else if (e && e->code != -ENOENT) {
		log_warn("cannot label this pod with its role", "pod", r->pod, "message", e->message);
		loop_timer_start(r->timer, RETRY_MS, 0);
	}
}

static void on_timer(void *arg)
{
	struct role *r = arg;
	auto_json struct json *patch = json_new_obj();
	struct json *labels = json_obj_at(patch, "metadata.labels");

	r->again = r->busy;
	if (r->busy)
		return;
	if (!labels ||
		json_set(labels, API_LABEL_ROLE, r->leader ? json_new_str("leader") : json_new_null()) ||
		kube_patch(r->client, &KUBE_PODS, r->namespace_, r->pod, NULL, KUBE_PATCH_MERGE, patch,
			on_patched, r))
		loop_timer_start(r->timer, RETRY_MS, 0);
	else
		r->busy = true;
}

int role_new(struct kube_client *c, const char *namespace_, const char *pod, struct role **ret)
{
	struct role *r = calloc(1, sizeof(*r));

	if (!r || loop_timer_new(kube_client_loop(c), on_timer, r, &r->timer)) {
		free(r);
		return -ENOMEM;
	}
	r->client = c;
	r->namespace_ = namespace_;
	r->pod = pod;
	*ret = r;
	return 0;
}

void role_set_leader(struct role *r, bool leader)
{
	r->leader = leader;
	loop_timer_start(r->timer, 0, 0);
}

void role_free(struct role *r)
{
	if (!r)
		return;
	loop_timer_free(r->timer);
	free(r);
}
