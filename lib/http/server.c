/* SPDX-License-Identifier: Apache-2.0 */
#include <http/server.h>

#include <base/cleanup.h>
#include <base/str.h>
#include <errno.h>
#include <http/listener.h>
#include <http/lws_context.h>
#include <http/routes.h>
#include <http/tls.h>
#include <string.h>

enum {
	BODY_MAX = 3 << 20, /* an AdmissionReview */
	MAX_CONNECTIONS = 256,
	REQUEST_TIMEOUT_S = 20,
	KEEPALIVE_S = 90,
	WRITE_CHUNK = 32 * 1024,
	METHOD_MAX = 8,
	PATH_MAX_LEN = 1024,
	AUTHORIZATION_MAX = 1024,
};

struct http_server {
	struct loop *loop;
	struct lws_context *context;
	struct lws_vhost *vhost;
	struct http_listener *listener;
	SSL_CTX *unused_client_tls;
	struct http_route *routes;
	const struct http_server_args *args; /* only while the context is being made */
	size_t body_max;
	bool dead;
};

/* One request on a connection; the library zeroes it at birth. Reset for the next request. */
struct session {
	char method[METHOD_MAX];
	char path[PATH_MAX_LEN];
	char authorization[AUTHORIZATION_MAX];
	struct buf body;
	struct buf answer;
	size_t sent;
	int refused; /* the status of a body that is not read, else 0 */
};

static const struct {
	enum lws_token_indexes token;
	const char *name;
} METHODS[] = {
	{WSI_TOKEN_GET_URI, "GET"},
	{WSI_TOKEN_POST_URI, "POST"},
	{WSI_TOKEN_PUT_URI, "PUT"},
	{WSI_TOKEN_PATCH_URI, "PATCH"},
	{WSI_TOKEN_DELETE_URI, "DELETE"},
	{WSI_TOKEN_HEAD_URI, "HEAD"},
	{WSI_TOKEN_OPTIONS_URI, "OPTIONS"},
};

static void session_reset(struct session *s)
{
	buf_free(&s->body);
	buf_free(&s->answer);
	*s = (struct session){.body = BUF_INIT(BODY_MAX), .answer = BUF_INIT(HTTP_ANSWER_MAX)};
}

static void dispatch(const struct http_server *server, const struct session *s, struct http_answer *a)
{
	struct http_call call = {
		.method = s->method,
		.path = s->path,
		.authorization = s->authorization,
		.body = s->body.data ? s->body.data : "",
		.body_len = s->body.len,
	};

	if (s->refused == 413)
		http_answer_plain(a, 413, "the request body is too large");
	else if (s->refused)
		http_answer_plain(a, s->refused, "the request body needs a Content-Length");
	else
		http_routes_answer(server->routes, &call, a);
}

static int send_headers(struct lws *wsi, const struct http_answer *a)
{
	unsigned char buffer[LWS_PRE + 2048];
	unsigned char *start = buffer + LWS_PRE, *p = start, *end = buffer + sizeof(buffer) - 1;
	const char *type = a->content_type ? a->content_type : "text/plain; charset=utf-8";

	if (lws_add_http_common_headers(wsi, (unsigned)a->status, type, a->body.len, &p, end) ||
		lws_finalize_write_http_header(wsi, start, &p, end))
		return -1;
	return 0;
}

static int finish_request(struct lws *wsi, struct session *s)
{
	bool broken = s->refused != 0; /* that body is still under way */

	session_reset(s);
	return broken || lws_http_transaction_completed(wsi) ? -1 : 0;
}

static int answer(struct lws *wsi, const struct http_server *server, struct session *s)
{
	struct http_answer a = {.status = 200, .body = BUF_INIT(HTTP_ANSWER_MAX)};

	dispatch(server, s, &a);
	buf_free(&s->body);
	if (send_headers(wsi, &a)) {
		buf_free(&a.body);
		return -1;
	}
	s->answer = a.body;
	s->sent = 0;
	if (!s->answer.len || str_eq(s->method, "HEAD"))
		return finish_request(wsi, s);
	lws_callback_on_writable(wsi);
	return 0;
}

static int write_more(struct lws *wsi, struct session *s)
{
	unsigned char buffer[LWS_PRE + WRITE_CHUNK];
	size_t n = s->answer.len - s->sent;
	bool last = n <= WRITE_CHUNK;

	if (!s->answer.len)
		return 0;
	if (!last)
		n = WRITE_CHUNK;
	memcpy(buffer + LWS_PRE, s->answer.data + s->sent, n);
	if (lws_write(wsi, buffer + LWS_PRE, n, last ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP) < 0)
		return -1;
	s->sent += n;
	if (last)
		return finish_request(wsi, s);
	lws_callback_on_writable(wsi);
	return 0;
}

static int read_request_line(struct lws *wsi, struct session *s)
{
	for (size_t i = 0; i < ARRAY_LEN(METHODS); i++) {
		if (!lws_hdr_total_length(wsi, METHODS[i].token))
			continue;
		if (str_copy(s->method, sizeof(s->method), METHODS[i].name))
			return -1;
		return lws_hdr_copy(wsi, s->path, sizeof(s->path), METHODS[i].token) > 0 ? 0 : -1;
	}
	return -1;
}

static bool announces_body(struct lws *wsi, const struct http_server *server, struct session *s)
{
	char text[32];
	int64_t length = 0;

	if (lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING)) {
		s->refused = 411; /* the library cannot read a chunked request body */
		return false;
	}
	if (lws_hdr_copy(wsi, text, sizeof(text), WSI_TOKEN_HTTP_CONTENT_LENGTH) <= 0)
		return false;
	if (str_parse_i64(text, 0, (int64_t)server->body_max, &length))
		s->refused = 413;
	return length > 0 && !s->refused;
}

