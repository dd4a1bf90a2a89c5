/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture.h"
#include <base/io.h>
#include <base/str.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One scripted answer per request; the last one repeats. */
struct answer {
	int status; /* 0: the connection is reset */
	const char *headers;
	const char *body;
};

struct script {
	const struct answer *answers;
	size_t count;
	struct {
		char method[16], target[1024], head[4096], body[2048];
	} seen[8];
};

static void play(void *arg, struct fake_conn *c, const struct fake_request *r)
{
	struct script *s = arg;
	const struct answer *a = &s->answers[r->number < s->count ? r->number : s->count - 1];

	if (r->number < 8) {
		str_copy(s->seen[r->number].method, 16, r->method);
		str_copy(s->seen[r->number].target, 1024, r->target);
		str_copy(s->seen[r->number].head, 4096, r->head);
		str_copy(s->seen[r->number].body, 2048, r->body);
	}
	if (a->status)
		fake_reply(c, a->status, a->headers, a->body ? a->body : "");
	else
		fake_reset(c);
}

#define SCRIPT(...)                                                                                          \
	(struct script)                                                                                      \
	{                                                                                                    \
		.answers = (const struct answer[]){__VA_ARGS__},                                             \
		.count = sizeof((const struct answer[]){__VA_ARGS__}) / sizeof(struct answer)                \
	}

#define STATUS(code, reason)                                                                                 \
	"{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"reason\":\"" reason             \
	"\",\"message\":\"the server says " reason "\",\"code\":" #code "}"

static struct outcome get_once(struct script *s, unsigned *ret_requests)
{
	struct fixture f;
	struct outcome o = {0};

	fixture_start(&f, play, s);
	assert_int_equal(kube_get(f.client, &THINGS, "ns", "one", outcome_done, &o), 0);
	assert_int_equal(o.calls, 0);
	outcome_wait(&f, &o);
	if (ret_requests)
		*ret_requests = fake_requests(f.fake);
	fixture_stop(&f);
	return o;
}

static void an_object_is_read(void **state)
{
	struct script s = SCRIPT({200, NULL, "{\"metadata\":{\"name\":\"one\"}}"});
	struct outcome o = get_once(&s, NULL);

	(void)state;
	assert_int_equal(o.code, 0);
	assert_string_equal(json_str_at(o.object, "metadata.name", ""), "one");
	assert_string_equal(s.seen[0].target, "/apis/test.escape.dev/v1/namespaces/ns/things/one");
	assert_null(strstr(s.seen[0].head, "Authorization"));
	outcome_free(&o);
}

