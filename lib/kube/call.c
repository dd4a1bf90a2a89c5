/* SPDX-License-Identifier: Apache-2.0 */
#include <base/cleanup.h>
#include <base/clock.h>
#include <base/str.h>
#include <errno.h>
#include <kube/client_priv.h>
#include <kube/status.h>
#include <string.h>
#include <utlist.h>

enum {
	RETRY_BASE_MS = 100,
	RETRY_MAX_MS = 5000,
};

struct kube_call {
	struct kube_client *client;
	struct kube_call *prev, *next;
	const char *method;
	const char *content_type;
	char *url;
	char *body;
	size_t body_len;
	size_t max_body;
	bool idempotent;
	bool token_reread; /* once per call */
	int64_t deadline_at_ms;
	struct backoff backoff;
	struct http_request *request;
	struct loop_timer *timer;
	struct json *reply;
	kube_done done;
	void *arg;
};

static void call_free(struct kube_call *call)
{
	if (!call)
		return;
	loop_timer_free(call->timer);
	free(call->url);
	free(call->body);
	json_free(call->reply);
	free(call);
}

static void call_unlink(struct kube_call *call)
{
	DL_DELETE(call->client->calls, call);
	if (call->request)
		http_client_cancel(call->client->http, call->request);
	call->request = NULL;
	loop_timer_stop(call->timer);
}

/* The client may be gone when done returns. */
static void call_finish(struct kube_call *call, const struct err *e)
{
	call_unlink(call);
	call->done(call->arg, e ? NULL : call->reply, e);
	call_free(call);
}

void kube_call_cancel(struct kube_call *call)
{
	call_unlink(call);
	call_free(call);
}

static int call_send(struct kube_call *call, struct err *e);

static void on_retry(void *arg)
{
	struct kube_call *call = arg;
	struct err e;

	if (call_send(call, &e))
		call_finish(call, &e);
}

/* Refused before it was executed: may be sent again whatever the method. */
static bool was_refused(const struct http_reply *r, const struct err *e)
{
	/* A timeout with time left is that of the connection attempt. */
	if (!r->status)
		return e->code == -ECONNREFUSED || e->code == -EHOSTUNREACH || e->code == -ETIMEDOUT;
	return (r->status == 429 || r->status == 503) && r->retry_after_ms > 0;
}

static bool call_retry(struct kube_call *call, const struct http_reply *r, const struct err *e)
{
	int64_t wait_ms;

	if (!was_refused(r, e) && !(call->idempotent && !r->status && e->code == -ECONNRESET))
		return false;
	wait_ms = backoff_next_ms(&call->backoff);
	if (wait_ms < r->retry_after_ms)
		wait_ms = r->retry_after_ms;
	if (clock_monotonic_ms() + wait_ms >= call->deadline_at_ms)
		return false;
	return !loop_timer_start(call->timer, (uint64_t)wait_ms, 0);
}

static int wrap_transport(const struct kube_call *call, const struct err *from, struct err *e)
{
	const char *path = call->url + strlen(call->client->config.server);

	*e = *from;
	return err_wrap(e, "%s %.*s", call->method, (int)strcspn(path, "?"), path);
}

static int read_reply(struct kube_call *call, const struct http_reply *r, struct err *e)
{
	bool ok = r->status >= 200 && r->status < 300;
	struct err why;

	if (!r->body_len)
		return ok ? 0 : kube_status_error(r->status, NULL, e);
	if (json_parse(r->body, r->body_len, call->max_body, &call->reply, &why)) {
		if (!ok)
			return kube_status_error(r->status, NULL, e);
		return err_set(e, -EBADMSG, "BadResponse", "the API server's answer is not JSON: %.300s",
			why.message);
	}
	return ok ? 0 : kube_status_error(r->status, call->reply, e);
}

static void on_done(void *arg, const struct http_reply *r, const struct err *transport)
{
	struct kube_call *call = arg;
	struct err e = {0};

	call->request = NULL;
	if (call_retry(call, r, transport))
		return;
	if (r->status == 401 && call->client->config.token_path && !call->token_reread) {
		call->token_reread = true;
		if (call_send(call, &e))
			call_finish(call, &e);
		return;
	}
	if (!r->status)
		wrap_transport(call, transport, &e);
	else
		read_reply(call, r, &e);
	call_finish(call, e.code ? &e : NULL);
}

static int call_send(struct kube_call *call, struct err *e)
{
	struct kube_client *c = call->client;
	__attribute__((cleanup(kube_auth_free))) struct buf auth = BUF_INIT(KUBE_AUTH_MAX);
	char type[64];
	const char *headers[4] = {"Accept: application/json"};
	size_t n = 1;
	int64_t left_ms = call->deadline_at_ms - clock_monotonic_ms();

	if (kube_auth_header(c, call->token_reread, &auth))
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for a request");
	if (auth.len)
		headers[n++] = auth.data;
	if (call->body && !str_fmt(type, sizeof(type), "Content-Type: %s", call->content_type))
		headers[n++] = type;
	struct http_args args = {
		.method = call->method,
		.url = call->url,
		.headers = headers,
		.body = call->body,
		.body_len = call->body_len,
		.deadline_ms = left_ms > 1 ? (uint32_t)left_ms : 1,
		.max_body = call->max_body,
	};

	return http_client_send(c->http, &args, on_done, call, &call->request, e);
}

static int call_fill(struct kube_call *call, const struct kube_call_args *args)
{
	struct kube_client *c = call->client;

	call->method = args->method;
	call->content_type = args->content_type ? args->content_type : "application/json";
	call->idempotent = args->idempotent;
	call->max_body = args->max_body ? args->max_body : KUBE_OBJECT_MAX;
	call->deadline_at_ms =
		clock_monotonic_ms() + (args->deadline_ms ? args->deadline_ms : c->deadline_ms);
	backoff_init(&call->backoff, RETRY_BASE_MS, RETRY_MAX_MS, rng_next(&c->rng));
	call->url = str_dup_fmt("%s%s", c->config.server, args->path);
	if (args->body) {
		call->body = json_print(args->body);
		if (!call->body)
			return -ENOMEM;
		call->body_len = strlen(call->body);
	}
	return call->url ? loop_timer_new(c->loop, on_retry, call, &call->timer) : -ENOMEM;
}

int kube_call_start(struct kube_client *c, const struct kube_call_args *args, kube_done done, void *arg,
	struct kube_call **ret)
{
	struct kube_call *call;
	int rc;

	if (c->dead)
		return -ECANCELED;
	call = calloc(1, sizeof(*call));
	if (!call)
		return -ENOMEM;
	call->client = c;
	call->done = done;
	call->arg = arg;
	rc = call_fill(call, args);
	if (!rc)
		rc = call_send(call, NULL);
	if (rc) {
		call_free(call);
		return rc;
	}
	DL_APPEND(c->calls, call);
	if (ret)
		*ret = call;
	return 0;
}

void kube_calls_abort(struct kube_client *c)
{
	struct err e;

	err_set(&e, -ECANCELED, "Canceled", "the client was closed");
	while (c->calls)
		call_finish(c->calls, &e);
}
