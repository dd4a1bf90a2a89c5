/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "certs.h"
#include "watchdog.h"
#include <base/str.h>
#include <errno.h>
#include <http/client.h>
#include <http/server.h>
#include <http/ws.h>
#include <stdlib.h>
#include <string.h>

struct fixture {
	struct loop *loop;
	struct http_server *server;
	struct http_client *client;
	const char *scheme;
	unsigned done, handled;
	int status, code;
	char reason[ERR_REASON_MAX];
	char body[256];
	size_t body_len;
	char seen_method[16], seen_path[64];
	size_t seen_len;
};

static void on_metrics(void *arg, const struct http_call *call, struct http_answer *answer)
{
	struct fixture *f = arg;

	f->handled++;
	str_copy(f->seen_method, sizeof(f->seen_method), call->method);
	str_copy(f->seen_path, sizeof(f->seen_path), call->path);
	answer->content_type = "text/plain; version=0.0.4";
	buf_adds(&answer->body, "up 1\n");
}

static void on_echo(void *arg, const struct http_call *call, struct http_answer *answer)
{
	struct fixture *f = arg;

	f->handled++;
	f->seen_len = call->body_len;
	answer->status = 202;
	buf_add(&answer->body, call->body, call->body_len);
}

static void on_silent(void *arg, const struct http_call *call, struct http_answer *answer)
{
	(void)arg;
	(void)call;
	answer->status = 204;
}

static void start(struct fixture *f, const struct certs *server_certs, const char *ca_pem)
{
	struct http_server_args args = {
		.address = "127.0.0.1",
		.cert_pem = server_certs ? server_certs->cert_pem : NULL,
		.key_pem = server_certs ? server_certs->key_pem : NULL,
	};
	struct http_tls tls = {.ca_pem = ca_pem};
	struct err e = {0};

	f->scheme = server_certs ? "https" : "http";
	assert_int_equal(loop_new(&f->loop), 0);
	assert_int_equal(http_server_new(f->loop, &args, &f->server, &e), 0);
	assert_in_range(http_server_port(f->server), 1, 65535);
	assert_int_equal(http_server_handle(f->server, "GET", "/metrics", on_metrics, f), 0);
	assert_int_equal(http_server_handle(f->server, "POST", "/echo", on_echo, f), 0);
	assert_int_equal(http_server_handle(f->server, "GET", "/silent", on_silent, f), 0);
	assert_int_equal(http_client_new(f->loop, &tls, &f->client, &e), 0);
}

static void stop(struct fixture *f)
{
	http_client_free(f->client);
	http_server_free(f->server);
	loop_free(f->loop);
}

static void on_done(void *arg, const struct http_reply *r, const struct err *e)
{
	struct fixture *f = arg;

	f->done++;
	f->status = r->status;
	f->code = e ? e->code : 0;
	str_copy(f->reason, sizeof(f->reason), e ? e->reason : "");
	f->body_len = r->body_len;
	str_copy(f->body, sizeof(f->body), r->body ? r->body : "");
}

static void request(struct fixture *f, const char *method, const char *host, const char *path,
	const char *body, size_t len)
{
	char url[128];

	assert_int_equal(
		str_fmt(url, sizeof(url), "%s://%s:%d%s", f->scheme, host, http_server_port(f->server), path),
		0);
	struct http_args args = {.method = method,
		.url = url,
		.body = body,
		.body_len = len,
		.deadline_ms = 20000,
		.max_body = 8 << 20};

	assert_int_equal(http_client_send(f->client, &args, on_done, f, NULL, NULL), 0);
	watchdog_run(f->loop, &f->done, f->done + 1);
}

static void a_handler_answers_its_path(void **state)
{
	struct fixture f = {0};

	(void)state;
	start(&f, NULL, NULL);
	request(&f, "GET", "127.0.0.1", "/metrics?x=1", NULL, 0);
	assert_int_equal(f.status, 200);
	assert_string_equal(f.body, "up 1\n");
	assert_string_equal(f.seen_method, "GET");
	assert_string_equal(f.seen_path, "/metrics");
	request(&f, "GET", "127.0.0.1", "/silent", NULL, 0);
	assert_int_equal(f.status, 204);
	stop(&f);
}

