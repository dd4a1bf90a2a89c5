/* SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"

#include "merge.h"
#include "operator/plan/judge.h"
#include "operator/plan/plan_alarms.h"
#include "operator/plan/plan_verdicts.h"
#include "operator/plan/view.h"

#include <base/cleanup.h>
#include <base/clock.h>
#include <base/str.h>
#include <errno.h>
#include <string.h>

#define MINUTE INT64_C(60000)

/* What the API server would hold after these actions: verdicts and nodes, put into the world again. */
static void carry_out(struct scene *s, const struct actions *out)
{
	static unsigned version = 10;
	char text[32];

	for (size_t i = 0; i < out->n; i++) {
		const struct action *a = &out->items[i];
		const struct world_node *n = world_node(&s->w, a->name);
		struct json *obj = NULL;

		str_fmt(text, sizeof(text), "%u", ++version);
		if (a->kind == ACTION_CREATE_VERDICT)
			obj = json_dup(a->object);
		else if (a->kind == ACTION_PATCH_NODE)
			obj = json_dup(n->obj);
		else if (a->kind == ACTION_PATCH_VERDICT)
			obj = json_dup(scene_verdict(s, a->name));
		else if (a->kind == ACTION_DELETE_VERDICT)
			world_drop_verdict(&s->w, a->name);
		if (!obj)
			continue;
		if (a->kind != ACTION_CREATE_VERDICT)
			merge_apply(obj, a->object);
		json_set_str(json_obj_at(obj, "metadata"), "resourceVersion", text);
		json_set_str(obj, "kind", a->kind == ACTION_PATCH_NODE ? "Node" : "NodeVerdict");
		scene_keep(s, obj);
	}
}

static struct actions plan(struct scene *s)
{
	struct actions out = {0};

	plan_verdicts(&s->w, &s->c, s->now_ms, &out);
	assert_false(out.failed);
	return out;
}

/* Plans until nothing is left to do, as the operator does. Returns how many plans wrote something. */
static unsigned settle(struct scene *s)
{
	for (unsigned n = 0; n < 6; n++) {
		auto_actions struct actions out = plan(s);
		size_t events = 0;

		for (size_t i = 0; i < out.n; i++)
			events += out.items[i].kind == ACTION_EVENT;
		if (out.n == events)
			return n;
		carry_out(s, &out);
	}
	fail_msg("the plan does not come to rest");
	return 0;
}

static const struct verdict_status *status_of(struct scene *s, const char *node)
{
	const struct world_node *n = world_node(&s->w, node);

	assert_non_null(n);
	assert_non_null(n->verdict);
	return &n->verdict->status;
}

static bool hacked(struct scene *s, const char *node)
{
	return view_node_hacked(world_node(&s->w, node), &s->c, s->now_ms);
}

static void begin(struct scene *s)
{
	scene_begin(s);
	s->w.agent_namespace = "escape-system";
	scene_policy(s, "");
	scene_node(s, "node-a", "[]");
	scene_node(s, "node-b", "[]");
	scene_node(s, "node-c", "[]");
}

static void alarm_on(struct scene *s, const char *node, const char *pod, int64_t age_ms)
{
	char list[600];

	str_fmt(list, sizeof(list), "[%s]", scene_anomaly(s, "a1", pod, age_ms));
	scene_node(s, node, list);
}

static void spec_put(struct scene *s, const char *node, int generation, const char *spec)
{
	const struct json *old = scene_verdict(s, node);
	struct json *obj;

	if (!old)
		old = scene_put(s, "{'kind':'NodeVerdict','metadata':{'name':'%s'}}", node);
	obj = json_dup(old);
	json_set(obj, "spec", json_dup(scene_json(s, "{%s}", spec)));
	json_set_num(json_obj_at(obj, "metadata"), "generation", generation);
	scene_keep(s, obj);
}

