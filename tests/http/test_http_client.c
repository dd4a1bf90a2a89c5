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
#include <http/client.h>
#include <stdlib.h>
#include <string.h>

struct result {
	unsigned calls;
	int status;
	int code;
	int64_t retry_after_ms;
	char reason[ERR_REASON_MAX];
	char body[4096];
};

static void on_done(void *arg, const struct http_reply *r, const struct err *e)
{
	struct result *result = arg;

	result->calls++;
	result->status = r->status;
	result->retry_after_ms = r->retry_after_ms;
	result->code = e ? e->code : 0;
	str_copy(result->reason, sizeof(result->reason), e ? e->reason : "");
	str_copy(result->body, sizeof(result->body), r->body ? r->body : "");
}

struct fixture {
	struct loop *loop;
	struct fake *fake;
	struct http_client *client;
	char url[128];
};

static void start(struct fixture *f, fake_handler handler, void *arg)
{
	assert_int_equal(loop_new(&f->loop), 0);
	f->fake = fake_start(handler, arg);
	assert_int_equal(http_client_new(f->loop, NULL, &f->client, NULL), 0);
	assert_int_equal(str_fmt(f->url, sizeof(f->url), "%s/thing?x=1", fake_url(f->fake)), 0);
}

static void stop(struct fixture *f)
{
	http_client_free(f->client);
	fake_stop(f->fake);
	loop_free(f->loop);
}

static struct result get(struct fixture *f, struct http_args args)
{
	struct result r = {0};

	args.method = args.method ? args.method : "GET";
	args.url = f->url;
	assert_int_equal(http_client_send(f->client, &args, on_done, &r, NULL, NULL), 0);
	assert_int_equal(r.calls, 0);
	watchdog_run(f->loop, &r.calls, 1);
	return r;
}

struct seen {
	char method[16];
	char head[4096];
	char body[256];
	int status;
	const char *headers;
};

static void remember(void *arg, struct fake_conn *c, const struct fake_request *r)
{
	struct seen *s = arg;

	str_copy(s->method, sizeof(s->method), r->method);
	str_copy(s->head, sizeof(s->head), r->head);
	str_copy(s->body, sizeof(s->body), r->body);
	fake_reply(c, s->status, s->headers, "{\"ok\":true}");
}

static void a_request_carries_method_headers_and_body(void **state)
{
	struct seen seen = {.status = 201};
	struct fixture f;
	const char *headers[] = {"X-One: 1", "Content-Type: application/json", NULL};

	(void)state;
	start(&f, remember, &seen);
	struct result r = get(&f, (struct http_args){.method = "PATCH",
					  .headers = headers,
					  .body = "{\"a\":1}",
					  .body_len = 7,
					  .deadline_ms = 5000});

	stop(&f);
	assert_int_equal(r.status, 201);
	assert_int_equal(r.code, 0);
	assert_string_equal(r.body, "{\"ok\":true}");
	assert_string_equal(seen.method, "PATCH");
	assert_string_equal(seen.body, "{\"a\":1}");
	assert_non_null(strstr(seen.head, "X-One: 1\r\n"));
	assert_null(strstr(seen.head, "Expect"));
}

static void an_error_status_is_an_answer_not_an_error(void **state)
{
	struct seen seen = {.status = 503, .headers = "Retry-After: 7\r\n"};
	struct fixture f;

	(void)state;
	start(&f, remember, &seen);
	struct result r = get(&f, (struct http_args){.deadline_ms = 5000});

	stop(&f);
	assert_int_equal(r.status, 503);
	assert_int_equal(r.code, 0);
	assert_int_equal(r.retry_after_ms, 7000);
}

static void redirects_are_not_followed(void **state)
{
	struct seen seen = {.status = 302, .headers = "Location: /elsewhere\r\n"};
	struct fixture f;

	(void)state;
	start(&f, remember, &seen);
	struct result r = get(&f, (struct http_args){.deadline_ms = 5000});

	assert_int_equal(fake_requests(f.fake), 1);
	stop(&f);
	assert_int_equal(r.status, 302);
}

static void a_body_over_the_cap_is_refused(void **state)
{
	struct seen seen = {.status = 200};
	struct fixture f;

	(void)state;
	start(&f, remember, &seen);
	struct result r = get(&f, (struct http_args){.deadline_ms = 5000, .max_body = 5});

	stop(&f);
	assert_int_equal(r.status, 0);
	assert_int_equal(r.code, -EMSGSIZE);
	assert_string_equal(r.reason, "ResponseTooLarge");
}