static void unknown_paths_and_other_methods_are_refused(void **state)
{
	struct fixture f = {0};

	(void)state;
	start(&f, NULL, NULL);
	request(&f, "GET", "127.0.0.1", "/nothing", NULL, 0);
	assert_int_equal(f.status, 404);
	request(&f, "GET", "127.0.0.1", "/metrics/", NULL, 0);
	assert_int_equal(f.status, 404);
	request(&f, "POST", "127.0.0.1", "/metrics", "x", 1);
	assert_int_equal(f.status, 405);
	request(&f, "GET", "127.0.0.1", "/../metrics", NULL, 0);
	assert_int_equal(f.handled, f.status == 200);
	stop(&f);
}

static void a_large_body_goes_in_and_out(void **state)
{
	struct fixture f = {0};
	size_t len = (3 << 20) - 1;
	char *body = malloc(len);

	(void)state;
	memset(body, 'x', len);
	start(&f, NULL, NULL);
	request(&f, "POST", "127.0.0.1", "/echo", body, len);
	assert_int_equal(f.status, 202);
	assert_int_equal(f.seen_len, len);
	assert_int_equal(f.body_len, len);
	request(&f, "POST", "127.0.0.1", "/echo", "y", 1);
	assert_string_equal(f.body, "y");
	stop(&f);
	free(body);
}

static void a_body_over_the_cap_is_refused(void **state)
{
	struct fixture f = {0};
	size_t len = (3 << 20) + 1;
	char *body = calloc(1, len);

	(void)state;
	start(&f, NULL, NULL);
	request(&f, "POST", "127.0.0.1", "/echo", body, len);
	assert_int_equal(f.handled, 0);
	assert_true(f.status == 413 || f.code == -ECONNRESET);
	request(&f, "GET", "127.0.0.1", "/metrics", NULL, 0);
	assert_int_equal(f.status, 200);
	stop(&f);
	free(body);
}

static void a_chunked_body_is_refused(void **state)
{
	struct fixture f = {0};
	const char *headers[] = {"Transfer-Encoding: chunked", NULL};
	char url[128];

	(void)state;
	start(&f, NULL, NULL);
	assert_int_equal(
		str_fmt(url, sizeof(url), "http://127.0.0.1:%d/echo", http_server_port(f.server)), 0);
	struct http_args args = {.method = "POST",
		.url = url,
		.headers = headers,
		.body = "x",
		.body_len = 1,
		.deadline_ms = 20000};

	assert_int_equal(http_client_send(f.client, &args, on_done, &f, NULL, NULL), 0);
	watchdog_run(f.loop, &f.done, 1);
	assert_int_equal(f.handled, 0);
	assert_int_equal(f.status, 411);
	stop(&f);
}

static void tls_is_served_and_verified(void **state)
{
	struct certs certs = certs_new("IP:127.0.0.1,DNS:localhost");
	struct fixture f = {0};

	(void)state;
	start(&f, &certs, certs.ca_pem);
	request(&f, "GET", "127.0.0.1", "/metrics", NULL, 0);
	assert_int_equal(f.status, 200);
	request(&f, "GET", "localhost", "/metrics", NULL, 0);
	assert_int_equal(f.status, 200);
	stop(&f);
	certs_free(&certs);
}

static void a_certificate_of_another_authority_is_refused(void **state)
{
	struct certs certs = certs_new("IP:127.0.0.1");
	struct fixture f = {0};

	(void)state;
	start(&f, &certs, certs.other_ca_pem);
	request(&f, "GET", "127.0.0.1", "/metrics", NULL, 0);
	assert_int_equal(f.status, 0);
	assert_int_equal(f.code, -EKEYREJECTED);
	assert_string_equal(f.reason, "CertificateNotTrusted");
	assert_int_equal(f.handled, 0);
	stop(&f);
	certs_free(&certs);
}

static void a_certificate_of_another_host_is_refused(void **state)
{
	struct certs certs = certs_new("IP:192.0.2.1,DNS:elsewhere.example");
	struct fixture f = {0};

	(void)state;
	start(&f, &certs, certs.ca_pem);
	request(&f, "GET", "127.0.0.1", "/metrics", NULL, 0);
	assert_int_equal(f.code, -EKEYREJECTED);
	assert_int_equal(f.handled, 0);
	stop(&f);
	certs_free(&certs);
}

