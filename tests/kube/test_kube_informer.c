/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture.h"
#include <base/buf.h>
#include <base/str.h>
#include <kube/informer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OBJECT(name, uid, version)                                                                           \
	"{\"kind\":\"Thing\",\"metadata\":{\"namespace\":\"ns\",\"name\":\"" name "\",\"uid\":\"" uid        \
	"\",\"resourceVersion\":\"" version "\"}}"
#define EVENT(type, object) "{\"type\":\"" type "\",\"object\":" object "}"
#define LIST(version, items) "{\"metadata\":{\"resourceVersion\":\"" version "\"},\"items\":[" items "]}"
#define BOOKMARK(version)                                                                                    \
	EVENT("BOOKMARK", "{\"kind\":\"Thing\",\"metadata\":{\"resourceVersion\":\"" version "\"}}")
#define GONE_EVENT                                                                                           \
	EVENT("ERROR", "{\"kind\":\"Status\",\"code\":410,\"reason\":\"Expired\",\"message\":\"too old\"}")

struct watcher {
	struct fixture f;
	struct kube_informer *informer;

	struct buf text;
	unsigned changes, synced;
	bool free_on_change;
};

static void on_change(void *arg, enum kube_change change, const struct json *object, const struct json *old)
{
	static const char marks[] = {[KUBE_ADDED] = '+', [KUBE_UPDATED] = '*', [KUBE_REMOVED] = '-'};
	struct watcher *w = arg;

	assert_int_equal(change == KUBE_ADDED, old == NULL);
	buf_addf(&w->text, "%c%s/%s ", marks[change], json_str_at(object, "metadata.name", "?"),
		json_str_at(object, "metadata.resourceVersion", "?"));
	w->changes++;
	if (w->free_on_change) {
		kube_informer_free(w->informer);
		w->informer = NULL;
	}
}

static void on_synced(void *arg)
{
	struct watcher *w = arg;

	w->synced++;
	buf_adds(&w->text, "synced ");
}

static void start(struct watcher *w, fake_handler handler, void *arg)
{
	struct kube_informer_args args = {
		.resource = &THINGS,
		.on_change = on_change,
		.on_synced = on_synced,
		.arg = w,
	};

	w->text = BUF_INIT(65536);
	fixture_start(&w->f, handler, arg);
	assert_int_equal(kube_informer_new(w->f.client, &args, &w->informer, NULL), 0);
	assert_false(kube_informer_synced(w->informer));
}

static void stop(struct watcher *w)
{
	kube_informer_free(w->informer);
	fixture_stop(&w->f);
	buf_free(&w->text);
}

static void run(struct watcher *w, fake_handler handler, void *arg, unsigned changes, const char *expected)
{
	start(w, handler, arg);
	watchdog_run(w->f.loop, &w->changes, changes);
	if (w->informer)
		watchdog_run(w->f.loop, &w->synced, 1);
	assert_string_equal(w->text.data, expected);
}

static bool is_watch(const struct fake_request *r)
{
	return strstr(r->target, "watch=1") != NULL;
}

static void list_then_events(void *arg, struct fake_conn *c, const struct fake_request *r)
{
	char *watch_target = arg;

	if (!is_watch(r)) {
		fake_reply(c, 200, NULL, LIST("10", OBJECT("one", "u1", "5")));
		return;
	}
	str_copy(watch_target, 1024, r->target);
	assert_true(r->upgrade);
	fake_upgrade(c, r);
	fake_text(c, EVENT("ADDED", OBJECT("two", "u2", "11")));
	fake_text(c, EVENT("MODIFIED", OBJECT("one", "u1", "12")));
	fake_text(c, BOOKMARK("13"));
	fake_text(c, EVENT("DELETED", OBJECT("two", "u2", "14")));
}

static void a_list_is_followed_over_a_websocket(void **state)
{
	char target[1024] = "";
	struct watcher w = {0};

	(void)state;
	run(&w, list_then_events, target, 4, "+one/5 synced +two/11 *one/12 -two/14 ");
	assert_int_equal(kube_informer_count(w.informer), 1);
	assert_string_equal(
		json_str_at(kube_informer_get(w.informer, "ns", "one"), "metadata.resourceVersion", ""),
		"12");
	assert_null(kube_informer_get(w.informer, "ns", "two"));
	assert_null(kube_informer_get(w.informer, NULL, "one"));
	assert_true(kube_informer_age_ms(w.informer) >= 0);
	stop(&w);
	assert_non_null(strstr(target, "resourceVersion=10"));
	assert_non_null(strstr(target, "allowWatchBookmarks=true"));
	assert_non_null(strstr(target, "timeoutSeconds="));
}

