/* SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"

#include "operator/plan/plan_alarms.h"

#include <base/cleanup.h>
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

static void rolled_back(struct scene *s, const char *name, int64_t age_ms)
{
	char spec[64];

	str_fmt(spec, sizeof(spec), "'anomaly':'old-%s'", name);
	scene_escape(s, name, "Rollback", "prey", "Succeeded", age_ms, spec, "");
}

static void first_alarm_rolls_back(void **state)
{
	struct scene s;
	(void)state;
	scene_attacked(&s, "");
	auto_actions struct actions out = plan(&s);
	const struct action *a = actions_first(&out, ACTION_CREATE_ESCAPE);

	assert_int_equal(actions_count(&out, ACTION_CREATE_ESCAPE), 1);
	assert_string_equal(action_str(a, "spec.kind"), "Rollback");
	assert_string_equal(action_str(a, "spec.state"), "LastSafe");
	assert_string_equal(action_str(a, "spec.anomaly"), "a1");
	assert_string_equal(action_str(a, "spec.podUID"), scene_uid("prey"));
	assert_string_equal(action_str(a, "spec.container"), "app");
	assert_string_equal(action_str(a, "spec.reason"), "Alarm");
	assert_string_equal(action_str(a, "spec.sourceNode"), "node-a");
	assert_string_equal(a->namespace_, "shop");
	assert_null(actions_event(&out, "AlarmSeen"));
	assert_non_null(actions_event(&out, "EscapeCreated"));
	scene_end(&s);
}

/* The report forgets: what the alarm rests on goes with the Escape. */
static void the_escape_keeps_the_evidence(void **state)
{
	struct scene s;
	char list[1200];
	const char *item;
	(void)state;
	scene_attacked(&s, "");
	item = scene_anomaly(&s, "a1", "prey", 1000);
	str_fmt(list, sizeof(list),
		"[%.*s,'scorePercent':131,'pid':17,'executable':'/bin/sh','findings':[{'kind':'Pair','calls':"
		"[{'number':0,'name':'read'},{'number':59,'name':'execve'}],'count':2,'comm':'sh','pid':17}]}"
		"]",
		(int)strlen(item) - 1, item);
	scene_node(&s, "node-a", list);
	auto_actions struct actions out = plan(&s);
	const struct action *a = actions_first(&out, ACTION_CREATE_ESCAPE);
	const struct json *evidence = json_at(a->status, "status.evidence");
	const struct json *finding = json_first(json_at(evidence, "findings"));

	assert_null(json_at(a->object, "status"));
	assert_null(json_at(a->status, "status.candidates"));
	assert_int_equal(json_int_at(evidence, "mismatches", 0), 73);
	assert_int_equal(json_int_at(evidence, "scorePercent", 0), 131);
	assert_string_equal(json_str_at(evidence, "comm", ""), "sh");
	assert_string_equal(json_str_at(evidence, "executable", ""), "/bin/sh");
	assert_non_null(json_at(evidence, "detectedAt"));
	assert_null(json_at(evidence, "id"));
	assert_int_equal(json_int_at(finding, "pid", 0), 17);
	assert_int_equal(json_len(json_at(finding, "calls")), 2);
	scene_end(&s);
}

static void two_plans_make_the_same_name(void **state)
{
	struct scene s;
	(void)state;
	scene_attacked(&s, "");
	auto_actions struct actions one = plan(&s), two = {0};

	plan_alarms(&s.w, &s.c, s.now_ms + 5, 4711, &two);
	assert_string_equal(actions_first(&one, ACTION_CREATE_ESCAPE)->name,
		actions_first(&two, ACTION_CREATE_ESCAPE)->name);
	scene_end(&s);
}

static void an_answered_alarm_is_not_answered_again(void **state)
{
	static const char *const PHASES[] = {"Pending", "Restoring", "Succeeded", "Failed"};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(PHASES); i++) {
		struct scene s;

		scene_attacked(&s, "");
		scene_escape(&s, "x", "Rollback", "prey", PHASES[i], 500, "'anomaly':'a1'", "");
		auto_actions struct actions out = plan(&s);

		assert_int_equal(actions_count(&out, ACTION_CREATE_ESCAPE), 0);
		scene_end(&s);
	}
}

/* The same anomaly id of another pod is another anomaly. */
static void answers_belong_to_their_pod(void **state)
{
	struct scene s;
	(void)state;
	scene_attacked(&s, "");
	scene_escape(&s, "x", "Rollback", "other", "Succeeded", 500, "'anomaly':'a1'", "");
	auto_actions struct actions out = plan(&s);

	assert_int_equal(actions_count(&out, ACTION_CREATE_ESCAPE), 1);
	scene_end(&s);
}