static void an_alarm_makes_its_own_node_hacked_and_no_other(void **state)
{
	struct scene s;
	(void)state;
	begin(&s);
	/* The pod that the report names runs elsewhere: that node is none the worse for it. */
	scene_pod(&s, "prey", "node-b", "");
	alarm_on(&s, "node-a", "prey", 2000);
	assert_true(hacked(&s, "node-a")); /* before it is written */
	assert_int_equal(settle(&s), 1);
	assert_int_equal(status_of(&s, "node-a")->state, VERDICT_HACKED);
	assert_int_equal(status_of(&s, "node-a")->since_ms, s.now_ms - 2000);
	assert_int_equal(status_of(&s, "node-a")->quiet_until_ms, s.now_ms - 2000 + s.c.forgive_ms);
	assert_int_equal(status_of(&s, "node-a")->causes[0].source, SOURCE_ALARM);
	assert_int_equal(status_of(&s, "node-a")->causes[0].count, 1);
	assert_string_equal(status_of(&s, "node-a")->causes[0].pod, "shop/prey");
	assert_null(world_node(&s.w, "node-b")->verdict);
	assert_false(hacked(&s, "node-b"));
	scene_end(&s);
}

static void states_are_told_once_on_the_node(void **state)
{
	struct scene s;
	(void)state;
	begin(&s);
	alarm_on(&s, "node-a", "other", 0);
	auto_actions struct actions out = plan(&s);
	const struct action *told = actions_event(&out, "NodeHacked");

	assert_non_null(told);
	assert_string_equal(told->event.kind, "Node");
	assert_string_equal(told->uid, scene_uid("node-a"));
	carry_out(&s, &out);
	auto_actions struct actions again = plan(&s);

	assert_int_equal(again.n, 0);
	assert_int_equal(again.wake_ms, s.now_ms + s.c.forgive_ms);
	s.now_ms += s.c.forgive_ms;
	auto_actions struct actions quiet = plan(&s);

	assert_non_null(actions_event(&quiet, "NodeForgiven"));
	carry_out(&s, &quiet);
	assert_int_equal(status_of(&s, "node-a")->state, VERDICT_CLEAN);
	assert_int_equal(status_of(&s, "node-a")->n_causes, 0);
	assert_int_equal(status_of(&s, "node-a")->quiet_until_ms, 0);
	assert_string_equal(status_of(&s, "node-a")->conditions[0].status, "False");
	scene_end(&s);
}

/* A new operator, and an agent that has lost its alarms: what is written still counts. */
static void what_is_written_outlives_operator_and_agent(void **state)
{
	struct scene s;
	(void)state;
	begin(&s);
	alarm_on(&s, "node-a", "other", MINUTE);
	settle(&s);
	scene_node(&s, "node-a", "[]");
	s.now_ms += MINUTE;
	assert_true(hacked(&s, "node-a"));
	assert_int_equal(settle(&s), 0);
	s.now_ms += s.c.forgive_ms - 2 * MINUTE;
	assert_false(hacked(&s, "node-a"));
	scene_end(&s);
}

static void an_admins_word_lasts_until_it_is_taken_back(void **state)
{
	struct scene s;
	(void)state;
	begin(&s);
	spec_put(&s, "node-b", 1, "'mark':'Hacked','reason':'seen a miner'");
	assert_true(hacked(&s, "node-b"));
	settle(&s);
	assert_int_equal(status_of(&s, "node-b")->causes[0].source, SOURCE_ADMIN);
	assert_string_equal(status_of(&s, "node-b")->causes[0].message, "seen a miner");
	assert_int_equal(status_of(&s, "node-b")->quiet_until_ms, 0);
	s.now_ms += 10 * s.c.forgive_ms;
	assert_true(hacked(&s, "node-b"));
	assert_int_equal(settle(&s), 0);
	spec_put(&s, "node-b", 2, "");
	assert_false(hacked(&s, "node-b"));
	settle(&s);
	assert_int_equal(status_of(&s, "node-b")->state, VERDICT_CLEAN);
	scene_end(&s);
}