static void slow_body(void *arg, struct fake_conn *c, const struct fake_request *r)
{
	(void)arg;
	(void)r;
	fake_raw(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", 41);
}

static void a_slow_body_ends_at_the_deadline(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, slow_body, NULL);
	struct result r = get(&f, (struct http_args){.deadline_ms = 100});

	stop(&f);
	assert_int_equal(r.status, 0);
	assert_int_equal(r.code, -ETIMEDOUT);
}

static void half_body(void *arg, struct fake_conn *c, const struct fake_request *r)
{
	slow_body(arg, c, r);
	fake_close(c);
}

static void a_cut_body_is_a_lost_connection(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, half_body, NULL);
	struct result r = get(&f, (struct http_args){.deadline_ms = 5000});

	stop(&f);
	assert_int_equal(r.code, -ECONNRESET);
}

static void nobody_listening_is_a_refused_connection(void **state)
{
	struct fixture f;
	struct result r = {0};

	(void)state;
	start(&f, remember, &(struct seen){0});
	struct http_args args = {.method = "GET", .url = "http://127.0.0.1:1/", .deadline_ms = 5000};

	assert_int_equal(http_client_send(f.client, &args, on_done, &r, NULL, NULL), 0);
	watchdog_run(f.loop, &r.calls, 1);
	stop(&f);
	assert_int_equal(r.code, -ECONNREFUSED);
}

static void control_characters_in_headers_and_urls_are_refused(void **state)
{
	struct fixture f;
	const char *headers[] = {"Authorization: Bearer a\r\nX-Injected: 1", NULL};
	struct http_args bad_header = {.method = "GET", .url = "http://127.0.0.1:1/", .headers = headers};
	struct http_args bad_url = {.method = "GET", .url = "http://127.0.0.1:1/ HTTP/1.1\r\n"};

	(void)state;
	start(&f, remember, &(struct seen){0});
	assert_int_equal(http_client_send(f.client, &bad_header, on_done, NULL, NULL, NULL), -EINVAL);
	assert_int_equal(http_client_send(f.client, &bad_url, on_done, NULL, NULL, NULL), -EINVAL);
	bad_url.url = "file:///etc/passwd";
	struct result r = {0};

	assert_int_equal(http_client_send(f.client, &bad_url, on_done, &r, NULL, NULL), 0);
	watchdog_run(f.loop, &r.calls, 1);
	assert_int_equal(r.code, -EINVAL);
	stop(&f);
}

static void never_answer(void *arg, struct fake_conn *c, const struct fake_request *r)
{
	(void)arg;
	(void)c;
	(void)r;
}

static void freeing_the_client_cancels_what_is_in_flight(void **state)
{
	struct fixture f;
	struct result a = {0}, b = {0};
	struct http_request *cancelled;

	(void)state;
	start(&f, never_answer, NULL);
	struct http_args args = {.method = "GET", .url = f.url, .deadline_ms = 60000};

	assert_int_equal(http_client_send(f.client, &args, on_done, &a, NULL, NULL), 0);
	assert_int_equal(http_client_send(f.client, &args, on_done, &b, &cancelled, NULL), 0);
	loop_turn(f.loop, true);
	http_client_cancel(f.client, cancelled);
	http_client_free(f.client);
	f.client = NULL;
	assert_int_equal(a.calls, 1);
	assert_int_equal(a.code, -ECANCELED);
	assert_int_equal(b.calls, 0);
	stop(&f);
}

static void free_client(void *arg, const struct http_reply *r, const struct err *e)
{
	struct fixture *f = arg;

	(void)r;
	(void)e;
	http_client_free(f->client);
	f->client = NULL;
}

static void the_client_may_be_freed_by_a_callback(void **state)
{
	struct seen seen = {.status = 200};
	struct fixture f;
	struct result other = {0};

	(void)state;
	start(&f, remember, &seen);
	struct http_args args = {.method = "GET", .url = f.url, .deadline_ms = 60000};

	assert_int_equal(http_client_send(f.client, &args, free_client, &f, NULL, NULL), 0);
	assert_int_equal(http_client_send(f.client, &args, on_done, &other, NULL, NULL), 0);
	watchdog_run(f.loop, &other.calls, 1);
	assert_null(f.client);
	stop(&f);
}

struct stream {
	struct fixture *f;
	struct result result;
	char text[256];
	unsigned pieces;
	bool end_early;
	bool free_in_chunk;
};

static int on_piece(void *arg, const char *data, size_t len)
{
	struct stream *s = arg;
	size_t have = strlen(s->text);

	memcpy(s->text + have, data, len);
	s->text[have + len] = 0;
	s->pieces++;
	if (s->free_in_chunk) {
		http_client_free(s->f->client);
		s->f->client = NULL;
	}
	return s->end_early;
}

