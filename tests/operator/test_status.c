/* SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"

#include "merge.h"
#include "operator/plan/plan_status.h"

#include <base/cleanup.h>
#include <base/clock.h>
#include <base/str.h>
#include <string.h>

static struct actions plan(struct scene *s)
{
	struct actions out = {0};

	plan_status(&s->w, &s->c, world_policy(&s->w, "shop", "policy"), s->now_ms, &out);
	assert_false(out.failed);
	return out;
}

static const struct json *condition(const struct action *a, const char *type)
{
	json_foreach(c, json_at(a->object, "status.conditions"))
	{
		if (str_eq(json_str_at(c, "type", ""), type))
			return c;
	}
	fail_msg("no condition %s", type);
	return NULL;
}

static void assert_condition(const struct action *a, const char *type, const char *status, const char *reason)
{
	const struct json *c = condition(a, type);

	assert_string_equal(json_str_at(c, "status", ""), status);
	assert_string_equal(json_str_at(c, "reason", ""), reason);
	assert_int_equal(json_int_at(c, "observedGeneration", 0), 3);
}

static void begin(struct scene *s)
{
	scene_begin(s);
	scene_policy(s, "");
	scene_node(s, "node-a", "[]");
	scene_node(s, "node-b", "[]");
}

static void all_is_well(void **state)
{
	struct scene s;
	(void)state;
	begin(&s);
	scene_pod(&s, "prey", "node-a", "");
	auto_actions struct actions out = plan(&s);
	const struct action *a = actions_first(&out, ACTION_PATCH_POLICY);

	assert_condition(a, "Ready", "True", "InForce");
	assert_condition(a, "Learning", "False", "Learned");
	assert_condition(a, "Degraded", "False", "AsExpected");
	assert_int_equal(json_int_at(a->object, "status.observedGeneration", 0), 3);
	assert_int_equal(json_int_at(a->object, "status.protectedPods", -1), 1);
	assert_int_equal(json_int_at(a->object, "status.unprotectedPods", -1), 0);
	assert_int_equal(json_int_at(a->object, "status.nodes", -1), 2);
	assert_int_equal(json_int_at(a->object, "status.hackedNodes", -1), 0);
	assert_true(json_num_at(a->object, "status.survivalStatic", 0) > 0.999);
	scene_end(&s);
}

static void pods_without_a_keeper_are_told(void **state)
{
	struct scene s;
	(void)state;
	begin(&s);
	scene_put(&s, "{'kind':'Pod','metadata':{'namespace':'shop','name':'bare','labels':{'app':'shop'}},"
		      "'spec':{'nodeName':'node-a'},'status':{'phase':'Running'}}");
	auto_actions struct actions out = plan(&s);
	const struct action *a = actions_first(&out, ACTION_PATCH_POLICY);

	assert_condition(a, "Degraded", "True", "NotGuarded");
	assert_non_null(strstr(json_str_at(condition(a, "Degraded"), "message", ""), "bare"));
	assert_int_equal(json_int_at(a->object, "status.unprotectedPods", -1), 1);
	assert_non_null(actions_event(&out, "NotGuarded"));
	scene_end(&s);
}

static void silent_agents_degrade(void **state)
{
	struct scene s;
	(void)state;
	begin(&s);
	scene_pod(&s, "prey", "node-a", "");
	world_drop_report(&s.w, "node-a");
	auto_actions struct actions out = plan(&s);
	const struct action *a = actions_first(&out, ACTION_PATCH_POLICY);

	assert_condition(a, "Degraded", "True", "AgentMissing");
	assert_int_equal(json_int_at(a->object, "status.protectedPods", -1), 0);
	scene_end(&s);
}

static void learning_and_hacked_nodes_are_counted(void **state)
{
	struct scene s;
	char list[600];
	(void)state;
	begin(&s);
	scene_pod(&s, "prey", "node-a", "");
	scene_put(&s,
		"{'kind':'NodeReport','metadata':{'name':'node-a'},'status':{'heartbeat':'2027-01-15T08:00:"
		"00Z',"
		"'containers':[{'namespace':'shop','pod':'prey','podUID':'%s','container':'app','state':'"
		"Learning'}]}}",
		scene_uid("prey"));
	str_fmt(list, sizeof(list), "[%s]", scene_anomaly(&s, "z", "other", 10));
	scene_node(&s, "node-b", list);
	auto_actions struct actions out = plan(&s);
	const struct action *a = actions_first(&out, ACTION_PATCH_POLICY);

	assert_condition(a, "Learning", "True", "LearningBehaviour");
	assert_int_equal(json_int_at(a->object, "status.learningPods", -1), 1);
	assert_int_equal(json_int_at(a->object, "status.hackedNodes", -1), 1);
	assert_true(json_num_at(a->object, "status.survivalMobile", 0) >
		    json_num_at(a->object, "status.survivalStatic", 1));
	scene_end(&s);
}

/* Written only when it says something else, and the time of a condition stays while its status does. */
static void an_unchanged_status_is_not_written(void **state)
{
	struct scene s;
	struct json *policy;
	(void)state;
	begin(&s);
	scene_pod(&s, "prey", "node-a", "");
	auto_actions struct actions out = plan(&s);

	policy = json_dup(world_policy(&s.w, "shop", "policy")->obj);
	merge_apply(policy, out.items[0].object);
	s.docs[s.n_docs++] = policy;
	assert_int_equal(world_put_policy(&s.w, policy, NULL), 0);
	s.now_ms += 5000;
	auto_actions struct actions again = plan(&s);

	assert_int_equal(again.n, 0);
	world_drop_pod(&s.w, "shop", "prey");
	auto_actions struct actions changed = plan(&s);
	const struct action *a = actions_first(&changed, ACTION_PATCH_POLICY);

	assert_condition(a, "Ready", "True", "NoPods");
	assert_string_equal(json_str_at(condition(a, "Ready"), "lastTransitionTime", ""),
		json_str_at(condition(&out.items[0], "Ready"), "lastTransitionTime", "-"));
	scene_end(&s);
}

