/* SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"

#include "operator/plan/plan_alarms.h"
#include "operator/plan/plan_evictions.h"

#include <base/clock.h>
#include <base/str.h>
#include <string.h>

#define MINUTE INT64_C(60000)
#define MOVE_POLICY "'response':{'onEviction':'Move'}"

static struct actions plan(struct scene *s)
{
	struct actions out = {0};

	plan_alarms(&s->w, &s->c, s->now_ms, 42, &out);
	assert_false(out.failed);
	return out;
}

/* Quiet nodes, and the prey on node-a. */
static void quiet(struct scene *s, const char *policy)
{
	scene_begin(s);
	scene_policy(s, policy);
	scene_node(s, "node-a", "[]");
	scene_node(s, "node-b", "[]");
	scene_pod(s, "prey", "node-a", "");
}

/* As the webhook writes it down. */
static void wish(struct scene *s, const char *pod, int64_t age_ms, const char *more)
{
	char at[CLOCK_RFC3339_MAX], annotations[160];

	clock_format_micro(s->now_ms - age_ms, at);
	str_fmt(annotations, sizeof(annotations), ",'annotations':{'escape.dev/evicted':'%s'}%s", at, more);
	scene_pod(s, pod, "node-a", annotations);
}

static void assert_judged(struct scene *s, const char *pod, enum eviction verdict, const char *reason)
{
	struct err why = {.code = 1};

	assert_int_equal(
		eviction_judge(&s->w, &s->c, world_pod(&s->w, "shop", pod), s->now_ms, &why), verdict);
	assert_string_equal(why.reason, reason);
	assert_int_equal(!!why.code, *reason != 0);
}

static void an_eviction_becomes_a_live_move(void **state)
{
	struct scene s;
	(void)state;
	quiet(&s, MOVE_POLICY);
	assert_judged(&s, "prey", EVICTION_ASKS, "Moving");
	auto_actions struct actions none = plan(&s);

	assert_int_equal(actions_count(&none, ACTION_CREATE_ESCAPE), 0);
	wish(&s, "prey", 10, "");
	assert_judged(&s, "prey", EVICTION_WAITS, "Moving");
	auto_actions struct actions out = plan(&s);
	const struct action *a = actions_first(&out, ACTION_CREATE_ESCAPE);

	assert_int_equal(actions_count(&out, ACTION_CREATE_ESCAPE), 1);
	assert_string_equal(action_str(a, "spec.kind"), "Move");
	assert_string_equal(action_str(a, "spec.state"), "Live");
	assert_string_equal(action_str(a, "spec.reason"), "Evicted");
	assert_string_equal(action_str(a, "spec.destinationNode"), "node-b");
	auto_actions struct actions again = plan(&s);

	/* From the same view the same object, which the API server makes once. */
	assert_string_equal(actions_first(&again, ACTION_CREATE_ESCAPE)->name, a->name);
	scene_end(&s);
}

static void it_waits_while_its_move_is_under_way(void **state)
{
	struct scene s;
	char status[100];
	(void)state;
	quiet(&s, MOVE_POLICY);
	wish(&s, "prey", 6 * MINUTE, "");
	scene_pod(&s, "heir", "node-b", "");
	str_fmt(status, sizeof(status), "'successorUID':'%s'", scene_uid("heir"));
	scene_escape(&s, "x", "Move", "prey", "Sealed", 5 * MINUTE,
		"'reason':'Evicted','destinationNode':'node-b','successor':'heir','state':'Live'", status);
	assert_judged(&s, "prey", EVICTION_WAITS, "Moving");
	assert_judged(&s, "heir", EVICTION_WAITS, "Moving");
	auto_actions struct actions out = plan(&s);

	assert_int_equal(actions_count(&out, ACTION_CREATE_ESCAPE), 0);
	scene_end(&s);
}

