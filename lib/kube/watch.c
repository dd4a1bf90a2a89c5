/* SPDX-License-Identifier: Apache-2.0 */
#include <kube/watch.h>

#include <base/cleanup.h>
#include <base/clock.h>
#include <base/log.h>
#include <base/str.h>
#include <errno.h>
#include <kube/resource.h>
#include <kube/status.h>
#include <string.h>

enum {
	CONNECT_MS = 15 * 1000,
	CHUNKED_IDLE_MS = 180 * 1000, /* bookmarks come about once a minute */
	SESSION_MIN_S = 300,
	SESSION_SPREAD_S = 300,
	NO_WS_MS = 600 * 1000, /* how long a refused upgrade is remembered */
};

struct kube_watch {
	struct kube_client *client;
	struct kube_watch_args args;
	char *url;
	struct ws_conn *ws;
	struct http_request *request;
	struct buf line; /* the unfinished event */
	bool ws_refused;
	bool bad_event;
	unsigned busy; /* inside on_event */
	bool stopped;
};

static void watch_free(struct kube_watch *w)
{
	buf_free(&w->line);
	free(w->url);
	free(w);
}

static void watch_end(struct kube_watch *w, const struct err *e)
{
	void (*on_end)(void *, const struct err *) = w->args.on_end;
	void *arg = w->args.arg;
	struct err bad;

	if (w->bad_event) {
		err_set(&bad, -EBADMSG, "BadResponse",
			"a watch event is not valid JSON, or larger than %u bytes", KUBE_OBJECT_MAX);
		e = &bad;
	}
	watch_free(w);
	on_end(arg, e);
}

void kube_watch_stop(struct kube_watch *w)
{
	if (!w || w->stopped)
		return;
	if (w->ws)
		ws_close(w->ws);
	if (w->request)
		http_client_cancel(w->client->http, w->request);
	w->ws = NULL;
	w->request = NULL;
	w->stopped = true;
	if (!w->busy)
		watch_free(w);
}

/* Nonzero: no more events are wanted; w is gone when it was stopped. */
static int feed_event(struct kube_watch *w, const char *text, size_t len)
{
	struct json *event = NULL;
	bool stopped;

	if (json_parse(text, len, KUBE_OBJECT_MAX, &event, NULL) || !json_is_obj(event)) {
		json_free(event);
		w->bad_event = true;
		return -EBADMSG;
	}
	w->busy++;
	w->args.on_event(w->args.arg, event);
	w->busy--;
	stopped = w->stopped;
	if (stopped && !w->busy)
		watch_free(w);
	return stopped;
}

static int on_chunk(void *arg, const char *data, size_t len)
{
	struct kube_watch *w = arg;

	while (len) {
		const char *end = memchr(data, '\n', len);
		size_t n = end ? (size_t)(end - data) : len;

		if (buf_add(&w->line, data, n)) {
			w->bad_event = true;
			return -EMSGSIZE;
		}
		if (!end)
			break;
		data = end + 1;
		len -= n + 1;
		if (!w->line.len)
			continue;
		/* The line must outlive on_event even when that stops the watch. */
		auto_buf struct buf line = w->line;

		w->line = BUF_INIT(KUBE_OBJECT_MAX);
		if (feed_event(w, line.data, line.len))
			return -ECANCELED;
	}
	return 0;
}

static void on_chunked_end(void *arg, const struct http_reply *r, const struct err *transport)
{
	struct kube_watch *w = arg;
	struct err e = {0};
	auto_json struct json *status = NULL;

	w->request = NULL;
	if (transport) {
		e = *transport;
		err_wrap(&e, "watch of %s", w->args.resource->plural);
	} else if (r->status < 200 || r->status > 299) {
		if (json_parse(r->body, r->body_len, KUBE_OBJECT_MAX, &status, NULL))
			status = NULL;
		kube_status_error(r->status, status, &e);
	}
	if (w->ws_refused && r->status >= 200 && r->status < 300) {
		log_debug(
			"watch upgrade refused, chunked watch worked", "resource", w->args.resource->plural);
		w->client->no_ws_until_ms = clock_monotonic_ms() + NO_WS_MS;
	}
	watch_end(w, e.code ? &e : NULL);
}

static int watch_headers(struct kube_watch *w, struct buf *auth, const char *headers[static 3])
{
	if (kube_auth_header(w->client, false, auth))
		return -ENOMEM;
	headers[0] = "Accept: application/json";
	headers[1] = auth->len ? auth->data : NULL;
	headers[2] = NULL;
	return 0;
}

