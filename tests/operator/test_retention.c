/* SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"

#include "operator/plan/plan_retention.h"

#include <base/str.h>

#define HOUR INT64_C(3600000)

static size_t deleted(struct scene *s)
{
	auto_actions struct actions out = {0};

	plan_retention(&s->w, &s->c, "shop", s->now_ms, &out);
	assert_false(out.failed);
	return actions_count(&out, ACTION_DELETE_ESCAPE);
}

static void begin(struct scene *s, int rollbacks)
{
	scene_begin(s);
	s->c.keep_finished = 3;
	scene_policy(s, "");
	for (int i = 0; i < rollbacks; i++) {
		char name[16], spec[32];

		str_fmt(name, sizeof(name), "x%d", i);
		str_fmt(spec, sizeof(spec), "'anomaly':'n%d'", i);
		scene_escape(s, name, "Rollback", "prey", "Succeeded", (2 + i) * HOUR, spec, "");
	}
}

static void the_newest_stay(void **state)
{
	struct scene s;
	(void)state;
	begin(&s, 5);
	auto_actions struct actions out = {0};

	plan_retention(&s.w, &s.c, "shop", s.now_ms, &out);
	assert_int_equal(out.n, 2);
	assert_string_equal(out.items[0].name, "x3");
	assert_string_equal(out.items[0].uid, world_escape(&s.w, "shop", "x3")->x.uid);
	assert_string_equal(out.items[1].name, "x4");
	scene_end(&s);
}

static void what_is_under_way_or_elsewhere_stays(void **state)
{
	struct scene s;
	(void)state;
	begin(&s, 3);
	scene_escape(&s, "old", "Rollback", "prey", "Pending", 9 * HOUR, "", "");
	assert_int_equal(deleted(&s), 0);
	auto_actions struct actions out = {0};

	plan_retention(&s.w, &s.c, "other", s.now_ms, &out);
	assert_int_equal(out.n, 0);
	scene_end(&s);
}

static void addresses_in_use_keep_their_escape(void **state)
{
	static const char MOVE[] = "'destinationNode':'node-b','successor':'p-1','state':'Live'";
	struct scene s;
	(void)state;
	begin(&s, 3);
	scene_escape(&s, "m", "Move", "prey", "Succeeded", 9 * HOUR, MOVE, "");
	assert_int_equal(deleted(&s), 0);
	scene_escape(&s, "m", "Move", "prey", "Succeeded", 9 * HOUR, MOVE, "'networkReleased':true");
	assert_int_equal(deleted(&s), 1);
	scene_end(&s);
}

/* Else the alarm would look as if nobody had answered it. */
static void a_reported_anomaly_keeps_its_answer(void **state)
{
	struct scene s;
	char list[600];
	(void)state;
	begin(&s, 4);
	assert_int_equal(deleted(&s), 1);
	str_fmt(list, sizeof(list), "[%s]", scene_anomaly(&s, "n3", "prey", 5 * HOUR));
	scene_node(&s, "node-a", list);
	assert_int_equal(deleted(&s), 0);
	scene_end(&s);
}

static void rollbacks_that_still_count_stay(void **state)
{
	struct scene s;
	(void)state;
	begin(&s, 4);
	scene_policy(&s, "'response':{'within':'24h'}");
	assert_int_equal(deleted(&s), 0);
	scene_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_newest_stay),
		cmocka_unit_test(what_is_under_way_or_elsewhere_stays),
		cmocka_unit_test(addresses_in_use_keep_their_escape),
		cmocka_unit_test(a_reported_anomaly_keeps_its_answer),
		cmocka_unit_test(rollbacks_that_still_count_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