static void what_nobody_took_up_is_asked_again(void **state)
{
	struct scene s;
	(void)state;
	scene_attacked(&s, "");
	auto_actions struct actions before = plan(&s);

	scene_escape(&s, "x", "Rollback", "prey", "Failed", 500, "'anomaly':'a1'", "'reason':'AgentSilent'");
	auto_actions struct actions out = plan(&s);

	assert_int_equal(actions_count(&out, ACTION_CREATE_ESCAPE), 1);
	assert_string_not_equal(actions_first(&out, ACTION_CREATE_ESCAPE)->name,
		actions_first(&before, ACTION_CREATE_ESCAPE)->name);
	scene_end(&s);
}

static void one_escape_per_pod_at_a_time(void **state)
{
	struct scene s;
	(void)state;
	scene_attacked(&s, "");
	scene_escape(&s, "x", "Rollback", "prey", "Restoring", 500, "'anomaly':'before'", "");
	auto_actions struct actions out = plan(&s);

	assert_int_equal(actions_count(&out, ACTION_CREATE_ESCAPE), 0);
	scene_end(&s);
}

static void two_alarms_of_a_pod_make_one_escape(void **state)
{
	struct scene s;
	char list[1200];
	(void)state;
	scene_attacked(&s, "");
	str_fmt(list, sizeof(list), "[%s,%s]", scene_anomaly(&s, "a2", "prey", 500),
		scene_anomaly(&s, "a1", "prey", 900));
	scene_node(&s, "node-a", list);
	auto_actions struct actions out = plan(&s);

	assert_int_equal(actions_count(&out, ACTION_CREATE_ESCAPE), 1);
	/* The older one first. */
	assert_string_equal(action_str(actions_first(&out, ACTION_CREATE_ESCAPE), "spec.anomaly"), "a1");
	scene_end(&s);
}

static void a_persistent_attack_moves_the_last_safe_state(void **state)
{
	struct scene s;
	(void)state;
	scene_attacked(&s, "'response':{'rollbacks':2,'within':'10m'}");
	rolled_back(&s, "r1", 2 * MINUTE);
	rolled_back(&s, "r2", MINUTE);
	auto_actions struct actions out = plan(&s);
	const struct action *a = actions_first(&out, ACTION_CREATE_ESCAPE);

	assert_string_equal(action_str(a, "spec.kind"), "Move");
	assert_string_equal(action_str(a, "spec.state"), "LastSafe");
	assert_string_equal(action_str(a, "spec.reason"), "PersistentAttack");
	assert_string_equal(action_str(a, "spec.successor"), a->name);
	assert_string_equal(json_str(json_first(json_at(a->object, "spec.addresses"))), "10.0.0.7");
	assert_true(strlen(action_str(a, "spec.seed")) > 0);
	assert_true(str_eq(action_str(a, "spec.destinationNode"), "node-b") ||
		    str_eq(action_str(a, "spec.destinationNode"), "node-c"));
	assert_int_equal(json_len(json_at(a->status, "status.candidates")), 3);
	assert_non_null(json_at(a->status, "status.evidence"));
	scene_end(&s);
}

static void old_and_failed_rollbacks_do_not_count(void **state)
{
	struct scene s;
	(void)state;
	scene_attacked(&s, "'response':{'rollbacks':1,'within':'10m'}");
	rolled_back(&s, "r1", 11 * MINUTE);
	scene_escape(&s, "r2", "Rollback", "prey", "Failed", MINUTE, "'anomaly':'b'", "");
	scene_escape(&s, "r3", "Rollback", "other", "Succeeded", MINUTE, "'anomaly':'c'", "");
	auto_actions struct actions out = plan(&s);

	assert_string_equal(action_str(actions_first(&out, ACTION_CREATE_ESCAPE), "spec.kind"), "Rollback");
	scene_end(&s);
}

static void assert_rolls_back_because(struct scene *s, const char *why)
{
	auto_actions struct actions out = plan(s);
	const struct action *a = actions_first(&out, ACTION_CREATE_ESCAPE);

	assert_int_equal(actions_count(&out, ACTION_CREATE_ESCAPE), 1);
	assert_string_equal(action_str(a, "spec.kind"), "Rollback");
	if (!strstr(action_str(a, "spec.message"), why))
		fail_msg("%s is not in: %s", why, action_str(a, "spec.message"));
}

