/* SPDX-License-Identifier: Apache-2.0 */
/* A choice is made again from what its Escape recorded, and by another operator with the same seed. */
#include "scene.h"

#include "operator/plan/plan_alarms.h"

#include <base/cleanup.h>
#include <base/str.h>
#include <cli/explain_replay.h>
#include <cli/text.h>
#include <errno.h>
#include <string.h>

/* n nodes in three zones with two kernels, one of them hacked, and the pod on node00, whose neighbour raised
 * an alarm. */
static void forest(struct scene *s, size_t n, const char *policy)
{
	char list[600];

	scene_begin(s);
	scene_policy(s, policy);
	for (size_t i = 0; i < n; i++) {
		char name[16];

		str_fmt(name, sizeof(name), "node%02zu", i);
		str_fmt(list, sizeof(list), "[%s]", i % 7 == 0 ? scene_anomaly(s, name, "tenant", 1000) : "");
		scene_node(s, name, list);
		scene_put(s,
			"{'kind':'Node','metadata':{'name':'%s','labels':{'topology.kubernetes.io/"
			"zone':'z%zu'}},'status':{"
			"'nodeInfo':{'kernelVersion':'6.%zu'},'allocatable':{'pods':'110'},"
			"'conditions':[{'type':'Ready','status':'True'}]}}",
			name, i % 3, i % 2);
	}
	scene_pod(s, "prey", "node00", "");
}

/* The Escape as the API server has it after the operator has written it. */
static void decide(struct scene *s, uint64_t entropy, struct escape *ret)
{
	auto_actions struct actions out = {0};
	auto_json struct json *object = NULL;
	const struct action *made;
	struct err e = {0};

	plan_alarms(&s->w, &s->c, s->now_ms, entropy, &out);
	made = actions_first(&out, ACTION_CREATE_ESCAPE);
	assert_non_null(made);
	object = json_dup(made->object);
	assert_int_equal(json_set(object, "status", json_dup(json_member(made->status, "status"))), 0);
	if (escape_decode(object, ret, &e))
		fail_msg("%s", e.message);
}

static bool repeats(const struct escape *x)
{
	struct explain_replay r;
	struct err e = {0};

	if (explain_replay(x, &r, &e))
		fail_msg("%s", e.message);
	return r.same;
}

static void each_strategy_repeats(void **state)
{
	static const char *const STRATEGIES[] = {"PredatorPrey", "Random", "Farthest"};
	static struct escape x;
	size_t sizes[] = {4, 32, 33, 90};

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(STRATEGIES); k++)
		for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
			char policy[96];
			struct scene s;

			str_fmt(policy, sizeof(policy), "'placement':{'strategy':'%s'}", STRATEGIES[k]);
			forest(&s, sizes[i], policy);
			for (uint64_t entropy = 1; entropy <= 40; entropy++) {
				decide(&s, entropy, &x);
				assert_true(repeats(&x));
				assert_string_equal(x.status.choice.strategy, STRATEGIES[k]);
				assert_int_equal(x.status.choice.nodes, sizes[i]);
				assert_int_equal(x.status.n_candidates,
					sizes[i] < 32 ? sizes[i] : ESCAPE_CANDIDATES_MAX);
			}
			scene_end(&s);
		}
}

static void what_was_changed_does_not(void **state)
{
	static struct escape x, changed;
	struct scene s;

	(void)state;
	forest(&s, 90, "");
	decide(&s, 7, &x);
	assert_true(repeats(&x));
	changed = x;
	str_copy(changed.spec.seed, sizeof(changed.spec.seed), "12345");
	assert_false(repeats(&changed));
	changed = x;
	str_copy(changed.spec.destination_node, sizeof(changed.spec.destination_node),
		x.status.candidates[1].node);
	assert_false(repeats(&changed));
	changed = x;
	changed.status.candidates[3].density += 0.001;
	assert_false(repeats(&changed));
	changed = x;
	changed.status.choice.td *= 2;
	assert_false(repeats(&changed));
	changed = x;
	str_copy(changed.status.candidates[0].excluded, 96, "it is hacked");
	assert_false(repeats(&changed));
	scene_end(&s);
}

