/* SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"

#include "operator/plan/plan_escape.h"
#include "operator/plan/successor.h"

#include <base/str.h>

#define SECOND INT64_C(1000)
#define MOVE_SPEC "'destinationNode':'node-b','successor':'prey-1','state':'Live'"
#define DELETING ",'deletionTimestamp':'2027-01-01T00:00:00Z','deletionGracePeriodSeconds':%d"

static void successor(struct scene *s, const char *labels, bool ready)
{
	scene_put(s,
		"{'kind':'Pod','metadata':{'namespace':'shop','name':'prey-1','labels':{%s},'annotations':{"
		"'escape.dev/escape':'x','escape.dev/handover':'{\\'labels\\':{\\'app\\':\\'shop\\'}}'}},"
		"'spec':{'nodeName':'node-b','runtimeClassName':'escape'},'status':{'phase':'Running','"
		"conditions':[{"
		"'type':'Ready','status':'%s'}]}}",
		labels, ready ? "True" : "False");
}

static void restored(struct scene *s, bool of_replicaset, bool ready)
{
	char status[100];

	scene_begin(s);
	scene_policy(s, "");
	scene_node(s, "node-a", "[]");
	scene_node(s, "node-b", "[]");
	if (of_replicaset)
		scene_pod_of_replicaset(s, "prey", "node-a");
	else
		scene_pod(s, "prey", "node-a", "");
	successor(s, "'escape.dev/successor':'true'", ready);
	str_fmt(status, sizeof(status), "'successorUID':'%s'", scene_uid("prey-1"));
	scene_escape(s, "x", "Move", "prey", "Restored", 0, MOVE_SPEC, status);
}

static struct actions plan(struct scene *s)
{
	struct actions out = {0};

	plan_escape(&s->w, &s->c, world_escape(&s->w, "shop", "x"), s->now_ms, &out);
	assert_false(out.failed);
	return out;
}

/* "verb pod" for each action, in order. */
static void assert_order(struct scene *s, const char *const *want)
{
	auto_actions struct actions out = plan(s);

	for (size_t i = 0; i < out.n; i++) {
		char got[300];

		assert_non_null(want[i]);
		str_fmt(got, sizeof(got), "%s %s",
			out.items[i].kind == ACTION_PATCH_POD    ? "patch"
			: out.items[i].kind == ACTION_DELETE_POD ? "delete"
								 : "step",
			out.items[i].name);
		assert_string_equal(got, want[i]);
	}
	assert_null(want[out.n]);
}
#define ORDER(s, ...) assert_order(s, (const char *const[8]){__VA_ARGS__})

static void a_replicaset_is_told_which_pod_to_let_go(void **state)
{
	struct scene s;
	(void)state;
	restored(&s, true, true);
	ORDER(&s, "patch prey", "patch prey-1", "delete prey");
	auto_actions struct actions out = plan(&s);

	assert_string_equal(json_str(json_member(json_at(out.items[0].object, "metadata.annotations"),
				    WORLD_DELETION_COST)),
		"-2147483648");
	assert_string_equal(action_str(&out.items[0], "metadata.uid"), scene_uid("prey"));
	assert_string_equal(action_str(&out.items[1], "metadata.uid"), scene_uid("prey-1"));
	/* Read again, for the deletion cannot be taken back. */
	assert_string_equal(out.items[2].need.escape, "x");
	assert_string_equal(out.items[2].uid, scene_uid("prey"));
	scene_end(&s);
}

static void a_bare_pod_is_followed_by_a_bare_pod(void **state)
{
	struct scene s;
	(void)state;
	restored(&s, false, true);
	ORDER(&s, "patch prey-1", "delete prey");
	scene_end(&s);
}