static void on_stream_done(void *arg, const struct http_reply *r, const struct err *e)
{
	struct stream *s = arg;

	on_done(&s->result, r, e);
}

static void stream(struct fixture *f, struct stream *s, struct http_args args)
{
	args.method = "GET";
	args.url = f->url;
	s->f = f;
	assert_int_equal(http_client_stream(f->client, &args, on_piece, on_stream_done, s, NULL, NULL), 0);
	watchdog_run(f->loop, &s->result.calls, 1);
	stop(f);
}

static void three_chunks(void *arg, struct fake_conn *c, const struct fake_request *r)
{
	(void)arg;
	(void)r;
	fake_chunked(c);
	fake_chunk(c, "one ");
	fake_chunk(c, "two ");
	fake_chunk(c, "three");
	fake_chunked_end(c);
}

static void a_stream_delivers_pieces_then_its_end(void **state)
{
	struct fixture f;
	struct stream s = {0};

	(void)state;
	start(&f, three_chunks, NULL);
	stream(&f, &s, (struct http_args){.deadline_ms = 5000});
	assert_string_equal(s.text, "one two three");
	assert_int_equal(s.result.status, 200);
	assert_int_equal(s.result.code, 0);
}

static void a_stream_may_be_ended_by_its_reader(void **state)
{
	struct fixture f;
	struct stream s = {.end_early = true};

	(void)state;
	start(&f, three_chunks, NULL);
	stream(&f, &s, (struct http_args){.deadline_ms = 5000});
	assert_int_equal(s.pieces, 1);
	assert_int_equal(s.result.code, 0);
}

static void the_client_may_be_freed_by_a_chunk(void **state)
{
	struct fixture f;
	struct stream s = {.free_in_chunk = true};

	(void)state;
	start(&f, three_chunks, NULL);
	stream(&f, &s, (struct http_args){.deadline_ms = 5000});
	assert_int_equal(s.result.code, -ECANCELED);
}

static void a_refused_stream_gathers_the_body(void **state)
{
	struct seen seen = {.status = 410};
	struct fixture f;
	struct stream s = {0};

	(void)state;
	start(&f, remember, &seen);
	stream(&f, &s, (struct http_args){.deadline_ms = 5000});
	assert_int_equal(s.pieces, 0);
	assert_int_equal(s.result.status, 410);
	assert_string_equal(s.result.body, "{\"ok\":true}");
}

static void then_silence(void *arg, struct fake_conn *c, const struct fake_request *r)
{
	(void)arg;
	(void)r;
	fake_chunked(c);
	fake_chunk(c, "hello");
}

static void a_silent_stream_ends_with_a_timeout(void **state)
{
	struct fixture f;
	struct stream s = {0};

	(void)state;
	start(&f, then_silence, NULL);
	stream(&f, &s, (struct http_args){.deadline_ms = 5000, .idle_ms = 50});
	assert_string_equal(s.text, "hello");
	assert_int_equal(s.result.code, -ETIMEDOUT);
}

static void a_stream_without_an_answer_ends_at_the_deadline(void **state)
{
	struct fixture f;
	struct stream s = {0};

	(void)state;
	start(&f, never_answer, NULL);
	stream(&f, &s, (struct http_args){.deadline_ms = 50});
	assert_int_equal(s.result.status, 0);
	assert_int_equal(s.result.code, -ETIMEDOUT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_carries_method_headers_and_body),
		cmocka_unit_test(an_error_status_is_an_answer_not_an_error),
		cmocka_unit_test(redirects_are_not_followed),
		cmocka_unit_test(a_body_over_the_cap_is_refused),
		cmocka_unit_test(a_slow_body_ends_at_the_deadline),
		cmocka_unit_test(a_cut_body_is_a_lost_connection),
		cmocka_unit_test(nobody_listening_is_a_refused_connection),
		cmocka_unit_test(control_characters_in_headers_and_urls_are_refused),
		cmocka_unit_test(freeing_the_client_cancels_what_is_in_flight),
		cmocka_unit_test(the_client_may_be_freed_by_a_callback),
		cmocka_unit_test(a_stream_delivers_pieces_then_its_end),
		cmocka_unit_test(a_stream_may_be_ended_by_its_reader),
		cmocka_unit_test(the_client_may_be_freed_by_a_chunk),
		cmocka_unit_test(a_refused_stream_gathers_the_body),
		cmocka_unit_test(a_silent_stream_ends_with_a_timeout),
		cmocka_unit_test(a_stream_without_an_answer_ends_at_the_deadline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