static void a_mark_may_end_by_itself(void **state)
{
	struct scene s;
	char until[CLOCK_RFC3339_MAX], spec[200];
	(void)state;
	begin(&s);
	clock_format(s.now_ms + 5 * MINUTE, until);
	str_fmt(spec, sizeof(spec), "'mark':'Hacked','reason':'r','until':'%s'", until);
	spec_put(&s, "node-b", 1, spec);
	settle(&s);
	assert_int_equal(status_of(&s, "node-b")->quiet_until_ms, s.now_ms + 5 * MINUTE);
	s.now_ms += 5 * MINUTE;
	assert_false(hacked(&s, "node-b"));
	scene_end(&s);
}

static void a_clear_forgives_what_was_and_not_what_comes(void **state)
{
	struct scene s;
	(void)state;
	begin(&s);
	alarm_on(&s, "node-a", "other", 2000);
	settle(&s);
	/* Without a time it is as of when it is first seen, and that is kept. */
	spec_put(&s, "node-a", 2, "'mark':'Clean','reason':'looked'");
	assert_false(hacked(&s, "node-a"));
	settle(&s);
	assert_int_equal(status_of(&s, "node-a")->state, VERDICT_CLEAN);
	assert_int_equal(status_of(&s, "node-a")->marked_ms, s.now_ms);
	s.now_ms += MINUTE;
	alarm_on(&s, "node-a", "other", MINUTE + 2000); /* the same report comes again */
	assert_false(hacked(&s, "node-a"));
	alarm_on(&s, "node-a", "other", 10);
	assert_true(hacked(&s, "node-a"));
	settle(&s);
	assert_int_equal(status_of(&s, "node-a")->state, VERDICT_HACKED);
	scene_end(&s);
}

/* ---- silence ---- */

static void lease(struct scene *s, const char *node)
{
	char at[CLOCK_RFC3339_MAX];

	clock_format_micro(s->now_ms, at);
	scene_put(s, "{'kind':'Lease','metadata':{'name':'%s'},'spec':{'renewTime':'%s'}}", node, at);
}

static void agent(struct scene *s, const char *node, const char *name, int64_t age_ms)
{
	char at[CLOCK_RFC3339_MAX];

	clock_format(s->now_ms - age_ms, at);
	scene_put(s,
		"{'kind':'Pod','metadata':{'namespace':'escape-system','name':'%s','creationTimestamp':'%s',"
		"'labels':{'app.kubernetes.io/component':'agent'}},'spec':{'nodeName':'%s'},"
		"'status':{'phase':'Running'}}",
		name, at, node);
}

/* The kubelet goes on, the agent does not. */
static void silent_for(struct scene *s, const char *node, int64_t ms)
{
	for (; ms > 0; ms -= 10000) {
		s->now_ms += ms < 10000 ? ms : 10000;
		lease(s, node);
	}
}

static enum verdict_state state_of(struct scene *s, const char *node)
{
	return view_node_state(world_node(&s->w, node), &s->c, s->now_ms);
}

static void a_silenced_agent_makes_suspect_then_hacked(void **state)
{
	struct scene s;
	int64_t began;
	(void)state;
	begin(&s);
	agent(&s, "node-a", "agent-1", 60 * MINUTE);
	lease(&s, "node-a");
	silent_for(&s, "node-a", s.c.agent_silent_ms - 1);
	assert_int_equal(state_of(&s, "node-a"), VERDICT_CLEAN);
	silent_for(&s, "node-a", 1);
	began = s.now_ms;
	assert_int_equal(state_of(&s, "node-a"), VERDICT_SUSPECT);
	settle(&s);
	assert_int_equal(status_of(&s, "node-a")->causes[0].first_ms, began);
	silent_for(&s, "node-a", s.c.silence_hacked_ms - 1);
	settle(&s);
	assert_int_equal(status_of(&s, "node-a")->state, VERDICT_SUSPECT);
	silent_for(&s, "node-a", 1);
	settle(&s);
	assert_int_equal(status_of(&s, "node-a")->state, VERDICT_HACKED);
	assert_string_equal(status_of(&s, "node-a")->causes[0].reason, "AgentSilenced");
	/* It speaks again: the quiet time runs from then. */
	scene_node(&s, "node-a", "[]");
	s.now_ms += s.c.forgive_ms;
	settle(&s);
	assert_int_equal(status_of(&s, "node-a")->state, VERDICT_CLEAN);
	scene_end(&s);
}

