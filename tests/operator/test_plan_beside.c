/* SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"

#include "operator/plan/plan_alarms.h"

#include <base/str.h>
#include <string.h>

#define MINUTE INT64_C(60000)

static struct actions plan(struct scene *s)
{
	struct actions out = {0};

	plan_alarms(&s->w, &s->c, s->now_ms, 42, &out);
	assert_false(out.failed);
	return out;
}

/* The predator is in `other`, the prey beside it is clean. */
static void beside(struct scene *s, const char *policy)
{
	char list[600];

	scene_attacked(s, policy);
	str_fmt(list, sizeof(list), "[%s]", scene_anomaly(s, "a1", "other", 1000));
	scene_node(s, "node-a", list);
}

/* Time passes; the agents go on with their heartbeats. */
static void later(struct scene *s, int64_t ms)
{
	char list[600];

	str_fmt(list, sizeof(list), "[%s]", scene_anomaly(s, "a1", "other", 1000));
	s->now_ms += ms;
	scene_node(s, "node-a", list);
	scene_node(s, "node-b", "[]");
}

static void clean_pods_on_a_hacked_node_move_live(void **state)
{
	struct scene s;
	(void)state;
	beside(&s, "");
	auto_actions struct actions out = plan(&s);
	const struct action *a = actions_first(&out, ACTION_CREATE_ESCAPE);

	assert_int_equal(actions_count(&out, ACTION_CREATE_ESCAPE), 1);
	assert_string_equal(action_str(a, "spec.kind"), "Move");
	assert_string_equal(action_str(a, "spec.state"), "Live");
	assert_string_equal(action_str(a, "spec.reason"), "NodeHacked");
	assert_string_equal(action_str(a, "spec.podName"), "prey");
	/* What another pod did is not told to whoever may read this one's Escapes. */
	assert_non_null(json_at(a->status, "status.candidates"));
	assert_null(json_at(a->status, "status.evidence"));
	scene_end(&s);
}

static void the_policy_may_say_which_state_moves(void **state)
{
	struct scene s;
	(void)state;
	beside(&s, "'response':{'state':'LastSafe'}");
	auto_actions struct actions beside_out = plan(&s);

	assert_string_equal(
		action_str(actions_first(&beside_out, ACTION_CREATE_ESCAPE), "spec.state"), "LastSafe");
	scene_end(&s);
	scene_attacked(&s, "'response':{'state':'Live','rollbacks':0}");
	auto_actions struct actions out = plan(&s);

	assert_string_equal(action_str(actions_first(&out, ACTION_CREATE_ESCAPE), "spec.state"), "Live");
	scene_end(&s);
}

static void a_pod_with_an_open_alarm_of_its_own_does_not_move_live(void **state)
{
	struct scene s;
	char list[1200];
	(void)state;
	beside(&s, "");
	str_fmt(list, sizeof(list), "[%s,%s]", scene_anomaly(&s, "a1", "other", 1000),
		scene_anomaly(&s, "a2", "prey", 1000));
	scene_node(&s, "node-a", list);
	scene_escape(
		&s, "x", "Rollback", "prey", "Failed", 500, "'anomaly':'a2'", "'reason':'NoSafeSnapshot'");
	auto_actions struct actions out = plan(&s);

	assert_int_equal(actions_count(&out, ACTION_CREATE_ESCAPE), 0);
	scene_escape(&s, "x2", "Rollback", "prey", "Succeeded", 500, "'anomaly':'a2'", "");
	world_drop_escape(&s.w, "shop", "x");
	auto_actions struct actions after = plan(&s);

	assert_string_equal(action_str(actions_first(&after, ACTION_CREATE_ESCAPE), "spec.state"), "Live");
	scene_end(&s);
}

static void what_just_came_stays_for_the_cooldown(void **state)
{
	struct scene s;
	char status[100];
	(void)state;
	beside(&s, "'placement':{'cooldown':'5m'}");
	str_fmt(status, sizeof(status), "'successorUID':'%s'", scene_uid("prey"));
	scene_escape(&s, "m", "Move", "before", "Succeeded", 2 * MINUTE,
		"'destinationNode':'node-b','successor':'prey','state':'Live'", status);
	auto_actions struct actions out = plan(&s);

	assert_int_equal(actions_count(&out, ACTION_CREATE_ESCAPE), 0);
	assert_int_equal(out.wake_ms, s.now_ms + 3 * MINUTE);
	later(&s, 3 * MINUTE);
	auto_actions struct actions after = plan(&s);

	assert_int_equal(actions_count(&after, ACTION_CREATE_ESCAPE), 1);
	scene_end(&s);
}