enum { LARGE = 3 << 20 };

/* One event of 3 MiB, in frames that end in the middle of words. */
static void large_event(void *arg, struct fake_conn *c, const struct fake_request *r)
{
	char *text;
	int len;

	(void)arg;
	if (!is_watch(r)) {
		fake_reply(c, 200, NULL, LIST("10", ""));
		return;
	}
	text = malloc(LARGE + 1024);
	len = sprintf(text, "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"namespace\":\"ns\",\"name\":"
			    "\"large\",\"uid\":\"u\","
			    "\"resourceVersion\":\"11\"},\"data\":\"");
	memset(text + len, 'x', LARGE);
	memcpy(text + len + LARGE, "\"}}", sizeof("\"}}"));
	size_t size = strlen(text), third = size / 3;

	fake_upgrade(c, r);
	fake_frame(c, FAKE_TEXT, false, text, 7);
	fake_frame(c, FAKE_CONT, false, text + 7, third);
	fake_frame(c, FAKE_CONT, false, text + 7 + third, third);
	fake_frame(c, FAKE_CONT, true, text + 7 + 2 * third, size - 7 - 2 * third);
	free(text);
}

static void an_event_may_be_larger_than_any_buffer(void **state)
{
	struct watcher w = {0};

	(void)state;
	run(&w, large_event, NULL, 1, "synced +large/11 ");
	assert_int_equal(
		strlen(json_str_at(kube_informer_get(w.informer, "ns", "large"), "data", "")), LARGE);
	stop(&w);
}

/* A proxy that does not know WebSockets. */
static void refuses_upgrades(void *arg, struct fake_conn *c, const struct fake_request *r)
{
	unsigned *watches = arg;

	if (!is_watch(r)) {
		fake_reply(c, 200, NULL, LIST("10", OBJECT("one", "u1", "5")));
		return;
	}
	if (r->upgrade) {
		watches[0]++;
		fake_reply(c, 403, NULL, "{}");
		return;
	}
	watches[1]++;
	fake_chunked(c);
	fake_chunk(c, EVENT("ADDED", OBJECT("two", "u2", "11")) "\n" EVENT(
			      "MODIFIED", OBJECT("two", "u2", "12")) "\n{\"type\":");
	fake_chunk(c, "\"DELETED\",\"object\":" OBJECT("one", "u1", "13") "}\n");
	if (watches[1] == 1)
		fake_chunked_end(c);
}

static void a_refused_upgrade_falls_back_to_chunks(void **state)
{
	unsigned watches[2] = {0};
	struct watcher w = {0};

	(void)state;
	run(&w, refuses_upgrades, watches, 4, "+one/5 synced +two/11 *two/12 -one/13 ");
	/* The second watch repeats what is known: two/11 is older but different, so it is told; nothing is
	 * lost. */
	watchdog_run(w.f.loop, &w.changes, 6);
	stop(&w);
	assert_int_equal(watches[0], 1); /* the refusal is remembered */
	assert_int_equal(watches[1], 2);
}

/* While we were away: one gone, two changed, three made anew under its name, four new. */
static void gone_then_list(void *arg, struct fake_conn *c, const struct fake_request *r)
{
	unsigned *lists = arg;

	if (is_watch(r)) {
		fake_upgrade(c, r);
		if (*lists == 1)
			fake_text(c, GONE_EVENT);
		return;
	}
	if ((*lists)++ == 0)
		fake_reply(c, 200, NULL,
			LIST("10", OBJECT("one", "u1", "1") "," OBJECT("two", "u2", "2") "," OBJECT(
					   "three", "u3", "3") "," OBJECT("same", "u5", "4")));
	else
		fake_reply(c, 200, NULL,
			LIST("20", OBJECT("two", "u2", "12") "," OBJECT("three", "u33", "13") "," OBJECT(
					   "four", "u4", "14") "," OBJECT("same", "u5", "4")));
}