static void a_node_that_is_away_is_not_hacked(void **state)
{
	struct scene s;
	(void)state;
	begin(&s);
	agent(&s, "node-a", "agent-1", 60 * MINUTE);
	lease(&s, "node-a");
	s.now_ms += 60 * MINUTE;
	assert_int_equal(state_of(&s, "node-a"), VERDICT_CLEAN);
	assert_int_equal(settle(&s), 0);
	/* It comes back, its kubelet first: the agent has its time. */
	lease(&s, "node-a");
	silent_for(&s, "node-a", s.c.agent_silent_ms - 1);
	assert_int_equal(state_of(&s, "node-a"), VERDICT_CLEAN);
	silent_for(&s, "node-a", 1);
	assert_int_equal(state_of(&s, "node-a"), VERDICT_SUSPECT);
	scene_end(&s);
}

static void an_agent_that_is_replaced_has_time_but_not_for_ever(void **state)
{
	struct scene s;
	(void)state;
	begin(&s);
	agent(&s, "node-a", "agent-1", 60 * MINUTE);
	lease(&s, "node-a");
	silent_for(&s, "node-a", s.c.agent_silent_ms - 10000);
	world_drop_pod(&s.w, "escape-system", "agent-1");
	silent_for(&s, "node-a", 20000);
	assert_int_equal(state_of(&s, "node-a"), VERDICT_CLEAN); /* no agent is meant to be there */
	agent(&s, "node-a", "agent-2", 0);
	silent_for(&s, "node-a", s.c.agent_silent_ms - 10000);
	assert_int_equal(state_of(&s, "node-a"), VERDICT_CLEAN);
	/* A node that deletes its agent's pod again and again gains a little. */
	for (int i = 0; i < 30; i++) {
		world_drop_pod(&s.w, "escape-system", "agent-2");
		agent(&s, "node-a", "agent-2", 0);
		silent_for(&s, "node-a", 50000);
		settle(&s);
	}
	assert_int_equal(state_of(&s, "node-a"), VERDICT_HACKED);
	scene_end(&s);
}

static void pods_elsewhere_are_no_agents(void **state)
{
	struct scene s;
	(void)state;
	begin(&s);
	s.w.agent_namespace = "another";
	agent(&s, "node-a", "agent-1", 60 * MINUTE);
	lease(&s, "node-a");
	silent_for(&s, "node-a", 60 * MINUTE);
	assert_int_equal(state_of(&s, "node-a"), VERDICT_CLEAN);
	scene_end(&s);
}

/* ---- foreign detectors ---- */

static void falco(struct scene *s, const char *node, const char *rule, const char *pod)
{
	struct verdict_cause c = {.source = SOURCE_FALCO,
		.weight = VERDICT_HACKED,
		.first_ms = s->now_ms,
		.last_ms = s->now_ms,
		.count = 1};

	str_copy(c.reason, sizeof(c.reason), rule);
	str_copy(c.message, sizeof(c.message), "a shell was spawned");
	if (*pod)
		str_copy(c.pod_uid, sizeof(c.pod_uid), scene_uid(pod));
	assert_int_equal(world_note_foreign(&s->w, node, &c), 0);
}

