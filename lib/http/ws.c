/* SPDX-License-Identifier: Apache-2.0 */
#include <http/ws.h>

#include <base/buf.h>
#include <base/cleanup.h>
#include <base/str.h>
#include <errno.h>
#include <http/lws_context.h>
#include <http/tls.h>
#include <http/ws_target.h>
#include <string.h>
#include <utlist.h>

enum {
	PING_S = 25,
	HANGUP_S = 45,
	MAX_CONNECTIONS = 128,
	MAX_HEADERS = 24 << 10, /* what the library's buffer holds, less its own */
};

struct ws_client {
	struct loop *loop;
	struct lws_context *context;
	struct lws_vhost *vhost;
	SSL_CTX *tls;
	struct ws_conn *conns;
	bool dead;
};

struct ws_conn {
	struct ws_client *client;
	struct ws_conn *prev, *next;
	struct lws *wsi;
	struct ws_events events;
	void *arg;
	struct buf headers;
	struct loop_timer *timer;
	int status;
	bool connecting; /* inside lws_client_connect_via_info */
	bool peer_closed;
	bool ended; /* by on_message */
	bool dead;
	unsigned busy; /* inside the owner's callback */
};

/* Shared by all connections and older than any of them: a closing one may still read it. */
static const lws_retry_bo_t liveness = {.secs_since_valid_ping = PING_S, .secs_since_valid_hangup = HANGUP_S};

static void conn_free(struct ws_conn *conn)
{
	loop_timer_free(conn->timer);
	if (conn->headers.data)
		explicit_bzero(conn->headers.data, conn->headers.cap);
	buf_free(&conn->headers);
	free(conn);
}

/* From here on the library's connection is on its own; what it still reports is ignored. */
static void conn_detach(struct ws_conn *conn)
{
	DL_DELETE(conn->client->conns, conn);
	loop_timer_stop(conn->timer);
	if (conn->wsi)
		lws_set_wsi_user(conn->wsi, NULL);
}

static void conn_kill(struct ws_conn *conn)
{
	if (!conn->wsi || conn->busy)
		return; /* its callback ends it by its return value */
	lws_set_timeout(conn->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
	http_lws_wake(conn->client->context);
}

/* The connection's memory stays while a callback of its owner is running. */
static void conn_drop(struct ws_conn *conn)
{
	conn->dead = true;
	if (!conn->busy)
		conn_free(conn);
}

static void conn_finish(struct ws_conn *conn, const struct err *e)
{
	void (*on_close)(void *, int, const struct err *) = conn->events.on_close;
	void *arg = conn->arg;
	int status = conn->status;

	conn_detach(conn);
	conn_drop(conn);
	on_close(arg, status, e);
}

void ws_close(struct ws_conn *conn)
{
	if (!conn || conn->dead)
		return;
	conn_detach(conn);
	conn_kill(conn);
	conn_drop(conn);
}

static int append_headers(struct ws_conn *conn, char **p, size_t room)
{
	if (conn->headers.len >= room)
		return -1;
	if (conn->headers.len)
		memcpy(*p, conn->headers.data, conn->headers.len);
	*p += conn->headers.len;
	return 0;
}

static void on_refused(struct ws_conn *conn, const char *why, size_t len)
{
	struct err e;

	if (conn->connecting)
		return;
	if (conn->status == 101)
		conn->status = 0; /* the answer was no valid upgrade */
	if (conn->status)
		err_set(&e, -EPROTO, "UpgradeRefused",
			"the server answered the WebSocket upgrade with HTTP %d", conn->status);
	else
		err_set(&e, -ECONNREFUSED, "ConnectionFailed", "%.*s", (int)(len ? len : 16),
			why ? why : "no answer");
	conn_finish(conn, &e);
}

static int on_established(struct ws_conn *conn)
{
	loop_timer_stop(conn->timer);
	conn->status = 101;
	if (!conn->events.on_open)
		return 0;
	conn->busy++;
	conn->events.on_open(conn->arg);
	conn->busy--;
	if (!conn->dead)
		return 0;
	conn_free(conn);
	return -1;
}

static int on_receive(struct ws_conn *conn, struct lws *wsi, const char *data, size_t len)
{
	bool final = lws_is_final_fragment(wsi) && !lws_remaining_packet_payload(wsi);
	int end;

	conn->busy++;
	end = conn->events.on_message(conn->arg, data, len, final);
	conn->busy--;
	if (conn->dead) {
		conn_free(conn);
		return -1;
	}
	conn->ended = end != 0;
	return end ? -1 : 0;
}

static void on_gone(struct ws_conn *conn)
{
	struct err e;

	if (conn->connecting)
		return;
	err_set(&e, -ECONNRESET, "ConnectionLost", "the WebSocket ended without a close frame");
	conn_finish(conn, conn->peer_closed || conn->ended ? NULL : &e);
}

static int on_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
	struct ws_conn *conn = user;

	if (!conn) /* closed by its owner: everything that still goes on is refused */
		return reason == LWS_CALLBACK_CLIENT_RECEIVE || reason == LWS_CALLBACK_CLIENT_ESTABLISHED ? -1
													  : 0;
	switch (reason) {
	case LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER:
		return append_headers(conn, in, len);
	case LWS_CALLBACK_ESTABLISHED_CLIENT_HTTP:
		conn->status = (int)lws_http_client_http_response(wsi);
		return 0;
	case LWS_CALLBACK_CLIENT_HTTP_REDIRECT:
		conn->status = (int)lws_http_client_http_response(wsi);
		return -1; /* the credentials are meant for this server only */
	case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
		on_refused(conn, in, len);
		return 0;
	case LWS_CALLBACK_CLIENT_ESTABLISHED:
		return on_established(conn);
	case LWS_CALLBACK_CLIENT_RECEIVE:
		return on_receive(conn, wsi, in, len);
	case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
		conn->peer_closed = true;
		return 0;
	case LWS_CALLBACK_CLIENT_CLOSED:
	case LWS_CALLBACK_WSI_DESTROY:
		on_gone(conn);
		return 0;
	default:
		return 0;
	}
}