static void after_gone_the_difference_is_told(void **state)
{
	unsigned lists = 0;
	struct watcher w = {0};

	(void)state;
	run(&w, gone_then_list, &lists, 9,
		"+one/1 +two/2 +three/3 +same/4 synced *two/12 -three/3 +three/13 +four/14 -one/1 ");
	assert_int_equal(w.synced, 1);
	assert_int_equal(kube_informer_count(w.informer), 4);
	assert_null(kube_informer_get(w.informer, "ns", "one"));
	assert_string_equal(
		json_str_at(kube_informer_get(w.informer, "ns", "three"), "metadata.uid", ""), "u33");
	stop(&w);
	assert_int_equal(lists, 2);
}

/* 410 may also be the answer to the watch request itself. */
static void gone_as_status(void *arg, struct fake_conn *c, const struct fake_request *r)
{
	unsigned *lists = arg;

	if (!is_watch(r)) {
		(*lists)++;
		fake_reply(c, 200, NULL, *lists == 1 ? LIST("10", OBJECT("one", "u1", "1")) : LIST("20", ""));
	} else if (*lists == 1) {
		fake_reply(c, 410, NULL, "{\"kind\":\"Status\",\"reason\":\"Expired\",\"code\":410}");
	} else {
		fake_upgrade(c, r);
	}
}

static void gone_as_an_answer_lists_again(void **state)
{
	unsigned lists = 0;
	struct watcher w = {0};

	(void)state;
	run(&w, gone_as_status, &lists, 2, "+one/1 synced -one/1 ");
	stop(&w);
}

/* The connection breaks after a bookmark; the next watch must start from it. */
static void breaks_after_bookmark(void *arg, struct fake_conn *c, const struct fake_request *r)
{
	char(*targets)[1024] = arg;

	if (!is_watch(r)) {
		str_copy(targets[0], 1024, r->target);
		fake_reply(c, 200, NULL, LIST("10", OBJECT("one", "u1", "1")));
		return;
	}
	fake_upgrade(c, r);
	if (!targets[1][0]) {
		str_copy(targets[1], 1024, r->target);
		fake_text(c, BOOKMARK("15"));
		fake_close(c);
		return;
	}
	str_copy(targets[2], 1024, r->target);
	fake_text(c, EVENT("MODIFIED", OBJECT("one", "u1", "16")));
}

static void a_broken_watch_goes_on_from_the_bookmark(void **state)
{
	char targets[3][1024] = {0};
	struct watcher w = {0};

	(void)state;
	run(&w, breaks_after_bookmark, targets, 2, "+one/1 synced *one/16 ");
	assert_int_equal(fake_requests(w.f.fake), 3);
	stop(&w);
	assert_non_null(strstr(targets[1], "resourceVersion=10"));
	assert_non_null(strstr(targets[2], "resourceVersion=15"));
}

/* The server answers only resets for a while: lists and watches alike. */
static void down_for_a_while(void *arg, struct fake_conn *c, const struct fake_request *r)
{
	(void)arg;
	if (r->number < 2)
		fake_reply(c, 500, NULL, "{}");
	else if (!is_watch(r))
		fake_reply(c, 200, NULL, LIST("10", OBJECT("one", "u1", "1")));
	else if (r->number < 8)
		fake_reset(c);
	else if (r->upgrade) {
		fake_upgrade(c, r);
		fake_text(c, EVENT("MODIFIED", OBJECT("one", "u1", "11")));
	} else {
		fake_chunked(c);
		fake_chunk(c, EVENT("MODIFIED", OBJECT("one", "u1", "11")) "\n");
	}
}

static void a_server_that_is_down_is_tried_again(void **state)
{
	struct watcher w = {0};

	(void)state;
	run(&w, down_for_a_while, NULL, 2, "+one/1 synced *one/11 ");
	stop(&w);
}

/* An event that is cut off or no JSON ends the watch and leads to a new list. */
static void bad_event(void *arg, struct fake_conn *c, const struct fake_request *r)
{
	unsigned *lists = arg;

	if (!is_watch(r)) {
		(*lists)++;
		fake_reply(c, 200, NULL,
			*lists == 1 ? LIST("10", OBJECT("one", "u1", "1"))
				    : LIST("20", OBJECT("one", "u1", "2")));
		return;
	}
	fake_upgrade(c, r);
	if (*lists == 1)
		fake_text(c, "{\"type\":\"ADDED\",\"object\":{\"meta");
}

