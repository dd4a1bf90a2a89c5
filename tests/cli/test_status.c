/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "golden.h"

#include <base/cleanup.h>
#include <base/str.h>
#include <cli/status.h>
#include <cli/text.h>

static void lists_of(const struct json *cluster, struct status_lists *ret)
{
	ret->policies = json_member(cluster, "policies");
	ret->reports = json_member(cluster, "reports");
	ret->escapes = json_member(cluster, "escapes");
	ret->verdicts = json_member(cluster, "verdicts");
}

static void check_both(const struct status_lists *lists, const char *name)
{
	auto_free char *text_name = str_dup_fmt("%s.txt", name);
	auto_free char *json_name = str_dup_fmt("%s.json", name);
	auto_buf struct buf text = BUF_INIT(TEXT_MAX), json = BUF_INIT(TEXT_MAX);
	auto_status struct status_view v = {0};
	auto_json struct json *j = NULL;

	assert_int_equal(status_read(lists, &v, NULL), 0);
	status_text(&v, GOLDEN_NOW_MS, &text);
	golden_check(text_name, &text);
	j = status_json(&v, GOLDEN_NOW_MS);
	assert_non_null(j);
	assert_int_equal(text_add_json(&json, j), 0);
	golden_check(json_name, &json);
}

static void a_cluster_at_work(void **state)
{
	auto_json struct json *cluster = golden_input("status-busy.json");
	struct status_lists lists = {0};

	(void)state;
	lists_of(cluster, &lists);
	check_both(&lists, "status-busy");
}

static void nothing_there(void **state)
{
	struct status_lists lists = {.namespace_ = "shop"};

	(void)state;
	check_both(&lists, "status-empty");
	lists.namespace_ = NULL;
	check_both(&lists, "status-empty-all");
}

static void nodes_may_not_be_seen(void **state)
{
	struct status_lists lists = {.namespace_ = "shop", .nodes_hidden = "nodereports is forbidden"};

	(void)state;
	check_both(&lists, "status-hidden");
}

/* Whatever is in the objects: no control byte reaches the terminal, and nothing is taken for a number. */
static void hostile_objects(void **state)
{
	auto_json struct json *cluster = golden_input("status-hostile.json");
	struct status_lists lists = {0};

	(void)state;
	lists_of(cluster, &lists);
	check_both(&lists, "status-hostile");
}

static void output_larger_than_the_buffer_fails(void **state)
{
	auto_json struct json *cluster = golden_input("status-busy.json");
	auto_buf struct buf small = BUF_INIT(100);
	auto_status struct status_view v = {0};
	struct status_lists lists = {0};

	(void)state;
	lists_of(cluster, &lists);
	assert_int_equal(status_read(&lists, &v, NULL), 0);
	status_text(&v, GOLDEN_NOW_MS, &small);
	assert_true(small.failed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cluster_at_work),
		cmocka_unit_test(nothing_there),
		cmocka_unit_test(nodes_may_not_be_seen),
		cmocka_unit_test(hostile_objects),
		cmocka_unit_test(output_larger_than_the_buffer_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