static const struct lws_protocols protocols[] = {
	{.name = "escape-stream", .callback = on_callback},
	{.name = NULL},
};

static int client_start(struct ws_client *c, struct err *e)
{
	struct lws_context_creation_info info = {
		.port = CONTEXT_PORT_NO_LISTEN,
		.protocols = protocols,
		.provided_client_ssl_ctx = c->tls,
		.options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT,
		.fd_limit_per_thread = MAX_CONNECTIONS,
	};

	return http_lws_new(c->loop, &info, &c->context, &c->vhost, e);
}

int ws_client_new(struct loop *l, const struct http_tls *tls, struct ws_client **ret, struct err *e)
{
	struct ws_client *c = calloc(1, sizeof(*c));
	int rc;

	if (!c)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for a WebSocket client");
	c->loop = l;
	rc = http_tls_client_context(tls, &c->tls, e);
	if (!rc)
		rc = client_start(c, e);
	if (rc) {
		SSL_CTX_free(c->tls);
		free(c);
		return rc;
	}
	*ret = c;
	return 0;
}

static void on_released(void *arg)
{
	struct ws_client *c = arg;

	SSL_CTX_free(c->tls);
	free(c);
}

void ws_client_free(struct ws_client *c)
{
	struct err e;

	if (!c || c->dead)
		return;
	c->dead = true;
	err_set(&e, -ECANCELED, "Canceled", "the WebSocket client was closed");
	while (c->conns)
		conn_finish(c->conns, &e);
	http_lws_release(c->loop, c->context, on_released, c);
}

static int set_headers(struct ws_conn *conn, const char *const *headers, struct err *e)
{
	conn->headers = BUF_INIT(MAX_HEADERS);
	for (; headers && *headers; headers++) {
		for (const char *p = *headers; *p; p++)
			if ((unsigned char)*p < ' ' || *p == 0x7f)
				return err_set(e, -EINVAL, "BadHeader",
					"a request header contains control characters");
		buf_addf(&conn->headers, "%s\r\n", *headers);
	}
	if (conn->headers.failed)
		return err_set(e, -EMSGSIZE, "BadHeader",
			"the request headers are too large for a WebSocket upgrade");
	return 0;
}

static void on_timer(void *arg)
{
	struct ws_conn *conn = arg;
	struct err e;

	conn->status = 0;
	if (conn->wsi)
		err_set(&e, -ETIMEDOUT, "Timeout", "the WebSocket upgrade was not answered in time");
	else
		err_set(&e, -ECONNREFUSED, "ConnectionFailed", "cannot connect to the server");
	if (conn->wsi) {
		lws_set_wsi_user(conn->wsi, NULL);
		conn_kill(conn);
		conn->wsi = NULL;
	}
	conn_finish(conn, &e);
}

static void conn_connect(struct ws_conn *conn, const struct ws_target *t)
{
	struct lws_client_connect_info info = {
		.context = conn->client->context,
		.vhost = conn->client->vhost,
		.address = t->address,
		.port = t->port,
		.path = t->path,
		.host = t->host,
		/* kube-apiserver answers 403 to an upgrade without an Origin. */
		.origin = t->host,
		.local_protocol_name = protocols[0].name,
		.ssl_connection = t->tls ? LCCSCF_USE_SSL : 0,
		.alpn = "http/1.1",
		.userdata = conn,
		.retry_and_idle_policy = &liveness,
	};

	conn->connecting = true;
	conn->wsi = lws_client_connect_via_info(&info);
	conn->connecting = false;
	http_lws_wake(conn->client->context);
}

int ws_connect(struct ws_client *c, const struct ws_args *args, const struct ws_events *events, void *arg,
	struct ws_conn **ret, struct err *e)
{
	__attribute__((cleanup(ws_target_free))) struct ws_target t = {0};
	struct ws_conn *conn;
	int rc = ws_target_parse(args->url, &t, e);

	if (rc)
		return rc;
	if (c->dead)
		return err_set(e, -ECANCELED, "Canceled", "the WebSocket client was closed");
	conn = calloc(1, sizeof(*conn));
	if (!conn || loop_timer_new(c->loop, on_timer, conn, &conn->timer)) {
		free(conn);
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for a WebSocket");
	}
	conn->client = c;
	conn->events = *events;
	conn->arg = arg;
	rc = set_headers(conn, args->headers, e);
	if (rc) {
		conn_free(conn);
		return rc;
	}
	DL_APPEND(c->conns, conn);
	conn_connect(conn, &t);
	/* What fails at once is reported by the timer, not from inside this call. */
	loop_timer_start(conn->timer, conn->wsi ? args->handshake_ms : 0, 0);
	*ret = conn;
	return 0;
}
