/* SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"

#include "operator/plan/placement.h"

#include <base/str.h>
#include <errno.h>

static void begin(struct scene *s)
{
	scene_begin(s);
	scene_policy(s, "");
	scene_node(s, "node-a", "[]");
	scene_pod(s, "prey", "node-a", "");
}

static const char *excluded(struct scene *s, const char *node)
{
	return placement_excluded(
		world_node(&s->w, node), world_pod(&s->w, "shop", "prey"), &s->c, s->now_ms);
}

static void each_reason(void **state)
{
	static const struct {
		const char *node, *reason;
	} CASES[] = {
		{"'spec':{'unschedulable':true},'status':{'conditions':[{'type':'Ready','status':'True'}]}",
			"it is cordoned"},
		{"'spec':{'taints':[{'key':'k','effect':'NoSchedule'}]},'status':{'conditions':[{'type':'"
		 "Ready',"
		 "'status':'True'}]}",
			"it has a NoSchedule or NoExecute taint"},
		{"'status':{'conditions':[{'type':'Ready','status':'False'}]}", "it is not Ready"},
		{"'status':{'conditions':[{'type':'Ready','status':'True'}]}", ""},
	};
	struct scene s;
	(void)state;
	begin(&s);
	scene_node(&s, "node-b", "[]");
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		scene_put(&s, "{'kind':'Node','metadata':{'name':'node-b'},%s}", CASES[i].node);
		assert_string_equal(excluded(&s, "node-b"), CASES[i].reason);
	}
	assert_string_equal(excluded(&s, "node-a"), "it is the source");
	scene_put(&s, "{'kind':'NodeReport','metadata':{'name':'node-b'},'status':{'heartbeat':'2027-01-"
		      "15T08:00:00Z'}}");
	assert_string_equal(
		excluded(&s, "node-b"), "its agent says that it cannot restore (see its NodeReport)");
	s.now_ms += 60000;
	assert_string_equal(excluded(&s, "node-b"), "its agent is silent");
	world_drop_report(&s.w, "node-b");
	assert_string_equal(excluded(&s, "node-b"), "no agent reports from it");
	scene_end(&s);
}

static void hacked_nodes_are_out_until_forgiven(void **state)
{
	struct scene s;
	char list[600];
	(void)state;
	begin(&s);
	str_fmt(list, sizeof(list), "[%s]", scene_anomaly(&s, "z", "other", s.c.forgive_ms - 1));
	scene_node(&s, "node-b", list);
	assert_string_equal(excluded(&s, "node-b"), "it is hacked");
	s.now_ms += 1;
	assert_string_equal(excluded(&s, "node-b"), "");
	scene_end(&s);
}

static void the_node_selector_counts(void **state)
{
	struct scene s;
	(void)state;
	begin(&s);
	scene_node(&s, "node-b", "[]");
	scene_put(&s, "{'kind':'Pod','metadata':{'namespace':'shop','name':'prey','labels':{'app':'shop'}},'"
		      "spec':{'nodeName':"
		      "'node-a','nodeSelector':{'disk':'ssd'}},'status':{}}");
	assert_string_equal(excluded(&s, "node-b"), "it does not match the pod's nodeSelector");
	scene_put(&s, "{'kind':'Node','metadata':{'name':'node-b','labels':{'disk':'ssd'}},'status':{'"
		      "conditions':[{'type':"
		      "'Ready','status':'True'}]}}");
	assert_string_equal(excluded(&s, "node-b"), "");
	scene_end(&s);
}

static void a_seed_repeats_the_choice(void **state)
{
	static struct placement one, two;
	struct scene s;
	unsigned b = 0;
	(void)state;
	begin(&s);
	scene_node(&s, "node-b", "[]");
	scene_node(&s, "node-c", "[]");
	for (uint64_t seed = 0; seed < 200; seed++) {
		const struct world_pod *p = world_pod(&s.w, "shop", "prey");

		assert_int_equal(placement_choose(&s.w, &s.c, p, seed, s.now_ms, &one, NULL), 0);
		assert_int_equal(placement_choose(&s.w, &s.c, p, seed, s.now_ms, &two, NULL), 0);
		assert_string_equal(one.node, two.node);
		assert_string_not_equal(one.node, "node-a");
		b += str_eq(one.node, "node-b");
	}
	assert_in_range(b, 60, 140);
	scene_end(&s);
}

static void of_many_nodes_the_chosen_one_is_listed(void **state)
{
	static struct placement place;
	struct scene s;
	(void)state;
	begin(&s);
	for (int i = 0; i < 60; i++) {
		char name[16];

		str_fmt(name, sizeof(name), "n%02d", i);
		scene_node(&s, name, "[]");
	}
	for (uint64_t seed = 0; seed < 100; seed++) {
		bool listed = false;

		assert_int_equal(placement_choose(&s.w, &s.c, world_pod(&s.w, "shop", "prey"), seed, s.now_ms,
					 &place, NULL),
			0);
		assert_int_equal(place.n_candidates, ESCAPE_CANDIDATES_MAX);
		for (size_t i = 0; i < place.n_candidates; i++)
			listed |= str_eq(place.candidates[i].node, place.node);
		assert_true(listed);
	}
	scene_end(&s);
}

static void nowhere_to_go_says_why(void **state)
{
	static struct placement place;
	struct scene s;
	struct err e = {0};
	(void)state;
	begin(&s);
	assert_int_equal(
		placement_choose(&s.w, &s.c, world_pod(&s.w, "shop", "prey"), 1, s.now_ms, &place, &e),
		-ENOENT);
	assert_string_equal(e.reason, "NoFeasibleNode");
	assert_int_equal(place.n_candidates, 1);
	assert_string_equal(place.candidates[0].excluded, "it is the source");
	scene_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_reason),
		cmocka_unit_test(hacked_nodes_are_out_until_forgiven),
		cmocka_unit_test(the_node_selector_counts),
		cmocka_unit_test(a_seed_repeats_the_choice),
		cmocka_unit_test(of_many_nodes_the_chosen_one_is_listed),
		cmocka_unit_test(nowhere_to_go_says_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
