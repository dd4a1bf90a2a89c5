/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture.h"
#include <base/str.h>
#include <errno.h>
#include <string.h>

#define PAGE(version, token, items)                                                                          \
	"{\"kind\":\"ThingList\",\"metadata\":{\"resourceVersion\":\"" version "\",\"continue\":\"" token    \
	"\",\"remainingItemCount\":1},\"items\":[" items "]}"
#define ITEM(name) "{\"metadata\":{\"namespace\":\"ns\",\"name\":\"" name "\"}}"
#define GONE "{\"kind\":\"Status\",\"reason\":\"Expired\",\"message\":\"too old\",\"code\":410}"

static struct outcome list(fake_handler handler, void *arg)
{
	struct fixture f;
	struct outcome o = {0};

	fixture_start(&f, handler, arg);
	assert_int_equal(
		kube_list(f.client, &THINGS, NULL, "app=a,b!=c", "spec.nodeName=n", outcome_done, &o), 0);
	outcome_wait(&f, &o);
	fixture_stop(&f);
	return o;
}

static const char *name_at(const struct json *list_, size_t n)
{
	json_foreach(item, json_member(list_, "items"))
	{
		if (n-- == 0)
			return json_str_at(item, "metadata.name", "");
	}
	return "";
}

static void two_pages(void *arg, struct fake_conn *c, const struct fake_request *r)
{
	char(*targets)[1024] = arg;

	str_copy(targets[r->number], 1024, r->target);
	if (strstr(r->target, "continue=a%2Bb"))
		fake_reply(c, 200, NULL, PAGE("10", "", ITEM("three")));
	else
		fake_reply(c, 200, NULL, PAGE("10", "a+b", ITEM("one") "," ITEM("two")));
}

static void pages_are_gathered(void **state)
{
	char targets[4][1024] = {0};
	struct outcome o = list(two_pages, targets);

	(void)state;
	assert_int_equal(o.code, 0);
	assert_int_equal(json_len(json_member(o.object, "items")), 3);
	assert_string_equal(name_at(o.object, 0), "one");
	assert_string_equal(name_at(o.object, 2), "three");
	assert_string_equal(json_str_at(o.object, "metadata.resourceVersion", ""), "10");
	assert_null(json_at(o.object, "metadata.continue"));
	assert_null(json_at(o.object, "metadata.remainingItemCount"));
	assert_string_equal(targets[0],
		"/apis/test.escape.dev/v1/things?limit=500&labelSelector=app%3Da%2Cb%21%3Dc"
		"&fieldSelector=spec.nodeName%3Dn");
	outcome_free(&o);
}

static void items_know_their_kind(void **state)
{
	char targets[4][1024] = {0};
	struct outcome o = list(two_pages, targets);

	(void)state;
	json_foreach(item, json_member(o.object, "items"))
	{
		assert_string_equal(json_str_at(item, "kind", ""), "Thing");
		assert_string_equal(json_str_at(item, "apiVersion", ""), "test.escape.dev/v1");
	}
	outcome_free(&o);
}

/* The first snapshot expires between its pages, the second does not. */
static void expires_once(void *arg, struct fake_conn *c, const struct fake_request *r)
{
	(void)arg;
	switch (r->number) {
	case 0:
		fake_reply(c, 200, NULL, PAGE("10", "x", ITEM("old")));
		break;
	case 1:
		fake_reply(c, 410, NULL, GONE);
		break;
	case 2:
		fake_reply(c, 200, NULL, PAGE("20", "y", ITEM("one")));
		break;
	default:
		fake_reply(c, 200, NULL, PAGE("20", "", ITEM("two")));
	}
}

static void a_snapshot_that_expires_starts_over(void **state)
{
	struct outcome o = list(expires_once, NULL);

	(void)state;
	assert_int_equal(o.code, 0);
	assert_int_equal(json_len(json_member(o.object, "items")), 2);
	assert_string_equal(name_at(o.object, 0), "one");
	assert_string_equal(json_str_at(o.object, "metadata.resourceVersion", ""), "20");
	outcome_free(&o);
}

static void expires_always(void *arg, struct fake_conn *c, const struct fake_request *r)
{
	(void)arg;
	if (strstr(r->target, "continue="))
		fake_reply(c, 410, NULL, GONE);
	else if (strstr(r->target, "limit="))
		fake_reply(c, 200, NULL, PAGE("10", "x", ITEM("one")));
	else
		fake_reply(c, 200, NULL, PAGE("30", "", ITEM("one") "," ITEM("two")));
}

static void when_pages_keep_expiring_the_list_comes_in_one_piece(void **state)
{
	struct outcome o = list(expires_always, NULL);

	(void)state;
	assert_int_equal(o.code, 0);
	assert_int_equal(json_len(json_member(o.object, "items")), 2);
	assert_string_equal(json_str_at(o.object, "metadata.resourceVersion", ""), "30");
	outcome_free(&o);
}

static void answer_text(void *arg, struct fake_conn *c, const struct fake_request *r)
{
	(void)r;
	fake_reply(c, 200, NULL, arg);
}

static void an_empty_list_has_items_all_the_same(void **state)
{
	struct outcome o = list(answer_text, "{\"metadata\":{\"resourceVersion\":\"7\"},\"items\":null}");

	(void)state;
	assert_int_equal(o.code, 0);
	assert_true(json_is_arr(json_member(o.object, "items")));
	assert_int_equal(json_len(json_member(o.object, "items")), 0);
	outcome_free(&o);
}

static void what_is_no_list_is_an_error(void **state)
{
	static const char *const bad[] = {"", "[]", "{}", "{\"items\":3}", "{\"items\":[", "7"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct outcome o = list(answer_text, (void *)bad[i]);

		assert_int_equal(o.code, -EBADMSG);
		assert_string_equal(o.reason, "BadResponse");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_are_gathered),
		cmocka_unit_test(items_know_their_kind),
		cmocka_unit_test(a_snapshot_that_expires_starts_over),
		cmocka_unit_test(when_pages_keep_expiring_the_list_comes_in_one_piece),
		cmocka_unit_test(an_empty_list_has_items_all_the_same),
		cmocka_unit_test(what_is_no_list_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