static int on_request(struct lws *wsi, const struct http_server *server, struct session *s)
{
	session_reset(s);
	if (read_request_line(wsi, s))
		return -1;
	if (lws_hdr_copy(wsi, s->authorization, sizeof(s->authorization), WSI_TOKEN_HTTP_AUTHORIZATION) < 0)
		s->authorization[0] = '\0';
	return announces_body(wsi, server, s) ? 0 : answer(wsi, server, s);
}

/* Answered, so that a client of WebSockets knows that it was understood. */
static int refuse_upgrade(struct lws *wsi)
{
	return lws_return_http_status(wsi, HTTP_STATUS_BAD_REQUEST, NULL) ? -1 : 1;
}

static int load_certificate(struct http_server *server, SSL_CTX *ctx)
{
	SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	return http_tls_use_certificate(ctx, server->args->cert_pem, server->args->key_pem, NULL);
}

static int on_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
	struct http_server *server = lws_context_user(lws_get_context(wsi));
	struct session *s = user;

	switch (reason) {
	case LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS:
		return load_certificate(server, user);
	case LWS_CALLBACK_HTTP_BIND_PROTOCOL:
		session_reset(s);
		return 0;
	case LWS_CALLBACK_HTTP_DROP_PROTOCOL:
	case LWS_CALLBACK_CLOSED_HTTP:
		if (s)
			session_reset(s);
		return 0;
	case LWS_CALLBACK_HTTP:
		return server->dead ? -1 : on_request(wsi, server, s);
	case LWS_CALLBACK_HTTP_BODY:
		return buf_add(&s->body, in, len) ? -1 : 0;
	case LWS_CALLBACK_HTTP_BODY_COMPLETION:
		return server->dead ? -1 : answer(wsi, server, s);
	case LWS_CALLBACK_HTTP_WRITEABLE:
		return write_more(wsi, s);
	case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
		return refuse_upgrade(wsi);
	default:
		return 0;
	}
}

static const struct lws_protocols protocols[] = {
	{.name = "http", .callback = on_callback, .per_session_data_size = sizeof(struct session)},
	{.name = NULL},
};

static void on_accepted(void *arg, int fd)
{
	struct http_server *s = arg;

	lws_adopt_socket_vhost(s->vhost, fd); /* closes it when that fails */
}

static int check_tls(struct http_server *s, const struct http_server_args *args, struct err *e)
{
	if (!args->cert_pem)
		return 0;
	/* Never used, but without it the library makes one of its own, with all of the system's authorities
	 * in it. */
	s->unused_client_tls = SSL_CTX_new(TLS_client_method());
	if (!s->unused_client_tls)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for a TLS context");
	return http_tls_check_certificate(args->cert_pem, args->key_pem, e);
}

static int server_start(struct http_server *s, const struct http_server_args *args, struct err *e)
{
	struct lws_context_creation_info info = {
		.port = CONTEXT_PORT_NO_LISTEN_SERVER,
		.protocols = protocols,
		.user = s,
		.vhost_name = "escape",
		.server_string = "escape",
		.alpn = "http/1.1",
		.timeout_secs = REQUEST_TIMEOUT_S,
		.keepalive_timeout = KEEPALIVE_S,
		.fd_limit_per_thread = MAX_CONNECTIONS,
		.options = LWS_SERVER_OPTION_HTTP_HEADERS_SECURITY_BEST_PRACTICES_ENFORCE,
	};
	int rc = check_tls(s, args, e);

	if (!rc)
		rc = http_listener_new(s->loop, args->address, args->port, on_accepted, s, &s->listener, e);
	if (rc)
		return rc;
	if (args->cert_pem) {
		info.provided_client_ssl_ctx = s->unused_client_tls;
		info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT | LWS_SERVER_OPTION_CREATE_VHOST_SSL_CTX;
	}
	s->args = args;
	rc = http_lws_new(s->loop, &info, &s->context, &s->vhost, e);
	s->args = NULL;
	return rc;
}

static void server_destroy(void *arg)
{
	struct http_server *s = arg;

	http_listener_free(s->listener);
	SSL_CTX_free(s->unused_client_tls);
	http_routes_free(s->routes);
	free(s);
}

int http_server_new(
	struct loop *l, const struct http_server_args *args, struct http_server **ret, struct err *e)
{
	struct http_server *s;
	int rc;

	if (!args->address || args->port < 0 || args->port > 65535)
		return err_set(
			e, -EINVAL, "BadAddress", "a server needs an address and a port from 0 to 65535");
	if (!args->cert_pem != !args->key_pem)
		return err_set(e, -EINVAL, "BadCredentials",
			"a server certificate needs its key and the other way round");
	s = calloc(1, sizeof(*s));
	if (!s)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for a server");
	s->loop = l;
	s->body_max = args->body_max ? args->body_max : BODY_MAX;
	rc = server_start(s, args, e);
	if (rc) {
		server_destroy(s);
		return rc;
	}
	*ret = s;
	return 0;
}

int http_server_handle(struct http_server *s, const char *method, const char *path, http_handler h, void *arg)
{
	return http_routes_add(&s->routes, method, path, h, arg);
}

int http_server_port(const struct http_server *s)
{
	return http_listener_port(s->listener);
}

void http_server_free(struct http_server *s)
{
	if (!s || s->dead)
		return;
	s->dead = true;
	http_listener_free(TAKE_PTR(s->listener));
	http_lws_release(s->loop, s->context, server_destroy, s);
}