static void what_cannot_move_rolls_back_and_says_why(void **state)
{
	struct scene s;
	(void)state;
	scene_attacked(&s, "'response':{'rollbacks':0}");
	scene_pod(&s, "prey", "node-a",
		",'ownerReferences':[{'kind':'StatefulSet','name':'s','uid':'5','controller':true}]");
	assert_rolls_back_because(&s, "StatefulSet");
	scene_end(&s);

	scene_attacked(&s, "'response':{'rollbacks':0}");
	world_drop_report(&s.w, "node-b");
	world_drop_report(&s.w, "node-c");
	assert_rolls_back_because(&s, "no agent reports");
	scene_end(&s);

	scene_attacked(&s, "'response':{'rollbacks':0},'placement':{'maxConcurrent':1}");
	scene_escape(&s, "m", "Move", "other", "Staging", 500,
		"'destinationNode':'node-b','successor':'o-1','state':'Live'", "");
	assert_rolls_back_because(&s, "MaxConcurrent");
	scene_end(&s);
}

static void stateless_pods_restart(void **state)
{
	struct scene s;
	(void)state;
	scene_attacked(&s, "'workload':{'type':'Stateless'}");
	scene_pod_of_replicaset(&s, "prey", "node-a");
	auto_actions struct actions out = plan(&s);

	assert_string_equal(action_str(actions_first(&out, ACTION_CREATE_ESCAPE), "spec.kind"), "Restart");
	scene_end(&s);
}

/* Nobody would make it again. */
static void a_bare_stateless_pod_rolls_back(void **state)
{
	struct scene s;
	(void)state;
	scene_attacked(&s, "'workload':{'type':'Stateless'}");
	auto_actions struct actions out = plan(&s);

	assert_string_equal(action_str(actions_first(&out, ACTION_CREATE_ESCAPE), "spec.kind"), "Rollback");
	scene_end(&s);
}

static void observing_and_dry_runs_only_tell(void **state)
{
	static const char *const POLICIES[] = {
		"'detection':{'mode':'Observe'}", "'response':{'dryRun':true}"};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(POLICIES); i++) {
		struct scene s;

		scene_attacked(&s, POLICIES[i]);
		scene_pod(&s, "neighbour", "node-a", "");
		auto_actions struct actions out = plan(&s);

		assert_int_equal(actions_count(&out, ACTION_CREATE_ESCAPE), 0);
		assert_non_null(actions_event(&out, "AlarmSeen"));
		assert_true(*actions_event(&out, "AlarmSeen")->event.once);
		scene_end(&s);
	}
}

static void an_unguarded_or_ungoverned_pod_is_left_alone(void **state)
{
	struct scene s;
	(void)state;
	scene_attacked(&s, "");
	world_drop_policy(&s.w, "shop", "policy");
	auto_actions struct actions out = plan(&s);

	assert_int_equal(out.n, 0);
	scene_end(&s);
}

/* A hacked node cannot raise alarms for pods that run elsewhere. */
static void a_node_speaks_only_for_its_own_pods(void **state)
{
	struct scene s;
	char list[600];
	(void)state;
	scene_attacked(&s, "");
	scene_node(&s, "node-a", "[]");
	str_fmt(list, sizeof(list), "[%s]", scene_anomaly(&s, "a1", "prey", 1000));
	scene_node(&s, "node-b", list);
	auto_actions struct actions out = plan(&s);

	assert_int_equal(out.n, 0);
	scene_end(&s);
}

static void forgiven_alarms_are_over(void **state)
{
	struct scene s;
	(void)state;
	scene_attacked(&s, "");
	scene_pod(&s, "neighbour", "node-a", "");
	s.now_ms += 11 * MINUTE;
	auto_actions struct actions out = plan(&s);

	assert_int_equal(out.n, 0);
	scene_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_alarm_rolls_back),
		cmocka_unit_test(the_escape_keeps_the_evidence),
		cmocka_unit_test(two_plans_make_the_same_name),
		cmocka_unit_test(an_answered_alarm_is_not_answered_again),
		cmocka_unit_test(answers_belong_to_their_pod),
		cmocka_unit_test(what_nobody_took_up_is_asked_again),
		cmocka_unit_test(one_escape_per_pod_at_a_time),
		cmocka_unit_test(two_alarms_of_a_pod_make_one_escape),
		cmocka_unit_test(a_persistent_attack_moves_the_last_safe_state),
		cmocka_unit_test(old_and_failed_rollbacks_do_not_count),
		cmocka_unit_test(what_cannot_move_rolls_back_and_says_why),
		cmocka_unit_test(stateless_pods_restart),
		cmocka_unit_test(a_bare_stateless_pod_rolls_back),
		cmocka_unit_test(observing_and_dry_runs_only_tell),
		cmocka_unit_test(an_unguarded_or_ungoverned_pod_is_left_alone),
		cmocka_unit_test(a_node_speaks_only_for_its_own_pods),
		cmocka_unit_test(forgiven_alarms_are_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
