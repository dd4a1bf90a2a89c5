/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_server.h"
#include "watchdog.h"
#include <base/buf.h>
#include <base/str.h>
#include <errno.h>
#include <http/ws.h>
#include <stdlib.h>
#include <string.h>

struct fixture {
	struct loop *loop;
	struct fake *fake;
	struct ws_client *client;
	struct ws_conn *conn;
	char url[128];
	char head[4096]; /* the server's view of the request */
	unsigned opened, messages, fragments, closed;
	int status, code;
	char reason[ERR_REASON_MAX];
	struct buf text;
	bool end, close_in_message, free_in_message;
};

static void on_open(void *arg)
{
	struct fixture *f = arg;

	f->opened++;
}

static int on_message(void *arg, const char *data, size_t len, bool final)
{
	struct fixture *f = arg;

	f->fragments++;
	f->messages += final;
	assert_int_equal(buf_add(&f->text, data, len), 0);
	if (f->close_in_message) {
		ws_close(f->conn);
		f->closed++;
	}
	if (f->free_in_message) {
		ws_client_free(f->client);
		f->client = NULL;
	}
	return f->end;
}

static void on_close(void *arg, int status, const struct err *e)
{
	struct fixture *f = arg;

	f->closed++;
	f->status = status;
	f->code = e ? e->code : 0;
	str_copy(f->reason, sizeof(f->reason), e ? e->reason : "");
}

static const struct ws_events EVENTS = {.on_open = on_open, .on_message = on_message, .on_close = on_close};

static void start(struct fixture *f, fake_handler handler)
{
	f->text = BUF_INIT(8 << 20);
	assert_int_equal(loop_new(&f->loop), 0);
	f->fake = fake_start(handler, f);
	assert_int_equal(ws_client_new(f->loop, NULL, &f->client, NULL), 0);
	assert_int_equal(str_fmt(f->url, sizeof(f->url), "%s/watch?x=1", fake_url(f->fake)), 0);
}

static void connect_ws(struct fixture *f)
{
	const char *headers[] = {"Authorization: Bearer secret", NULL};
	struct ws_args args = {.url = f->url, .headers = headers, .handshake_ms = 10000};

	assert_int_equal(ws_connect(f->client, &args, &EVENTS, f, &f->conn, NULL), 0);
	assert_int_equal(f->closed, 0);
}

static void stop(struct fixture *f)
{
	ws_client_free(f->client);
	fake_stop(f->fake);
	loop_free(f->loop);
	buf_free(&f->text);
}

static void run(struct fixture *f, fake_handler handler)
{
	start(f, handler);
	connect_ws(f);
	watchdog_run(f->loop, &f->closed, 1);
	stop(f);
}

static void two_messages(void *arg, struct fake_conn *c, const struct fake_request *r)
{
	struct fixture *f = arg;

	str_copy(f->head, sizeof(f->head), r->head);
	fake_upgrade(c, r);
	fake_text(c, "one ");
	fake_text(c, "two");
	fake_frame(c, FAKE_CLOSE, true, "\x03\xe8", 2);
}

static void messages_arrive_and_a_close_frame_is_a_proper_end(void **state)
{
	struct fixture f = {0};

	(void)state;
	start(&f, two_messages);
	connect_ws(&f);
	watchdog_run(f.loop, &f.closed, 1);
	assert_string_equal(f.text.data, "one two");
	stop(&f);
	assert_int_equal(f.opened, 1);
	assert_int_equal(f.messages, 2);
	assert_int_equal(f.status, 101);
	assert_int_equal(f.code, 0);
	assert_non_null(strstr(f.head, "Authorization: Bearer secret\r\n"));
	assert_non_null(strstr(f.head, "GET /watch?x=1 HTTP/1.1\r\n"));
	assert_non_null(strstr(f.head, "Origin: http://127.0.0.1"));
}

enum { LARGE = 3 << 20 };

