/* SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"

#include "operator/plan/placement.h"

#include <base/cleanup.h>
#include <base/str.h>
#include <errno.h>

static void begin(struct scene *s)
{
	scene_begin(s);
	scene_policy(s, "");
	scene_node(s, "node-a", "[]");
	scene_pod(s, "prey", "node-a", "");
}

static int choose(struct scene *s, uint64_t seed, struct placement *ret, struct err *e)
{
	return placement_choose(
		&s->w, &s->c, world_pod(&s->w, "shop", "prey"), NULL, seed, s->now_ms, ret, e);
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
		assert_int_equal(choose(&s, seed, &one, NULL), 0);
		assert_int_equal(choose(&s, seed, &two, NULL), 0);
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

		assert_int_equal(choose(&s, seed, &place, NULL), 0);
		assert_int_equal(place.n_candidates, ESCAPE_CANDIDATES_MAX);
		for (size_t i = 0; i < place.n_candidates; i++)
			listed |= str_eq(place.candidates[i].node, place.node);
		assert_true(listed);
	}
	scene_end(&s);
}

static void zones(struct scene *s)
{
	static const char *const ZONES[][2] = {{"node-a", "z1"}, {"node-b", "z1"}, {"node-c", "z2"}};

	for (size_t i = 0; i < ARRAY_LEN(ZONES); i++) {
		scene_node(s, ZONES[i][0], "[]");
		scene_put(s,
			"{'kind':'Node','metadata':{'name':'%s','labels':{'topology.kubernetes.io/"
			"zone':'%s'}},'status':{"
			"'allocatable':{'pods':'110'},'conditions':[{'type':'Ready','status':'True'}]}}",
			ZONES[i][0], ZONES[i][1]);
	}
}

static void the_policy_says_how(void **state)
{
	static struct placement place;
	struct scene s;
	(void)state;
	begin(&s);
	zones(&s);
	scene_policy(&s, "'placement':{'strategy':'Farthest'}");
	for (uint64_t seed = 0; seed < 50; seed++) {
		assert_int_equal(choose(&s, seed, &place, NULL), 0);
		assert_string_equal(place.node, "node-c");
	}
	assert_string_equal(place.choice.strategy, "Farthest");
	assert_int_equal(place.choice.nodes, 3);
	assert_int_equal(place.choice.feasible, 2);
	assert_true(place.candidates[2].distance == 0.25);
	/* The zone alone is what makes a difference, or nothing does. */
	scene_policy(&s, "'placement':{'strategy':'Farthest','distanceWeights':{'region':0,'rack':0,'kernel':"
			 "0,'cpuModel':0,"
			 "'cpuFeatures':0,'runtime':0,'os':0,'provider':0,'network':0}}");
	assert_int_equal(choose(&s, 1, &place, NULL), 0);
	assert_true(place.candidates[2].distance == 1);
	scene_policy(&s, "'placement':{'strategy':'Random','distanceWeights':{'zone':0}}");
	assert_int_equal(choose(&s, 1, &place, NULL), 0);
	assert_true(place.candidates[2].distance == 0 && place.candidates[1].weight == 0.5);
	scene_end(&s);
}

static void nowhere_to_go_says_why(void **state)
{
	static struct placement place;
	struct scene s;
	struct err e = {0};
	(void)state;
	begin(&s);
	assert_int_equal(choose(&s, 1, &place, &e), -ENOENT);
	assert_string_equal(e.reason, "NoFeasibleNode");
	assert_int_equal(place.n_candidates, 1);
	assert_string_equal(place.candidates[0].excluded, "it is the source");
	scene_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_seed_repeats_the_choice),
		cmocka_unit_test(of_many_nodes_the_chosen_one_is_listed),
		cmocka_unit_test(the_policy_says_how),
		cmocka_unit_test(nowhere_to_go_says_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