static int on_message(void *arg, const char *data, size_t len, bool final)
{
	(void)arg;
	(void)data;
	(void)len;
	(void) final;
	return 0;
}

static void on_ws_close(void *arg, int status, const struct err *e)
{
	struct fixture *f = arg;

	(void)e;
	f->done++;
	f->status = status;
}

/* The server speaks no WebSocket: a status other than 0 says that the TLS handshake went through. */
static int ws_status(const char *names, const char *host, bool right_authority)
{
	static const struct ws_events events = {.on_message = on_message, .on_close = on_ws_close};
	struct certs certs = certs_new(names);
	struct http_tls tls = {.ca_pem = right_authority ? certs.ca_pem : certs.other_ca_pem};
	struct fixture f = {0};
	struct ws_client *client;
	struct ws_conn *conn;
	char url[128];

	start(&f, &certs, certs.ca_pem);
	assert_int_equal(ws_client_new(f.loop, &tls, &client, NULL), 0);
	assert_int_equal(
		str_fmt(url, sizeof(url), "wss://%s:%d/nothing", host, http_server_port(f.server)), 0);
	struct ws_args args = {.url = url, .handshake_ms = 20000};

	assert_int_equal(ws_connect(client, &args, &events, &f, &conn, NULL), 0);
	watchdog_run(f.loop, &f.done, 1);
	ws_client_free(client);
	stop(&f);
	certs_free(&certs);
	return f.status;
}

static void websocket_tls_is_verified(void **state)
{
	(void)state;
	assert_int_not_equal(ws_status("IP:127.0.0.1", "127.0.0.1", true), 0);
	assert_int_not_equal(ws_status("DNS:localhost", "localhost", true), 0);
	assert_int_equal(ws_status("IP:127.0.0.1", "127.0.0.1", false), 0);
	assert_int_equal(ws_status("IP:192.0.2.1", "127.0.0.1", true), 0);
	assert_int_equal(ws_status("DNS:127.0.0.1", "127.0.0.1", true), 0);
	assert_int_equal(ws_status("DNS:elsewhere.example", "localhost", true), 0);
}

static void what_cannot_be_served_is_said_at_once(void **state)
{
	struct certs a = certs_new("IP:127.0.0.1"), b = certs_new("IP:127.0.0.1");
	struct fixture f = {0};
	struct http_server *other = NULL;
	struct err e = {0};

	(void)state;
	start(&f, NULL, NULL);
	struct http_server_args busy = {.address = "127.0.0.1", .port = http_server_port(f.server)};
	struct http_server_args mixed = {
		.address = "127.0.0.1", .cert_pem = a.cert_pem, .key_pem = b.key_pem};
	struct http_server_args half = {.address = "127.0.0.1", .cert_pem = a.cert_pem};
	struct http_server_args junk = {.address = "127.0.0.1", .cert_pem = "junk", .key_pem = "junk"};

	assert_int_not_equal(http_server_new(f.loop, &busy, &other, &e), 0);
	assert_string_equal(e.reason, "CannotListen");
	assert_non_null(strstr(e.message, "in use"));
	assert_int_equal(http_server_new(f.loop, &mixed, &other, &e), -EINVAL);
	assert_string_equal(e.reason, "BadCredentials");
	assert_int_equal(http_server_new(f.loop, &half, &other, &e), -EINVAL);
	assert_int_equal(http_server_new(f.loop, &junk, &other, &e), -EINVAL);
	stop(&f);
	certs_free(&a);
	certs_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_handler_answers_its_path),
		cmocka_unit_test(unknown_paths_and_other_methods_are_refused),
		cmocka_unit_test(a_large_body_goes_in_and_out),
		cmocka_unit_test(a_body_over_the_cap_is_refused),
		cmocka_unit_test(a_chunked_body_is_refused),
		cmocka_unit_test(tls_is_served_and_verified),
		cmocka_unit_test(a_certificate_of_another_authority_is_refused),
		cmocka_unit_test(a_certificate_of_another_host_is_refused),
		cmocka_unit_test(websocket_tls_is_verified),
		cmocka_unit_test(what_cannot_be_served_is_said_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
