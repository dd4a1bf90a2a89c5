/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "golden.h"

#include <base/cleanup.h>
#include <base/str.h>
#include <cli/evidence.h>
#include <cli/explain.h>
#include <cli/text.h>
#include <errno.h>
#include <string.h>

static void check_both(const char *name)
{
	static struct escape x;
	auto_free char *text_name = str_dup_fmt("%s.txt", name);
	auto_free char *json_name = str_dup_fmt("%s.json", name);
	auto_buf struct buf text = BUF_INIT(TEXT_MAX), json = BUF_INIT(TEXT_MAX);
	auto_json struct json *obj = golden_input(json_name);
	auto_json struct json *j = NULL;
	struct err e = {0};

	if (escape_decode(obj, &x, &e))
		fail_msg("%s", e.message);
	explain_text(&x, GOLDEN_NOW_MS, &text);
	golden_check(text_name, &text);
	j = explain_json(&x);
	assert_non_null(j);
	assert_int_equal(text_add_json(&json, j), 0);
	golden_check(json_name, &json);
}

static void a_move_that_succeeded(void **state)
{
	(void)state;
	check_both("explain-move");
}

static void a_move_that_is_stuck(void **state)
{
	(void)state;
	check_both("explain-stuck");
}

static void a_rollback_that_failed(void **state)
{
	(void)state;
	check_both("explain-rollback");
}

static void a_restart_not_begun(void **state)
{
	(void)state;
	check_both("explain-restart");
}

static void hostile_values(void **state)
{
	(void)state;
	check_both("explain-hostile");
}

/* Nobody answered it with an Escape; the newest of all nodes is shown. */
static void the_newest_alarm_of_a_pod(void **state)
{
	static struct pod_alarm p;
	auto_buf struct buf text = BUF_INIT(TEXT_MAX), json = BUF_INIT(TEXT_MAX);
	auto_json struct json *reports = golden_input("pod-alarms.json");
	auto_json struct json *j = NULL;
	struct err e = {0};

	(void)state;
	if (pod_alarm_find(reports, "shop", "ledger-5d9c", &p, &e))
		fail_msg("%s", e.message);
	pod_alarm_text(&p, GOLDEN_NOW_MS, &text);
	golden_check("pod-alarm.txt", &text);
	j = pod_alarm_json(&p);
	assert_non_null(j);
	assert_int_equal(text_add_json(&json, j), 0);
	golden_check("pod-alarm.json", &json);
}

static void a_pod_without_an_alarm(void **state)
{
	static struct pod_alarm p;
	auto_json struct json *reports = golden_input("pod-alarms.json");
	struct err e = {0};

	(void)state;
	assert_int_equal(pod_alarm_find(reports, "shop", "absent", &p, &e), -ENOENT);
	assert_non_null(strstr(e.message, "no node reports an alarm of pod absent in namespace shop"));
	assert_int_equal(pod_alarm_find(reports, "shop", "broken", &p, &e), -EINVAL);
	assert_int_equal(pod_alarm_find(NULL, "shop", "absent", &p, &e), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_move_that_succeeded),
		cmocka_unit_test(a_move_that_is_stuck),
		cmocka_unit_test(a_rollback_that_failed),
		cmocka_unit_test(a_restart_not_begun),
		cmocka_unit_test(hostile_values),
		cmocka_unit_test(the_newest_alarm_of_a_pod),
		cmocka_unit_test(a_pod_without_an_alarm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