static void large_message(void *arg, struct fake_conn *c, const struct fake_request *r)
{
	char *text = malloc(LARGE);

	(void)arg;
	memset(text, 'x', LARGE);
	fake_upgrade(c, r);
	fake_frame(c, FAKE_TEXT, false, text, LARGE / 3);
	fake_frame(c, FAKE_CONT, false, text, LARGE / 3);
	fake_frame(c, FAKE_CONT, true, text, LARGE / 3);
	free(text);
	fake_close(c);
}

static void a_message_may_be_larger_than_any_buffer(void **state)
{
	struct fixture f = {0};

	(void)state;
	start(&f, large_message);
	connect_ws(&f);
	watchdog_run(f.loop, &f.closed, 1);
	assert_int_equal(f.text.len, LARGE);
	assert_int_equal(f.messages, 1);
	assert_true(f.fragments > 3);
	stop(&f);
}

static void no_close_frame(void *arg, struct fake_conn *c, const struct fake_request *r)
{
	(void)arg;
	fake_upgrade(c, r);
	fake_text(c, "one");
	fake_close(c);
}

static void an_end_without_a_close_frame_is_a_lost_connection(void **state)
{
	struct fixture f = {0};

	(void)state;
	run(&f, no_close_frame);
	assert_int_equal(f.messages, 1);
	assert_int_equal(f.status, 101);
	assert_int_equal(f.code, -ECONNRESET);
}

static void refuse(void *arg, struct fake_conn *c, const struct fake_request *r)
{
	(void)arg;
	(void)r;
	fake_reply(c, 403, NULL, "{}");
}

static void a_refused_upgrade_says_its_status(void **state)
{
	struct fixture f = {0};

	(void)state;
	run(&f, refuse);
	assert_int_equal(f.opened, 0);
	assert_int_equal(f.status, 403);
	assert_string_equal(f.reason, "UpgradeRefused");
}

static void answer_plainly(void *arg, struct fake_conn *c, const struct fake_request *r)
{
	(void)arg;
	(void)r;
	fake_reply(c, 200, NULL, "{}");
}

static void a_proxy_that_drops_the_upgrade_is_a_refusal(void **state)
{
	struct fixture f = {0};

	(void)state;
	run(&f, answer_plainly);
	assert_int_equal(f.status, 200);
}

static void redirect(void *arg, struct fake_conn *c, const struct fake_request *r)
{
	(void)arg;
	(void)r;
	fake_reply(c, 302, "Location: /elsewhere\r\n", "");
}

static void redirects_are_not_followed(void **state)
{
	struct fixture f = {0};

	(void)state;
	start(&f, redirect);
	connect_ws(&f);
	watchdog_run(f.loop, &f.closed, 1);
	assert_int_equal(fake_requests(f.fake), 1);
	assert_int_equal(f.status, 302);
	stop(&f);
}

static void wrong_accept(void *arg, struct fake_conn *c, const struct fake_request *r)
{
	static const char answer[] =
		"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
		"Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n";

	(void)arg;
	(void)r;
	fake_raw(c, answer, sizeof(answer) - 1);
}

static void a_wrong_accept_key_is_no_upgrade(void **state)
{
	struct fixture f = {0};

	(void)state;
	run(&f, wrong_accept);
	assert_int_equal(f.opened, 0);
	assert_int_equal(f.status, 0);
}

static void never_answer(void *arg, struct fake_conn *c, const struct fake_request *r)
{
	(void)arg;
	(void)c;
	(void)r;
}

static void an_upgrade_that_is_not_answered_times_out(void **state)
{
	struct fixture f = {0};
	struct ws_args args = {.url = f.url, .handshake_ms = 50};

	(void)state;
	start(&f, never_answer);
	assert_int_equal(ws_connect(f.client, &args, &EVENTS, &f, &f.conn, NULL), 0);
	watchdog_run(f.loop, &f.closed, 1);
	assert_int_equal(f.status, 0);
	assert_int_equal(f.code, -ETIMEDOUT);
	stop(&f);
}