static void a_wish_is_tried_once(void **state)
{
	struct scene s;
	(void)state;
	quiet(&s, MOVE_POLICY);
	wish(&s, "prey", MINUTE, "");
	scene_escape(&s, "x", "Move", "prey", "Aborted", MINUTE,
		"'reason':'Evicted','destinationNode':'node-b','successor':'heir','state':'Live'",
		"'message':'no room'");
	assert_judged(&s, "prey", EVICTION_PASSES, "MoveFailed");
	auto_actions struct actions out = plan(&s);

	assert_int_equal(actions_count(&out, ACTION_CREATE_ESCAPE), 0);
	/* Another drain, another wish. */
	s.now_ms += 11 * MINUTE;
	scene_node(&s, "node-a", "[]");
	scene_node(&s, "node-b", "[]");
	assert_judged(&s, "prey", EVICTION_ASKS, "Moving");
	scene_end(&s);
}

static void no_drain_waits_for_ever(void **state)
{
	struct scene s;
	(void)state;
	quiet(&s, MOVE_POLICY);
	wish(&s, "prey", 5 * MINUTE + 1, "");
	assert_judged(&s, "prey", EVICTION_PASSES, "MoveNotBegun");
	auto_actions struct actions out = plan(&s);

	assert_int_equal(actions_count(&out, ACTION_CREATE_ESCAPE), 0);
	scene_end(&s);
}

static void what_cannot_move_is_evicted_at_once_and_says_why(void **state)
{
	struct scene s;
	(void)state;
	quiet(&s, MOVE_POLICY);
	scene_pod(&s, "prey", "node-a",
		",'ownerReferences':[{'kind':'Job','name':'s','uid':'5','controller':true}]");
	assert_judged(&s, "prey", EVICTION_PASSES, world_pod(&s.w, "shop", "prey")->immovable.reason);
	scene_pod(&s, "prey", "node-a", "");
	world_drop_node(&s.w, "node-b");
	assert_judged(&s, "prey", EVICTION_PASSES, "NoFeasibleNode");
	scene_node(&s, "node-b", "[]");
	assert_judged(&s, "prey", EVICTION_ASKS, "Moving");
	s.now_ms += s.c.agent_silent_ms;
	scene_node(&s, "node-b", "[]");
	assert_judged(&s, "prey", EVICTION_PASSES, "AgentSilent");
	scene_end(&s);
}

static void other_policies_evict_as_ever(void **state)
{
	struct scene s;
	(void)state;
	quiet(&s, "");
	assert_judged(&s, "prey", EVICTION_PASSES, "");
	wish(&s, "prey", 10, "");
	auto_actions struct actions out = plan(&s);

	assert_int_equal(actions_count(&out, ACTION_CREATE_ESCAPE), 0);
	scene_end(&s);
	quiet(&s, "'response':{'onEviction':'Move','dryRun':true}");
	assert_judged(&s, "prey", EVICTION_PASSES, "PolicyOnlyWatches");
	scene_end(&s);
	quiet(&s, MOVE_POLICY ",'detection':{'mode':'Observe'}");
	assert_judged(&s, "prey", EVICTION_PASSES, "PolicyOnlyWatches");
	scene_end(&s);
}

static void the_brakes_hold_for_drains_too(void **state)
{
	struct scene s;
	(void)state;
	quiet(&s, MOVE_POLICY);
	for (int i = 0; i < 6; i++) {
		char name[16];

		str_fmt(name, sizeof(name), "prey-%d", i);
		wish(&s, name, 100, "");
	}
	auto_actions struct actions out = plan(&s);

	assert_int_equal(actions_count(&out, ACTION_CREATE_ESCAPE), 2);
	assert_judged(&s, "prey-5", EVICTION_WAITS, "Moving");
	scene_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_eviction_becomes_a_live_move),
		cmocka_unit_test(it_waits_while_its_move_is_under_way),
		cmocka_unit_test(a_wish_is_tried_once),
		cmocka_unit_test(no_drain_waits_for_ever),
		cmocka_unit_test(what_cannot_move_is_evicted_at_once_and_says_why),
		cmocka_unit_test(other_policies_evict_as_ever),
		cmocka_unit_test(the_brakes_hold_for_drains_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