static int start_chunked(struct kube_watch *w, struct err *e)
{
	__attribute__((cleanup(kube_auth_free))) struct buf auth = BUF_INIT(KUBE_AUTH_MAX);
	const char *headers[3];
	struct http_args args = {
		.method = "GET",
		.url = w->url,
		.headers = headers,
		.deadline_ms = CONNECT_MS,
		.idle_ms = CHUNKED_IDLE_MS,
	};

	if (watch_headers(w, &auth, headers))
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for a watch");
	return http_client_stream(w->client->http, &args, on_chunk, on_chunked_end, w, &w->request, e);
}

static int on_ws_message(void *arg, const char *data, size_t len, bool final)
{
	struct kube_watch *w = arg;

	if (buf_add(&w->line, data, len)) {
		w->bad_event = true;
		return -EMSGSIZE;
	}
	if (!final || !w->line.len)
		return 0;
	auto_buf struct buf message = w->line;

	w->line = BUF_INIT(KUBE_OBJECT_MAX);
	return feed_event(w, message.data, message.len) ? -ECANCELED : 0;
}

/* Whatever kept the WebSocket from opening: the chunked watch shows whether it was the upgrade. */
static void on_ws_close(void *arg, int http_status, const struct err *error)
{
	struct kube_watch *w = arg;
	struct err e;

	w->ws = NULL;
	if (http_status == 101 || w->client->dead) {
		watch_end(w, error);
		return;
	}
	w->ws_refused = http_status != 0;
	if (start_chunked(w, &e))
		watch_end(w, &e);
}

static int start_ws(struct kube_watch *w, struct err *e)
{
	static const struct ws_events events = {.on_message = on_ws_message, .on_close = on_ws_close};
	struct kube_client *c = w->client;
	__attribute__((cleanup(kube_auth_free))) struct buf auth = BUF_INIT(KUBE_AUTH_MAX);
	const char *headers[3];
	struct ws_args args = {
		.url = w->url,
		.headers = headers,
		.handshake_ms = CONNECT_MS,
	};
	struct http_tls tls = {
		.ca_pem = c->config.ca_pem,
		.cert_pem = c->config.cert_pem,
		.key_pem = c->config.key_pem,
	};
	int rc = c->ws ? 0 : ws_client_new(c->loop, &tls, &c->ws, e);

	if (rc)
		return rc;
	if (watch_headers(w, &auth, headers))
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for a watch");
	return ws_connect(c->ws, &args, &events, w, &w->ws, e);
}

static int build_url(struct kube_watch *w)
{
	const struct kube_watch_args *a = &w->args;
	auto_buf struct buf path = BUF_INIT(KUBE_PATH_MAX);
	char seconds[24];

	if (str_fmt(seconds, sizeof(seconds), "%d",
		    SESSION_MIN_S + (int)(rng_next(&w->client->rng) % SESSION_SPREAD_S)))
		return -EINVAL;
	if (kube_path_add(&path, a->resource, a->namespace_, NULL, NULL) ||
		kube_query_add(&path, "watch", "1") || kube_query_add(&path, "allowWatchBookmarks", "true") ||
		kube_query_add(&path, "timeoutSeconds", seconds) ||
		kube_query_add(&path, "resourceVersion", a->resource_version) ||
		kube_query_add(&path, "labelSelector", a->label_selector) ||
		kube_query_add(&path, "fieldSelector", a->field_selector))
		return -EINVAL;
	w->url = str_dup_fmt("%s%s", w->client->config.server, path.data);
	return w->url ? 0 : -ENOMEM;
}

int kube_watch_start(
	struct kube_client *c, const struct kube_watch_args *args, struct kube_watch **ret, struct err *e)
{
	struct kube_watch *w = calloc(1, sizeof(*w));
	int rc;

	if (!w)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for a watch");
	w->client = c;
	w->args = *args;
	w->line = BUF_INIT(KUBE_OBJECT_MAX);
	rc = build_url(w);
	if (rc) {
		watch_free(w);
		return err_set(e, rc, "BadWatch", "the watch of %s cannot be expressed as a URL",
			args->resource->plural);
	}
	/* What the WebSocket library cannot even begin (a very long URL), the HTTP client can. */
	rc = clock_monotonic_ms() < c->no_ws_until_ms ? -EOPNOTSUPP : start_ws(w, e);
	if (rc)
		rc = start_chunked(w, e);
	if (rc) {
		watch_free(w);
		return rc;
	}
	*ret = w;
	return 0;
}