static void a_move_that_was_called_off_is_tried_again_after_the_cooldown(void **state)
{
	struct scene s;
	(void)state;
	beside(&s, "'placement':{'cooldown':'5m'}");
	auto_actions struct actions first = plan(&s);

	scene_escape(&s, actions_first(&first, ACTION_CREATE_ESCAPE)->name, "Move", "prey", "Aborted", MINUTE,
		"'anomaly':'a1','destinationNode':'node-b','successor':'prey-1','state':'Live'", "");
	auto_actions struct actions out = plan(&s);

	assert_int_equal(actions_count(&out, ACTION_CREATE_ESCAPE), 0);
	later(&s, 4 * MINUTE);
	auto_actions struct actions after = plan(&s);

	assert_int_equal(actions_count(&after, ACTION_CREATE_ESCAPE), 1);
	assert_string_not_equal(actions_first(&after, ACTION_CREATE_ESCAPE)->name,
		actions_first(&first, ACTION_CREATE_ESCAPE)->name);
	scene_end(&s);
}

static void without_the_sources_agent_nothing_moves(void **state)
{
	struct scene s;
	(void)state;
	beside(&s, "");
	s.now_ms += s.c.agent_silent_ms;
	scene_node(&s, "node-b", "[]");
	auto_actions struct actions out = plan(&s);

	assert_int_equal(actions_count(&out, ACTION_CREATE_ESCAPE), 0);
	assert_non_null(strstr(actions_event(&out, "CannotEscape")->event.message, "AgentSilent"));
	scene_end(&s);
}

static void in_service_mode_no_address_moves(void **state)
{
	struct scene s;
	(void)state;
	beside(&s, "'network':{'mode':'Service'}");
	auto_actions struct actions out = plan(&s);
	const struct action *a = actions_first(&out, ACTION_CREATE_ESCAPE);

	assert_string_equal(action_str(a, "spec.network"), "Service");
	assert_int_equal(json_len(json_at(a->object, "spec.addresses")), 0);
	scene_end(&s);
}

static void not_more_than_max_concurrent_move(void **state)
{
	struct scene s;
	(void)state;
	beside(&s, "'placement':{'maxConcurrent':2}");
	for (int i = 0; i < 10; i++) {
		char name[16];

		str_fmt(name, sizeof(name), "prey-%d", i);
		scene_pod(&s, name, "node-a", "");
	}
	auto_actions struct actions out = plan(&s);

	assert_int_equal(actions_count(&out, ACTION_CREATE_ESCAPE), 2);
	scene_end(&s);
}

static void the_most_valuable_prey_flees_first(void **state)
{
	struct scene s;
	(void)state;
	beside(&s, "'placement':{'maxConcurrent':2}");
	for (int i = 0; i < 6; i++) {
		char name[16], value[80];

		str_fmt(name, sizeof(name), "prey-%d", i);
		str_fmt(value, sizeof(value), ",'annotations':{'escape.dev/value':'%d'}", i == 4 ? 70 : i);
		scene_pod(&s, name, "node-a", value);
	}
	auto_actions struct actions out = plan(&s);
	const struct action *first = actions_first(&out, ACTION_CREATE_ESCAPE), *second = NULL;

	for (size_t i = 0; i < out.n; i++)
		if (out.items[i].kind == ACTION_CREATE_ESCAPE)
			second = &out.items[i];
	assert_string_equal(action_str(first, "spec.podName"), "prey-4");
	assert_string_equal(action_str(second, "spec.podName"), "prey-5");
	scene_end(&s);
}

static void a_pod_that_cannot_flee_is_told_once(void **state)
{
	struct scene s;
	(void)state;
	beside(&s, "");
	scene_pod(&s, "prey", "node-a",
		",'ownerReferences':[{'kind':'Job','name':'s','uid':'5','controller':true}]");
	auto_actions struct actions out = plan(&s);

	assert_int_equal(actions_count(&out, ACTION_CREATE_ESCAPE), 0);
	assert_non_null(actions_event(&out, "CannotEscape"));
	assert_true(*actions_event(&out, "CannotEscape")->event.once);
	scene_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clean_pods_on_a_hacked_node_move_live),
		cmocka_unit_test(the_policy_may_say_which_state_moves),
		cmocka_unit_test(a_pod_with_an_open_alarm_of_its_own_does_not_move_live),
		cmocka_unit_test(what_just_came_stays_for_the_cooldown),
		cmocka_unit_test(a_move_that_was_called_off_is_tried_again_after_the_cooldown),
		cmocka_unit_test(without_the_sources_agent_nothing_moves),
		cmocka_unit_test(in_service_mode_no_address_moves),
		cmocka_unit_test(not_more_than_max_concurrent_move),
		cmocka_unit_test(the_most_valuable_prey_flees_first),
		cmocka_unit_test(a_pod_that_cannot_flee_is_told_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
