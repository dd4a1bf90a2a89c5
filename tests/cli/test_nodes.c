/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "golden.h"

#include <cli/nodes.h>
#include <cli/text.h>

static void check(
	const struct json *nodes, const struct json *verdicts, const char *text_name, const char *json_name)
{
	auto_buf struct buf text = BUF_INIT(TEXT_MAX), json = BUF_INIT(TEXT_MAX);
	auto_nodes struct nodes_view v = {0};
	auto_json struct json *j = NULL;

	assert_int_equal(nodes_read(nodes, verdicts, &v, NULL), 0);
	nodes_text(&v, GOLDEN_NOW_MS, &text);
	golden_check(text_name, &text);
	j = nodes_json(&v);
	assert_non_null(j);
	assert_int_equal(text_add_json(&json, j), 0);
	golden_check(json_name, &json);
}

static void nodes_with_what_is_known_of_them(void **state)
{
	auto_json struct json *cluster = golden_input("nodes.json");

	(void)state;
	check(json_member(cluster, "nodes"), json_member(cluster, "verdicts"), "nodes.txt", "nodes.json");
	check(NULL, json_member(cluster, "verdicts"), "nodes-hidden.txt", "nodes-hidden.json");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(nodes_with_what_is_known_of_them)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
