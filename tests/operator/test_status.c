/* SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"

#include "merge.h"
#include "operator/plan/plan_status.h"

#include <base/cleanup.h>
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_is_well),
		cmocka_unit_test(pods_without_a_keeper_are_told),
		cmocka_unit_test(silent_agents_degrade),
		cmocka_unit_test(learning_and_hacked_nodes_are_counted),
		cmocka_unit_test(an_unchanged_status_is_not_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