static void verdict_put(
	struct scene *s, const char *node, int64_t age_ms, const char *weight, const char *more)
{
	char at[CLOCK_RFC3339_MAX];

	clock_format_micro(s->now_ms - age_ms, at);
	scene_put(s,
		"{'kind':'NodeVerdict','metadata':{'name':'%s'},'status':{'state':'%s','since':'%s','causes':"
		"[{"
		"'source':'Falco','weight':'%s','reason':'r','firstAt':'%s','lastAt':'%s'%s}]}}",
		node, weight, at, weight, at, at, more);
}

static void the_growth_of_the_hacked_is_fitted(void **state)
{
	struct scene s;
	(void)state;
	begin(&s);
	for (int i = 0; i < 8; i++) {
		char name[16];

		str_fmt(name, sizeof(name), "node-%d", i);
		scene_node(&s, name, "[]");
	}
	/* 1, 2, 4 hacked, twice as many every ten seconds: k = ln 2 / 10 per second. */
	verdict_put(&s, "node-0", 20000, "Hacked", "");
	verdict_put(&s, "node-1", 10000, "Hacked", "");
	verdict_put(&s, "node-2", 0, "Hacked", "");
	verdict_put(&s, "node-3", 0, "Hacked", "");
	verdict_put(&s, "node-4", 0, "Suspect", "");
	auto_actions struct actions out = plan(&s);
	const struct json *status = json_at(actions_first(&out, ACTION_PATCH_POLICY)->object, "status");

	assert_int_equal(json_int_at(status, "hackedNodes", -1), 4);
	assert_int_equal(json_int_at(status, "suspectNodes", -1), 1);
	assert_int_equal(json_int_at(status, "nodes", -1), 10);
	assert_true(json_num_at(status, "density", -1) == 0.4);
	assert_string_equal(json_str_at(status, "growth.model", ""), "Exponential");
	assert_true(json_num_at(status, "growth.rate", 0) > 0.0689 &&
		    json_num_at(status, "growth.rate", 0) < 0.0691);
	assert_int_equal(json_int_at(status, "growth.hackedAhead", -1), 10); /* never more than there are */
	scene_end(&s);
}

static void too_many_foreign_words_are_told(void **state)
{
	struct scene s;
	(void)state;
	begin(&s);
	scene_pod(&s, "prey", "node-a", "");
	verdict_put(&s, "node-b", 1000, "Suspect", ",'limited':true");
	auto_actions struct actions out = plan(&s);

	assert_condition(actions_first(&out, ACTION_PATCH_POLICY), "Degraded", "True", "ReportsLimited");
	scene_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_is_well),
		cmocka_unit_test(pods_without_a_keeper_are_told),
		cmocka_unit_test(silent_agents_degrade),
		cmocka_unit_test(learning_and_hacked_nodes_are_counted),
		cmocka_unit_test(an_unchanged_status_is_not_written),
		cmocka_unit_test(the_growth_of_the_hacked_is_fitted),
		cmocka_unit_test(too_many_foreign_words_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