static void what_is_no_choice_says_so(void **state)
{
	static struct escape x;
	struct explain_replay r;
	struct scene s;
	struct err e = {0};

	(void)state;
	forest(&s, 4, "");
	decide(&s, 7, &x);
	str_copy(x.spec.seed, sizeof(x.spec.seed), "99999999999999999999999");
	assert_int_equal(explain_replay(&x, &r, &e), -EINVAL);
	x.status.n_candidates = 0;
	assert_int_equal(explain_replay(&x, &r, &e), -ENOENT);
	assert_non_null(strstr(e.message, "records no choice"));
	scene_end(&s);
}

/* Another process that sees the same cluster and has the same seed decides alike, whenever it decides. */
static void a_restarted_operator_decides_alike(void **state)
{
	static struct escape before, after;
	struct scene s;

	(void)state;
	for (uint64_t entropy = 1; entropy <= 40; entropy++) {
		forest(&s, 12, "");
		decide(&s, entropy, &before);
		scene_end(&s);
		forest(&s, 12, "");
		/* the same workload, another pod of it */
		world_drop_pod(&s.w, "shop", "prey");
		scene_put(&s,
			"{'kind':'Pod','metadata':{'namespace':'shop','name':'prey','uid':'ffff-1','labels':{"
			"'app':'shop'}},"
			"'spec':{'nodeName':'node00','runtimeClassName':'escape','containers':[{'name':'app',"
			"'image':'i'}]},"
			"'status':{'phase':'Running','conditions':[{'type':'Ready','status':'True'}]}}");
		s.now_ms += 5000;
		decide(&s, entropy, &after);
		assert_string_equal(before.spec.seed, after.spec.seed);
		assert_string_equal(before.spec.destination_node, after.spec.destination_node);
		assert_string_not_equal(before.spec.pod_uid, after.spec.pod_uid);
		scene_end(&s);
	}
}

static void it_can_be_read(void **state)
{
	static struct escape x;
	auto_buf struct buf text = BUF_INIT(TEXT_MAX);
	auto_json struct json *j = NULL;
	struct explain_replay r;
	struct scene s;

	(void)state;
	forest(&s, 40, "");
	decide(&s, 7, &x);
	assert_int_equal(explain_replay(&x, &r, NULL), 0);
	explain_replay_text(&x, &r, &text);
	assert_non_null(strstr(text.data, "32 of 40 nodes are recorded"));
	assert_non_null(strstr(text.data, "the same node, with the same weights."));
	j = explain_replay_json(&x, &r);
	assert_true(json_bool_at(j, "same", false));
	assert_string_equal(json_str_at(j, "chosen", ""), x.spec.destination_node);
	scene_end(&s);
}

/* Of three pods on one hacked node no two go to the same one. */
static void moves_of_one_round_know_of_each_other(void **state)
{
	struct scene s;

	(void)state;
	for (uint64_t entropy = 0; entropy < 60; entropy++) {
		auto_actions struct actions out = {0};
		const char *to[8];
		size_t n = 0;

		forest(&s, 6, "'placement':{'maxConcurrent':9}");
		s.c.brake_share = 1;
		scene_pod(&s, "second", "node00", "");
		scene_pod(&s, "third", "node00", "");
		plan_alarms(&s.w, &s.c, s.now_ms, entropy, &out);
		for (size_t i = 0; i < out.n; i++)
			if (out.items[i].kind == ACTION_CREATE_ESCAPE)
				to[n++] = action_str(&out.items[i], "spec.destinationNode");
		assert_in_range(n, 2, 3);
		for (size_t i = 1; i < n; i++)
			for (size_t k = 0; k < i; k++)
				assert_string_not_equal(to[i], to[k]);
		scene_end(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_strategy_repeats),
		cmocka_unit_test(what_was_changed_does_not),
		cmocka_unit_test(what_is_no_choice_says_so),
		cmocka_unit_test(a_restarted_operator_decides_alike),
		cmocka_unit_test(it_can_be_read),
		cmocka_unit_test(moves_of_one_round_know_of_each_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