static void a_broken_event_lists_again(void **state)
{
	unsigned lists = 0;
	struct watcher w = {0};

	(void)state;
	run(&w, bad_event, &lists, 2, "+one/1 synced *one/2 ");
	stop(&w);
}

static void strange_events(void *arg, struct fake_conn *c, const struct fake_request *r)
{
	(void)arg;
	if (!is_watch(r)) {
		fake_reply(c, 200, NULL,
			LIST("10", "{},7,{\"metadata\":{\"name\":\"\"}}," OBJECT("one", "u1", "1")));
		return;
	}
	fake_upgrade(c, r);
	fake_text(c, "{}");
	fake_text(c, "{\"type\":\"ADDED\"}");
	fake_text(c, "{\"type\":\"NEWS\",\"object\":{}}");
	fake_text(c, "{\"type\":\"DELETED\",\"object\":null}");
	fake_text(c, "{\"type\":7,\"object\":[]}");
	fake_text(c, EVENT("DELETED", OBJECT("unknown", "u9", "9")));
	fake_text(c, EVENT("MODIFIED", OBJECT("one", "u1", "11")));
}

static void what_makes_no_sense_is_ignored(void **state)
{
	struct watcher w = {0};

	(void)state;
	run(&w, strange_events, NULL, 2, "+one/1 synced *one/11 ");
	assert_int_equal(kube_informer_count(w.informer), 1);
	stop(&w);
}

static void many_events(void *arg, struct fake_conn *c, const struct fake_request *r)
{
	(void)arg;
	if (!is_watch(r)) {
		fake_reply(c, 200, NULL, LIST("10", ""));
		return;
	}
	fake_upgrade(c, r);
	fake_text(c, EVENT("ADDED", OBJECT("one", "u1", "11")));
	fake_text(c, EVENT("ADDED", OBJECT("two", "u2", "12")));
}

static void many_events_chunked(void *arg, struct fake_conn *c, const struct fake_request *r)
{
	if (!is_watch(r) || !r->upgrade) {
		if (is_watch(r)) {
			fake_chunked(c);
			fake_chunk(c, EVENT("ADDED", OBJECT("one", "u1", "11")) "\n" EVENT(
					      "ADDED", OBJECT("two", "u2", "12")) "\n");
			return;
		}
		many_events(arg, c, r);
		return;
	}
	fake_reply(c, 400, NULL, "");
}

static void an_informer_may_be_freed_by_its_handler(void **state)
{
	struct watcher w = {.free_on_change = true}, chunked = {.free_on_change = true},
		       listed = {.free_on_change = true};
	char target[1024];

	(void)state;
	run(&w, many_events, NULL, 1, "synced +one/11 ");
	stop(&w);
	run(&chunked, many_events_chunked, NULL, 1, "synced +one/11 ");
	stop(&chunked);
	run(&listed, list_then_events, target, 1, "+one/5 ");
	stop(&listed);
}

static void an_informer_may_be_freed_at_any_time(void **state)
{
	struct watcher w = {0}, at_once = {0};

	(void)state;
	start(&at_once, many_events, NULL);
	stop(&at_once);
	start(&w, many_events, NULL);
	watchdog_run(w.f.loop, &w.synced, 1);
	stop(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_is_followed_over_a_websocket),
		cmocka_unit_test(an_event_may_be_larger_than_any_buffer),
		cmocka_unit_test(a_refused_upgrade_falls_back_to_chunks),
		cmocka_unit_test(after_gone_the_difference_is_told),
		cmocka_unit_test(gone_as_an_answer_lists_again),
		cmocka_unit_test(a_broken_watch_goes_on_from_the_bookmark),
		cmocka_unit_test(a_server_that_is_down_is_tried_again),
		cmocka_unit_test(a_broken_event_lists_again),
		cmocka_unit_test(what_makes_no_sense_is_ignored),
		cmocka_unit_test(an_informer_may_be_freed_by_its_handler),
		cmocka_unit_test(an_informer_may_be_freed_at_any_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
