/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/admission/webhook.h"

#include "operator/admission/admission.h"
#include "operator/plan/plan_evictions.h"

#include <base/cleanup.h>
#include <base/clock.h>
#include <base/log.h>
#include <errno.h>
#include <http/server.h>

struct webhook {
	struct webhook_args args;
	struct http_server *server;
};

static bool governs(void *arg, const struct json *pod)
{
	const struct webhook *h = arg;

	for (const struct world_policy *p = h->args.world->policies; p; p = p->hh.next)
		if (policy_selects(&p->policy, pod))
			return true;
	return false;
}

static void on_noted(void *arg, const struct json *object, const struct err *e)
{
	(void)arg;
	(void)object;
	/* Whoever evicts asks again, and it is noted then. */
	if (e && e->code != -ENOENT && e->code != -ECANCELED)
		log_warn("cannot note on the pod that it is to move", "message", e->message);
}

/* The leader, which may be another replica, finds it on the pod. */
static void eviction_note(struct webhook *h, const struct world_pod *p, int64_t now_ms)
{
	auto_json struct json *patch = json_new_obj();
	struct json *meta = json_obj_at(patch, "metadata");
	struct json *annotations = json_obj_at(patch, "metadata.annotations");
	char at[CLOCK_RFC3339_MAX];

	clock_format_micro(now_ms, at);
	if (!meta || !annotations || json_set_str(meta, "uid", p->uid) ||
		json_set_str(annotations, API_ANN_EVICTED, at) ||
		kube_patch(h->args.client, &KUBE_PODS, p->namespace_, p->name, NULL, KUBE_PATCH_MERGE, patch,
			on_noted, h))
		log_warn("cannot note on the pod that it is to move", "namespace", p->namespace_, "name",
			p->name);
}

static bool evicts(void *arg, const char *namespace_, const char *name, bool dry_run, struct err *why)
{
	struct webhook *h = arg;
	const struct world_pod *p = world_pod(h->args.world, namespace_, name);
	int64_t now_ms = clock_wall_ms();
	enum eviction verdict;

	if (!p)
		return true;
	verdict = eviction_judge(h->args.world, h->args.config, p, now_ms, why);
	if (verdict == EVICTION_ASKS && !dry_run)
		eviction_note(h, p, now_ms);
	return verdict == EVICTION_PASSES;
}

static void answer_with(struct http_answer *answer, int rc, const struct err *e)
{
	answer->status = 200;
	answer->content_type = "application/json";
	if (!rc)
		return;
	log_warn("AdmissionReview refused", "reason", e->reason, "message", e->message);
	answer->status = rc == -ENOMEM ? 500 : 400;
	answer->content_type = "text/plain; charset=utf-8";
	buf_reset(&answer->body);
	buf_addf(&answer->body, "%s\n", e->message);
}

static void on_pod(void *arg, const struct http_call *call, struct http_answer *answer)
{
	struct err e = {0};

	answer_with(
		answer, admission_review(call->body, call->body_len, governs, arg, &answer->body, &e), &e);
}

static void on_eviction(void *arg, const struct http_call *call, struct http_answer *answer)
{
	struct err e = {0};

	answer_with(answer, eviction_review(call->body, call->body_len, evicts, arg, &answer->body, &e), &e);
}

int webhook_new(const struct webhook_args *args, struct webhook **ret)
{
	struct webhook *h = calloc(1, sizeof(*h));

	if (!h)
		return -ENOMEM;
	h->args = *args;
	*ret = h;
	return 0;
}

static int server_start(struct webhook *h, const struct certs *c, struct http_server **ret, struct err *e)
{
	const struct http_server_args args = {.address = h->args.address,
		.port = h->args.port,
		.cert_pem = c->cert_pem,
		.key_pem = c->key_pem};
	int rc = http_server_new(kube_client_loop(h->args.client), &args, ret, e);

	if (!rc)
		rc = http_server_handle(*ret, "POST", "/mutate-pods", on_pod, h);
	return rc ? rc : http_server_handle(*ret, "POST", "/evictions", on_eviction, h);
}

int webhook_use(struct webhook *h, const struct certs *c, struct err *e)
{
	/* The port is taken while the old server lives; a review in between is asked again or ignored. */
	http_server_free(h->server);
	h->server = NULL;
	return server_start(h, c, &h->server, e);
}

bool webhook_serves(const struct webhook *h)
{
	return h->server;
}

int webhook_port(const struct webhook *h)
{
	return h->server ? http_server_port(h->server) : 0;
}

void webhook_free(struct webhook *h)
{
	if (!h)
		return;
	http_server_free(h->server);
	free(h);
}