static void each_status_has_its_meaning(void **state)
{
	static const struct {
		struct answer answer;
		int code;
		const char *reason;
	} cases[] = {
		{{404, NULL, STATUS(404, "NotFound")}, -ENOENT, "NotFound"},
		{{409, NULL, STATUS(409, "AlreadyExists")}, -EEXIST, "AlreadyExists"},
		{{409, NULL, STATUS(409, "Conflict")}, -EAGAIN, "Conflict"},
		{{409, NULL, ""}, -EAGAIN, "Conflict"},
		{{410, NULL, STATUS(410, "Expired")}, -ESTALE, "Expired"},
		{{401, NULL, STATUS(401, "Unauthorized")}, -EACCES, "Unauthorized"},
		{{403, NULL, STATUS(403, "Forbidden")}, -EACCES, "Forbidden"},
		{{422, NULL, STATUS(422, "Invalid")}, -EINVAL, "Invalid"},
		{{400, NULL, "not json"}, -EINVAL, "BadRequest"},
		{{429, NULL, STATUS(429, "TooManyRequests")}, -EBUSY, "TooManyRequests"},
		{{500, NULL, "{}"}, -EIO, "ServerError"},
		{{504, NULL, "{}"}, -ETIMEDOUT, "Timeout"},
		{{302, "Location: http://127.0.0.1:1/\r\n", ""}, -EIO, "ServerError"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct script s = {.answers = &cases[i].answer, .count = 1};
		unsigned requests;
		struct outcome o = get_once(&s, &requests);

		assert_int_equal(o.code, cases[i].code);
		assert_string_equal(o.reason, cases[i].reason);
		assert_null(o.object);
		assert_int_equal(requests, 1);
	}
}

static void the_servers_message_is_kept(void **state)
{
	struct script s = SCRIPT({404, NULL, STATUS(404, "NotFound")});
	struct outcome o = get_once(&s, NULL);

	(void)state;
	assert_string_equal(o.message, "the server says NotFound");
}

static void a_truncated_answer_is_no_object(void **state)
{
	struct script s = SCRIPT({200, NULL, "{\"metadata\":{\"name\":\"on"});
	struct outcome o = get_once(&s, NULL);

	(void)state;
	assert_int_equal(o.code, -EBADMSG);
	assert_string_equal(o.reason, "BadResponse");
}

static void retry_after_is_obeyed(void **state)
{
	struct script s =
		SCRIPT({429, "Retry-After: 1\r\n", STATUS(429, "TooManyRequests")}, {200, NULL, "{\"x\":1}"});
	unsigned requests;
	struct outcome o = get_once(&s, &requests);

	(void)state;
	assert_int_equal(o.code, 0);
	assert_int_equal(requests, 2);
	outcome_free(&o);
}

static void a_read_is_repeated_after_a_lost_connection(void **state)
{
	struct script s = SCRIPT({0}, {0}, {200, NULL, "{\"x\":1}"});
	unsigned requests;
	struct outcome o = get_once(&s, &requests);

	(void)state;
	assert_int_equal(o.code, 0);
	assert_int_equal(requests, 3);
	outcome_free(&o);
}

static void a_create_is_not_repeated_after_a_lost_connection(void **state)
{
	struct script s = SCRIPT({0}, {201, NULL, "{}"});
	struct json *object = json_new_obj();
	struct fixture f;
	struct outcome o = {0};

	(void)state;
	fixture_start(&f, play, &s);
	assert_int_equal(kube_create(f.client, &THINGS, "ns", NULL, object, outcome_done, &o), 0);
	outcome_wait(&f, &o);
	assert_int_equal(o.code, -ECONNRESET);
	assert_int_equal(fake_requests(f.fake), 1);
	fixture_stop(&f);
	json_free(object);
}

static void a_create_is_repeated_when_the_server_refused_it_for_now(void **state)
{
	struct script s = SCRIPT({503, "Retry-After: 1\r\n", ""}, {201, NULL, "{\"x\":1}"});
	struct json *object = json_new_obj();
	struct fixture f;
	struct outcome o = {0};

	(void)state;
	json_set_str(object, "kind", "Thing");
	fixture_start(&f, play, &s);
	assert_int_equal(kube_create(f.client, &THINGS, "ns", NULL, object, outcome_done, &o), 0);
	outcome_wait(&f, &o);
	assert_int_equal(o.code, 0);
	fixture_stop(&f);
	assert_string_equal(s.seen[1].method, "POST");
	assert_string_equal(
		s.seen[1].target, "/apis/test.escape.dev/v1/namespaces/ns/things?fieldManager=escape-test");
	assert_string_equal(s.seen[1].body, "{\"kind\":\"Thing\"}");
	json_free(object);
	outcome_free(&o);
}

static void slow(void *arg, struct fake_conn *c, const struct fake_request *r)
{
	(void)arg;
	(void)r;
	fake_raw(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", 41);
}

static void a_slow_body_ends_at_the_deadline(void **state)
{
	struct fixture f;
	struct outcome o = {0};

	(void)state;
	fixture_start(&f, slow, NULL);
	kube_client_set_deadline(f.client, 200);
	assert_int_equal(kube_get(f.client, &KUBE_NODES, NULL, "n", outcome_done, &o), 0);
	outcome_wait(&f, &o);
	fixture_stop(&f);
	assert_int_equal(o.code, -ETIMEDOUT);
	assert_non_null(strstr(o.message, "GET /api/v1/nodes/n"));
}

static void nobody_listening_ends_before_the_deadline(void **state)
{
	struct script s = SCRIPT({200, NULL, ""});
	struct kube_config config = {.server = (char *)"http://127.0.0.1:1"};
	struct kube_client *client;
	struct fixture f;
	struct outcome o = {0};

	(void)state;
	fixture_start(&f, play, &s);
	assert_int_equal(kube_client_new(f.loop, &config, &client, NULL), 0);
	kube_client_set_deadline(client, 300);
	assert_int_equal(kube_get(client, &KUBE_NODES, NULL, "n", outcome_done, &o), 0);
	outcome_wait(&f, &o);
	assert_int_equal(o.code, -ECONNREFUSED);
	kube_client_free(client);
	fixture_stop(&f);
}

static void patches_name_their_type_and_manager(void **state)
{
	static const struct {
		enum kube_patch type;
		const char *content_type, *target;
	} cases[] = {
		{KUBE_PATCH_MERGE, "Content-Type: application/merge-patch+json\r\n",
			"/apis/test.escape.dev/v1/namespaces/ns/things/one/status?fieldManager=escape-test"},
		{KUBE_PATCH_JSON, "Content-Type: application/json-patch+json\r\n",
			"/apis/test.escape.dev/v1/namespaces/ns/things/one/status?fieldManager=escape-test"},
		{KUBE_APPLY, "Content-Type: application/apply-patch+yaml\r\n",
			"/apis/test.escape.dev/v1/namespaces/ns/things/one/"
			"status?fieldManager=escape-test&force=true"},
	};
	struct json *patch = json_new_obj();

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct script s = SCRIPT({200, NULL, "{}"});
		struct fixture f;
		struct outcome o = {0};

		fixture_start(&f, play, &s);
		assert_int_equal(kube_patch(f.client, &THINGS, "ns", "one", "status", cases[i].type, patch,
					 outcome_done, &o),
			0);
		outcome_wait(&f, &o);
		fixture_stop(&f);
		assert_string_equal(s.seen[0].method, "PATCH");
		assert_string_equal(s.seen[0].target, cases[i].target);
		assert_non_null(strstr(s.seen[0].head, cases[i].content_type));
		outcome_free(&o);
	}
	json_free(patch);
}

static unsigned requests_of_patch(struct json *patch)
{
	struct script s = SCRIPT({0}, {200, NULL, "{}"});
	struct fixture f;
	struct outcome o = {0};
	unsigned n;

	fixture_start(&f, play, &s);
	assert_int_equal(
		kube_patch(f.client, &THINGS, "ns", "one", NULL, KUBE_PATCH_MERGE, patch, outcome_done, &o),
		0);
	outcome_wait(&f, &o);
	n = fake_requests(f.fake);
	fixture_stop(&f);
	outcome_free(&o);
	return n;
}

static void a_patch_with_a_precondition_is_not_repeated(void **state)
{
	struct json *patch = json_new_obj();

	(void)state;
	assert_int_equal(requests_of_patch(patch), 2);
	json_set_str(json_obj_at(patch, "metadata"), "resourceVersion", "7");
	assert_int_equal(requests_of_patch(patch), 1);
	json_free(patch);
}

static void a_delete_carries_grace_and_uid(void **state)
{
	struct script s = SCRIPT({200, NULL, "{}"});
	struct kube_delete_opts opts = {.grace_s = 1, .uid = "abc"};
	struct fixture f;
	struct outcome o = {0};

	(void)state;
	fixture_start(&f, play, &s);
	assert_int_equal(kube_delete(f.client, &KUBE_PODS, "ns", "one", &opts, outcome_done, &o), 0);
	outcome_wait(&f, &o);
	fixture_stop(&f);
	assert_string_equal(s.seen[0].method, "DELETE");
	assert_string_equal(s.seen[0].target, "/api/v1/namespaces/ns/pods/one");
	assert_string_equal(s.seen[0].body,
		"{\"kind\":\"DeleteOptions\",\"apiVersion\":\"v1\",\"gracePeriodSeconds\":1,"
		"\"preconditions\":{\"uid\":\"abc\"}}");
	outcome_free(&o);
}

static void a_subresource_is_created_on_its_object(void **state)
{
	struct script s = SCRIPT({201, NULL, "{}"});
	struct json *object = json_new_obj();
	struct fixture f;
	struct outcome o = {0};

	(void)state;
	fixture_start(&f, play, &s);
	assert_int_equal(kube_create(f.client, &KUBE_PODS, "ns", "one", object, outcome_done, &o), -EINVAL);
	assert_int_equal(
		kube_create(f.client, &KUBE_PODS, "ns", "one/eviction", object, outcome_done, &o), 0);
	outcome_wait(&f, &o);
	fixture_stop(&f);
	assert_string_equal(
		s.seen[0].target, "/api/v1/namespaces/ns/pods/one/eviction?fieldManager=escape-test");
	json_free(object);
	outcome_free(&o);
}

static void names_that_are_no_path_component_are_refused(void **state)
{
	static const char *const bad[] = {"", ".", "..", "a/b", "a\nb"};
	struct script s = SCRIPT({200, NULL, "{}"});
	struct fixture f;
	struct outcome o = {0};

	(void)state;
	fixture_start(&f, play, &s);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(kube_get(f.client, &THINGS, "ns", bad[i], outcome_done, &o), -EINVAL);
		assert_int_equal(kube_get(f.client, &THINGS, bad[i], "one", outcome_done, &o), -EINVAL);
	}
	assert_int_equal(kube_get(f.client, &THINGS, NULL, "one", outcome_done, &o), -EINVAL);
	assert_int_equal(kube_get(f.client, &THINGS, "ns", NULL, outcome_done, &o), -EINVAL);
	assert_int_equal(kube_get(f.client, &THINGS, "ns", "a b?c#d%", outcome_done, &o), 0);
	outcome_wait(&f, &o);
	fixture_stop(&f);
	assert_string_equal(
		s.seen[0].target, "/apis/test.escape.dev/v1/namespaces/ns/things/a%20b%3Fc%23d%25");
	outcome_free(&o);
}