static void nothing_happens_until_the_successor_is_ready(void **state)
{
	struct scene s;
	(void)state;
	restored(&s, true, false);
	ORDER(&s, NULL);
	s.now_ms += 60 * SECOND;
	/* A ReplicaSet would remove the unready one, which is the living one. */
	ORDER(&s, NULL);
	scene_put(&s, "{'kind':'Pod','metadata':{'namespace':'shop','name':'prey','ownerReferences':[{'kind':"
		      "'ReplicaSet',"
		      "'name':'r','uid':'5','controller':true}]},'spec':{'nodeName':'node-a'},'status':{'"
		      "phase':'Running'}}");
	ORDER(&s, "patch prey", "patch prey-1", "delete prey");
	scene_end(&s);

	restored(&s, false, false);
	ORDER(&s, NULL);
	s.now_ms += 60 * SECOND;
	ORDER(&s, "patch prey-1", "delete prey");
	scene_end(&s);
}

/* Whatever the operator did before it crashed is seen, and not done twice. */
static void it_goes_on_where_it_was(void **state)
{
	struct scene s;
	char deleting[120];
	(void)state;
	restored(&s, true, true);
	successor(&s, "'app':'shop'", true);
	ORDER(&s, "delete prey");
	/* Somebody else deleted it, with a grace that frozen processes would sit out. */
	str_fmt(deleting, sizeof(deleting), DELETING, 30);
	scene_pod(&s, "prey", "node-a", deleting);
	ORDER(&s, "delete prey");
	str_fmt(deleting, sizeof(deleting), DELETING, 1);
	scene_pod(&s, "prey", "node-a", deleting);
	ORDER(&s, NULL);
	world_drop_pod(&s.w, "shop", "prey");
	ORDER(&s, "step x");
	auto_actions struct actions out = plan(&s);

	assert_string_equal(action_str(&out.items[0], "status.phase"), "Succeeded");
	assert_string_equal(out.items[0].need.gone[0].uid, scene_uid("prey"));
	scene_end(&s);
}

static void the_old_pod_may_go_first(void **state)
{
	struct scene s;
	(void)state;
	restored(&s, true, true);
	world_drop_pod(&s.w, "shop", "prey");
	ORDER(&s, "patch prey-1", "step x");
	scene_end(&s);
}

static void a_successor_that_is_not_seen_is_looked_for(void **state)
{
	struct scene s;
	(void)state;
	restored(&s, true, true);
	world_drop_pod(&s.w, "shop", "prey-1");
	auto_actions struct actions out = plan(&s);

	assert_int_equal(out.n, 1);
	assert_string_equal(out.items[0].need.gone[0].name, "prey-1");
	world_drop_pod(&s.w, "shop", "prey");
	auto_actions struct actions end = plan(&s);

	assert_string_equal(end.items[0].need.gone[1].name, "prey-1");
	scene_end(&s);
}

static void addresses_are_released_when_nobody_has_them(void **state)
{
	struct scene s;
	char status[120];
	(void)state;
	restored(&s, true, true);
	str_fmt(status, sizeof(status), "'successorUID':'%s'", scene_uid("prey-1"));
	scene_escape(&s, "x", "Move", "prey", "Succeeded", 0, MOVE_SPEC, status);
	ORDER(&s, NULL);
	world_drop_pod(&s.w, "shop", "prey-1");
	/* The successor moves on: its addresses are under way. */
	scene_escape(&s, "next", "Move", "prey-1", "Sealed", 0,
		"'destinationNode':'node-c','successor':'prey-2','state':'Live'", "");
	ORDER(&s, NULL);
	scene_escape(&s, "next", "Move", "prey-1", "Succeeded", 0,
		"'destinationNode':'node-c','successor':'prey-2','state':'Live'", "");
	auto_actions struct actions out = plan(&s);

	assert_int_equal(out.n, 1);
	assert_true(json_bool_at(out.items[0].object, "status.networkReleased", false));
	assert_string_equal(out.items[0].need.gone[0].uid, scene_uid("prey-1"));
	scene_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_replicaset_is_told_which_pod_to_let_go),
		cmocka_unit_test(a_bare_pod_is_followed_by_a_bare_pod),
		cmocka_unit_test(nothing_happens_until_the_successor_is_ready),
		cmocka_unit_test(it_goes_on_where_it_was),
		cmocka_unit_test(the_old_pod_may_go_first),
		cmocka_unit_test(a_successor_that_is_not_seen_is_looked_for),
		cmocka_unit_test(addresses_are_released_when_nobody_has_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