static void foreign_words_count_up_to_their_limit(void **state)
{
	struct scene s;
	(void)state;
	begin(&s); /* three nodes, a quarter of them: one */
	falco(&s, "node-a", "Terminal shell in container", "");
	falco(&s, "node-b", "Terminal shell in container", "");
	assert_int_equal(world_note_foreign(&s.w, "nowhere", &s.w.nodes->foreign[0]), -ENOENT);
	auto_actions struct actions out = plan(&s);

	assert_non_null(actions_event(&out, "ReportsLimited"));
	carry_out(&s, &out);
	assert_int_equal(status_of(&s, "node-a")->state, VERDICT_HACKED);
	assert_int_equal(status_of(&s, "node-b")->state, VERDICT_SUSPECT);
	assert_true(status_of(&s, "node-b")->causes[0].limited);
	assert_int_equal(plan_foreign_limited(&s.w, &s.c, s.now_ms), 1);
	/* Nothing is kept twice, and the same again is not a reason to write. */
	assert_null(world_node(&s.w, "node-a")->foreign);
	falco(&s, "node-a", "Terminal shell in container", "");
	assert_int_equal(settle(&s), 0);
	s.now_ms += 2 * MINUTE;
	falco(&s, "node-a", "Terminal shell in container", "");
	assert_int_equal(settle(&s), 1);
	assert_int_equal(status_of(&s, "node-a")->causes[0].count, 3);
	/* Room again: the next report is believed. */
	s.now_ms += s.c.forgive_ms;
	falco(&s, "node-b", "Terminal shell in container", "");
	settle(&s);
	assert_int_equal(status_of(&s, "node-b")->state, VERDICT_HACKED);
	assert_false(status_of(&s, "node-b")->causes[0].limited);
	scene_end(&s);
}

static void causes_are_bounded_and_the_light_and_old_go_first(void **state)
{
	struct scene s;
	char rule[32];
	(void)state;
	begin(&s);
	for (int i = 0; i < 40; i++) {
		s.now_ms++;
		str_fmt(rule, sizeof(rule), "rule %d", i);
		falco(&s, "node-a", rule, "");
		if (i % 7 == 0)
			settle(&s);
	}
	alarm_on(&s, "node-a", "other", 0);
	settle(&s);
	assert_int_equal(status_of(&s, "node-a")->n_causes, VERDICT_CAUSES_MAX);
	assert_int_equal(status_of(&s, "node-a")->causes[0].last_ms, s.now_ms);
	scene_end(&s);
}

static void prey_leaves_a_node_for_whatever_reason_it_is_hacked(void **state)
{
	struct scene s;
	(void)state;
	begin(&s);
	scene_pod(&s, "prey", "node-a", "");
	spec_put(&s, "node-a", 1, "'mark':'Hacked','reason':'seen a miner'");
	settle(&s);
	auto_actions struct actions out = {0};

	plan_alarms(&s.w, &s.c, s.now_ms, 42, &out);
	assert_string_equal(
		action_str(actions_first(&out, ACTION_CREATE_ESCAPE), "spec.reason"), "NodeHacked");
	assert_non_null(strstr(
		action_str(actions_first(&out, ACTION_CREATE_ESCAPE), "spec.message"), "seen a miner"));
	scene_end(&s);
}

static void who_is_accused_himself_does_not_move_alive(void **state)
{
	struct scene s;
	(void)state;
	begin(&s);
	scene_pod(&s, "prey", "node-a", "");
	falco(&s, "node-a", "Terminal shell in container", "prey");
	settle(&s);
	spec_put(&s, "node-a", 1, "'mark':'Hacked','reason':'r'");
	settle(&s);
	auto_actions struct actions out = {0};

	plan_alarms(&s.w, &s.c, s.now_ms, 42, &out);
	assert_int_equal(actions_count(&out, ACTION_CREATE_ESCAPE), 0);
	scene_end(&s);
}

/* ---- cordon ---- */

static bool cordoned(struct scene *s, const char *node)
{
	return world_node(&s->w, node)->node.unschedulable;
}