static void a_token_is_sent_and_read_again_when_refused(void **state)
{
	struct script s = SCRIPT({401, NULL, STATUS(401, "Unauthorized")}, {200, NULL, "{}"});
	char path[] = "/tmp/escape-token-XXXXXX";
	int fd = mkstemp(path);
	struct fixture f;
	struct outcome o = {0};

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(io_write_file_atomic(path, "first", 5, 0600), 0);
	fixture_start_token(&f, play, &s, path);
	assert_int_equal(io_write_file_atomic(path, "second\n", 7, 0600), 0);
	assert_int_equal(kube_get(f.client, &THINGS, "ns", "one", outcome_done, &o), 0);
	outcome_wait(&f, &o);
	fixture_stop(&f);
	unlink(path);
	assert_int_equal(o.code, 0);
	assert_non_null(strstr(s.seen[0].head, "Authorization: Bearer first\r\n"));
	assert_non_null(strstr(s.seen[1].head, "Authorization: Bearer second\r\n"));
	outcome_free(&o);
}

static void freeing_the_client_cancels_its_requests(void **state)
{
	struct fixture f;
	struct outcome o = {0};

	(void)state;
	fixture_start(&f, slow, NULL);
	assert_int_equal(kube_get(f.client, &KUBE_NODES, NULL, "n", outcome_done, &o), 0);
	loop_turn(f.loop, true);
	kube_client_free(f.client);
	f.client = NULL;
	assert_int_equal(o.calls, 1);
	assert_int_equal(o.code, -ECANCELED);
	fixture_stop(&f);
}