static void nobody_listening_is_reported_later(void **state)
{
	struct fixture f = {0};
	struct ws_args args = {.url = "ws://127.0.0.1:1/", .handshake_ms = 10000};

	(void)state;
	start(&f, never_answer);
	assert_int_equal(ws_connect(f.client, &args, &EVENTS, &f, &f.conn, NULL), 0);
	assert_int_equal(f.closed, 0);
	watchdog_run(f.loop, &f.closed, 1);
	assert_int_equal(f.status, 0);
	assert_int_equal(f.code, -ECONNREFUSED);
	stop(&f);
}

static void stream_on(void *arg, struct fake_conn *c, const struct fake_request *r)
{
	(void)arg;
	fake_upgrade(c, r);
	for (int i = 0; i < 10; i++)
		fake_text(c, "one");
}

static void the_reader_may_end_it_by_its_result(void **state)
{
	struct fixture f = {.end = true};

	(void)state;
	run(&f, stream_on);
	assert_int_equal(f.messages, 1);
	assert_int_equal(f.status, 101);
	assert_int_equal(f.code, 0);
}

static void the_reader_may_close_it(void **state)
{
	struct fixture f = {.close_in_message = true};

	(void)state;
	run(&f, stream_on);
	assert_int_equal(f.messages, 1);
	assert_int_equal(f.closed, 1);
	assert_int_equal(f.status, 0);
}

static void the_reader_may_free_the_client(void **state)
{
	struct fixture f = {.free_in_message = true};

	(void)state;
	run(&f, stream_on);
	assert_int_equal(f.messages, 1);
	assert_int_equal(f.code, -ECANCELED);
}

static void a_closed_connection_is_silent(void **state)
{
	struct fixture f = {0};

	(void)state;
	start(&f, stream_on);
	connect_ws(&f);
	watchdog_run(f.loop, &f.messages, 1);
	unsigned before = f.messages;

	ws_close(f.conn);
	connect_ws(&f);
	f.end = true;
	watchdog_run(f.loop, &f.closed, 1);
	assert_int_equal(f.messages, before + 1);
	stop(&f);
}

static void urls_that_cannot_be_used_are_refused_at_once(void **state)
{
	static const char *const bad[] = {"", "ftp://x/", "ws://", "ws:///path", "ws://h:0/", "ws://h:99999/",
		"ws://u@h/", "wss://[::1]:6443/", "ws://h/a b", "ws://h/\r\nX:1", "ws://h\r\nX:1/"};
	struct fixture f = {0};

	(void)state;
	start(&f, never_answer);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct ws_args args = {.url = bad[i], .handshake_ms = 1000};

		assert_int_equal(ws_connect(f.client, &args, &EVENTS, &f, &f.conn, NULL), -EINVAL);
	}
	stop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_arrive_and_a_close_frame_is_a_proper_end),
		cmocka_unit_test(a_message_may_be_larger_than_any_buffer),
		cmocka_unit_test(an_end_without_a_close_frame_is_a_lost_connection),
		cmocka_unit_test(a_refused_upgrade_says_its_status),
		cmocka_unit_test(a_proxy_that_drops_the_upgrade_is_a_refusal),
		cmocka_unit_test(redirects_are_not_followed),
		cmocka_unit_test(a_wrong_accept_key_is_no_upgrade),
		cmocka_unit_test(an_upgrade_that_is_not_answered_times_out),
		cmocka_unit_test(nobody_listening_is_reported_later),
		cmocka_unit_test(the_reader_may_end_it_by_its_result),
		cmocka_unit_test(the_reader_may_close_it),
		cmocka_unit_test(the_reader_may_free_the_client),
		cmocka_unit_test(a_closed_connection_is_silent),
		cmocka_unit_test(urls_that_cannot_be_used_are_refused_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