static void only_what_we_cordoned_is_uncordoned(void **state)
{
	struct scene s;
	(void)state;
	begin(&s);
	s.c.cordon = true;
	spec_put(&s, "node-a", 1, "'mark':'Hacked','reason':'r'");
	spec_put(&s, "node-b", 1, "'mark':'Hacked','reason':'r'");
	scene_put(&s, "{'kind':'Node','metadata':{'name':'node-b','resourceVersion':'5'},'spec':{"
		      "'unschedulable':true}}");
	settle(&s);
	assert_true(cordoned(&s, "node-a") && cordoned(&s, "node-b"));
	assert_true(status_of(&s, "node-a")->cordoned);
	assert_false(status_of(&s, "node-b")->cordoned);
	spec_put(&s, "node-a", 2, "");
	spec_put(&s, "node-b", 2, "");
	settle(&s);
	assert_false(cordoned(&s, "node-a"));
	assert_true(cordoned(&s, "node-b"));
	assert_false(status_of(&s, "node-a")->cordoned);
	assert_null(json_member(
		json_at(world_node(&s.w, "node-a")->obj, "metadata.annotations"), API_ANN_CORDONED));
	scene_end(&s);
}

static void neither_an_admin_nor_a_liar_is_followed_into_a_cordon(void **state)
{
	struct scene s;
	(void)state;
	begin(&s);
	s.c.cordon = true;
	spec_put(&s, "node-a", 1, "'mark':'Hacked','reason':'r'");
	settle(&s);
	/* The admin un-cordons by hand: so it stays. */
	scene_put(&s, "{'kind':'Node','metadata':{'name':'node-a','resourceVersion':'9','annotations':{"
		      "'escape.dev/cordoned':'hacked'}}}");
	assert_int_equal(settle(&s), 0);
	/* A kubelet says that we cordoned what an admin cordoned: the record knows better. */
	scene_put(&s, "{'kind':'Node','metadata':{'name':'node-c','resourceVersion':'9','annotations':{"
		      "'escape.dev/cordoned':'hacked'}},'spec':{'unschedulable':true}}");
	spec_put(&s, "node-c", 1, "'mark':'Clean','reason':'r'");
	settle(&s);
	assert_true(cordoned(&s, "node-c"));
	scene_end(&s);
}

static void verdicts_on_nodes_that_are_gone_are_taken_away(void **state)
{
	struct scene s;
	(void)state;
	begin(&s);
	alarm_on(&s, "node-a", "other", 0);
	spec_put(&s, "node-b", 1, "'mark':'Hacked','reason':'r'");
	settle(&s);
	world_drop_node(&s.w, "node-a");
	world_drop_report(&s.w, "node-a");
	world_drop_node(&s.w, "node-b");
	settle(&s);
	assert_non_null(world_node(&s.w, "node-a")->verdict);
	s.now_ms += s.c.forgive_ms;
	settle(&s);
	assert_null(world_node(&s.w, "node-a"));
	assert_non_null(world_node(&s.w, "node-b")->verdict); /* an admin's word is his */
	scene_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_alarm_makes_its_own_node_hacked_and_no_other),
		cmocka_unit_test(states_are_told_once_on_the_node),
		cmocka_unit_test(what_is_written_outlives_operator_and_agent),
		cmocka_unit_test(an_admins_word_lasts_until_it_is_taken_back),
		cmocka_unit_test(a_mark_may_end_by_itself),
		cmocka_unit_test(a_clear_forgives_what_was_and_not_what_comes),
		cmocka_unit_test(a_silenced_agent_makes_suspect_then_hacked),
		cmocka_unit_test(a_node_that_is_away_is_not_hacked),
		cmocka_unit_test(an_agent_that_is_replaced_has_time_but_not_for_ever),
		cmocka_unit_test(pods_elsewhere_are_no_agents),
		cmocka_unit_test(foreign_words_count_up_to_their_limit),
		cmocka_unit_test(causes_are_bounded_and_the_light_and_old_go_first),
		cmocka_unit_test(prey_leaves_a_node_for_whatever_reason_it_is_hacked),
		cmocka_unit_test(who_is_accused_himself_does_not_move_alive),
		cmocka_unit_test(only_what_we_cordoned_is_uncordoned),
		cmocka_unit_test(neither_an_admin_nor_a_liar_is_followed_into_a_cordon),
		cmocka_unit_test(verdicts_on_nodes_that_are_gone_are_taken_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