struct freeing {
	struct fixture f;
	unsigned calls;
};

static void free_client(void *arg, const struct json *object, const struct err *e)
{
	struct freeing *x = arg;

	(void)object;
	(void)e;
	x->calls++;
	kube_client_free(x->f.client);
	x->f.client = NULL;
}

static void the_client_may_be_freed_by_a_callback(void **state)
{
	struct script s = SCRIPT({200, NULL, "{}"});
	struct freeing x = {0};
	struct outcome o = {0};

	(void)state;
	fixture_start(&x.f, play, &s);
	assert_int_equal(kube_get(x.f.client, &KUBE_NODES, NULL, "n", free_client, &x), 0);
	assert_int_equal(kube_list(x.f.client, &KUBE_NODES, NULL, NULL, NULL, outcome_done, &o), 0);
	watchdog_run(x.f.loop, &x.calls, 1);
	assert_null(x.f.client);
	assert_int_equal(o.calls, 1);
	fixture_stop(&x.f);
	outcome_free(&o);
}

static void an_event_says_what_about_whom(void **state)
{
	struct script s = SCRIPT({201, NULL, "{}"});
	struct json *pod = NULL, *event = NULL;
	static const char text[] =
		"{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"namespace\":\"ns\",\"name\":\"web\","
		"\"uid\":\"u1\",\"resourceVersion\":\"5\"}}";
	struct fixture f;

	(void)state;
	assert_int_equal(json_parse(text, strlen(text), 1000, &pod, NULL), 0);
	fixture_start(&f, play, &s);
	kube_event(f.client, pod, "Warning", "AttackDetected", "behaviour changed");
	while (fake_requests(f.fake) < 1)
		loop_turn(f.loop, true);
	fixture_stop(&f);
	assert_string_equal(
		s.seen[0].target, "/apis/events.k8s.io/v1/namespaces/ns/events?fieldManager=escape-test");
	assert_int_equal(json_parse(s.seen[0].body, strlen(s.seen[0].body), 4000, &event, NULL), 0);
	assert_string_equal(json_str_at(event, "regarding.uid", ""), "u1");
	assert_string_equal(json_str_at(event, "regarding.kind", ""), "Pod");
	assert_string_equal(json_str_at(event, "reason", ""), "AttackDetected");
	assert_string_equal(json_str_at(event, "note", ""), "behaviour changed");
	assert_string_equal(json_str_at(event, "type", ""), "Warning");
	assert_string_equal(json_str_at(event, "reportingController", ""), "escape-test");
	assert_string_equal(json_str_at(event, "reportingInstance", ""), "test-1");
	assert_string_equal(json_str_at(event, "metadata.generateName", ""), "web-");
	assert_true(strlen(json_str_at(event, "eventTime", "")) > 20);
	json_free(event);
	json_free(pod);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_object_is_read),
		cmocka_unit_test(each_status_has_its_meaning),
		cmocka_unit_test(the_servers_message_is_kept),
		cmocka_unit_test(a_truncated_answer_is_no_object),
		cmocka_unit_test(retry_after_is_obeyed),
		cmocka_unit_test(a_read_is_repeated_after_a_lost_connection),
		cmocka_unit_test(a_create_is_not_repeated_after_a_lost_connection),
		cmocka_unit_test(a_create_is_repeated_when_the_server_refused_it_for_now),
		cmocka_unit_test(a_slow_body_ends_at_the_deadline),
		cmocka_unit_test(nobody_listening_ends_before_the_deadline),
		cmocka_unit_test(patches_name_their_type_and_manager),
		cmocka_unit_test(a_patch_with_a_precondition_is_not_repeated),
		cmocka_unit_test(a_delete_carries_grace_and_uid),
		cmocka_unit_test(a_subresource_is_created_on_its_object),
		cmocka_unit_test(names_that_are_no_path_component_are_refused),
		cmocka_unit_test(a_token_is_sent_and_read_again_when_refused),
		cmocka_unit_test(freeing_the_client_cancels_its_requests),
		cmocka_unit_test(the_client_may_be_freed_by_a_callback),
		cmocka_unit_test(an_event_says_what_about_whom),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
