/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/admission/webhook.h"

#include "operator/admission/admission.h"

#include <base/cleanup.h>
#include <base/log.h>
#include <errno.h>
#include <http/server.h>

struct webhook {
	struct loop *loop;
	const struct world *world;
	const char *address;
	int port;
	struct http_server *server;
};

static bool governs(void *arg, const struct json *pod)
{
	const struct webhook *h = arg;

	for (const struct world_policy *p = h->world->policies; p; p = p->hh.next)
		if (policy_selects(&p->policy, pod))
			return true;
	return false;
}

static void on_review(void *arg, const struct http_call *call, struct http_answer *answer)
{
	struct err e = {0};
	int rc = admission_review(call->body, call->body_len, governs, arg, &answer->body, &e);

	answer->status = 200;
	answer->content_type = "application/json";
	if (!rc)
		return;
	log_warn("AdmissionReview refused", "reason", e.reason, "message", e.message);
	answer->status = rc == -ENOMEM ? 500 : 400;
	answer->content_type = "text/plain; charset=utf-8";
	buf_reset(&answer->body);
	buf_addf(&answer->body, "%s\n", e.message);
}

int webhook_new(struct loop *l, const struct world *w, const char *address, int port, struct webhook **ret)
{
	struct webhook *h = calloc(1, sizeof(*h));

	if (!h)
		return -ENOMEM;
	h->loop = l;
	h->world = w;
	h->address = address;
	h->port = port;
	*ret = h;
	return 0;
}

static int server_start(struct webhook *h, const struct certs *c, struct http_server **ret, struct err *e)
{
	const struct http_server_args args = {
		.address = h->address, .port = h->port, .cert_pem = c->cert_pem, .key_pem = c->key_pem};
	int rc = http_server_new(h->loop, &args, ret, e);

	return rc ? rc : http_server_handle(*ret, "POST", "/mutate-pods", on_review, h);
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
