/* SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"

#include "operator/plan/plan_escape.h"
#include "operator/plan/successor.h"

#include <base/str.h>
#include <string.h>

#define SECOND INT64_C(1000)
#define MOVE_SPEC "'destinationNode':'node-b','successor':'prey-1','state':'Live'"

static void begin(struct scene *s)
{
	scene_begin(s);
	scene_policy(s, "");
	scene_node(s, "node-a", "[]");
	scene_node(s, "node-b", "[]");
	scene_pod(s, "prey", "node-a", "");
}

/* A move in this phase, its successor staged. */
static void moving(struct scene *s, const char *phase, const char *more_status)
{
	char status[300];

	begin(s);
	scene_put(s, "{'kind':'Pod','metadata':{'namespace':'shop','name':'prey-1','labels':{'escape.dev/"
		     "successor':'true'},"
		     "'annotations':{'escape.dev/escape':'x','escape.dev/"
		     "handover':'{}'}},'spec':{'nodeName':'node-b',"
		     "'runtimeClassName':'escape'},'status':{'phase':'Pending'}}");
	str_fmt(status, sizeof(status), "'successorUID':'%s'%s", scene_uid("prey-1"), more_status);
	scene_escape(s, "x", "Move", "prey", phase, 0, MOVE_SPEC, status);
}

static struct actions plan(struct scene *s)
{
	struct actions out = {0};

	plan_escape(&s->w, &s->c, world_escape(&s->w, "shop", "x"), s->now_ms, &out);
	assert_false(out.failed);
	return out;
}

/* Exactly one action: this step, tied to the version that was seen. */
static void assert_step(const struct actions *out, const char *phase, const char *reason)
{
	const struct action *a = actions_first(out, ACTION_PATCH_ESCAPE);

	assert_int_equal(out->n, 1);
	assert_string_equal(action_str(a, "status.phase"), phase);
	assert_string_equal(action_str(a, "status.reason"), reason);
	assert_true(*action_str(a, "metadata.resourceVersion"));
}

static void assert_next(struct scene *s, const char *phase, const char *reason)
{
	auto_actions struct actions out = plan(s);

	assert_step(&out, phase, reason);
}

static void assert_waits(struct scene *s, int64_t until_ms)
{
	auto_actions struct actions out = plan(s);

	assert_int_equal(out.n, 0);
	assert_int_equal(out.wake_ms, until_ms);
}

/* Each phase that waits for somebody else: the deadline, and what it is called. */
static void deadlines(void **state)
{
	static const struct {
		const char *phase, *reason;
		int64_t deadline_ms;
	} CASES[] = {
		{"Staging", "StagingTimeout", 60 * SECOND},
		{"Staged", "SealTimeout", 60 * SECOND},
		{"Sealed", "ClaimTimeout", 10 * SECOND},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		struct scene s;

		moving(&s, CASES[i].phase, "");
		assert_waits(&s, s.now_ms + CASES[i].deadline_ms);
		s.now_ms += CASES[i].deadline_ms - 1;
		assert_waits(&s, s.now_ms + 1);
		s.now_ms += 1;
		assert_next(&s, "Aborting", CASES[i].reason);
		scene_end(&s);
	}
}

static void pending_creates_the_successor_after_reading_again(void **state)
{
	struct scene s;
	(void)state;
	begin(&s);
	scene_escape(&s, "x", "Move", "prey", "Pending", 0, MOVE_SPEC, "");
	auto_actions struct actions out = plan(&s);

	assert_int_equal(out.n, 1);
	assert_int_equal(out.items[0].kind, ACTION_CREATE_SUCCESSOR);
	assert_string_equal(out.items[0].need.escape, "x");
	assert_string_equal(out.items[0].need.version, world_escape(&s.w, "shop", "x")->x.resource_version);
	s.now_ms += 60 * SECOND;
	assert_next(&s, "Aborting", "StagingTimeout");
	scene_end(&s);
}

static void staging_names_the_successor(void **state)
{
	struct scene s;
	struct json *patch;
	(void)state;
	begin(&s);
	scene_escape(&s, "x", "Move", "prey", "Pending", 0, MOVE_SPEC, "");
	patch = plan_staging_patch(
		&world_escape(&s.w, "shop", "x")->x, scene_json(&s, "{'metadata':{'uid':'abc'}}"), s.now_ms);
	assert_string_equal(json_str_at(patch, "status.phase", ""), "Staging");
	assert_string_equal(json_str_at(patch, "status.successorUID", ""), "abc");
	json_free(patch);
	scene_end(&s);
}

static void before_the_seal_the_end_of_the_pod_calls_off(void **state)
{
	static const char *const PHASES[] = {"Pending", "Staging", "Staged"};
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct scene s;

		moving(&s, PHASES[i], "");
		world_drop_pod(&s.w, "shop", "prey");
		auto_actions struct actions gone = plan(&s);

		assert_step(&gone, "Aborting", "PodGone");
		/* A cache that does not have it yet is no proof. */
		assert_string_equal(gone.items[0].need.gone[0].name, "prey");
		assert_string_equal(gone.items[0].need.gone[0].uid, scene_uid("prey"));
		scene_pod(&s, "prey", "node-a", ",'deletionTimestamp':'2027-01-01T00:00:00Z'");
		assert_next(&s, "Aborting", "PodGone");
		scene_end(&s);
	}
}

/* Then the dump is the only copy; thawing is not possible, so giving up gains nothing. */
static void sealed_without_its_pod_waits_for_the_claim(void **state)
{
	struct scene s;
	(void)state;
	moving(&s, "Sealed", "");
	world_drop_pod(&s.w, "shop", "prey");
	s.now_ms += 3600 * SECOND;
	scene_node(&s, "node-b", "[]");
	assert_waits(&s, 0);
	scene_end(&s);
}

static void a_successor_that_is_gone_calls_off(void **state)
{
	static const char *const PHASES[] = {"Staging", "Staged", "Sealed"};
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct scene s;

		moving(&s, PHASES[i], "");
		world_drop_pod(&s.w, "shop", "prey-1");
		auto_actions struct actions out = plan(&s);

		assert_step(&out, "Aborting", "SuccessorLost");
		assert_string_equal(out.items[0].need.gone[0].name, "prey-1");
		scene_end(&s);
	}
}

/* Of the same name and annotation, but not the pod that was created for it. */
static void a_twin_of_the_successor_is_not_it(void **state)
{
	struct scene s;
	(void)state;
	moving(&s, "Staged", "");
	scene_put(&s, "{'kind':'Pod','metadata':{'namespace':'shop','name':'prey-1','uid':'bad','labels':{"
		      "'escape.dev/successor':'true'},'annotations':{'escape.dev/"
		      "escape':'x'}},'spec':{},'status':{}}");
	assert_next(&s, "Aborting", "SuccessorLost");
	scene_end(&s);
}

static void a_destination_that_is_hacked_or_gone_calls_off(void **state)
{
	static const char *const PHASES[] = {"Pending", "Staging", "Staged", "Sealed"};
	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct scene s;
		char list[600];

		moving(&s, PHASES[i], "");
		str_fmt(list, sizeof(list), "[%s]", scene_anomaly(&s, "z", "other", 10));
		scene_node(&s, "node-b", list);
		assert_next(&s, "Aborting", "DestinationHacked");
		scene_end(&s);
	}
	for (size_t i = 0; i < 3; i++) {
		struct scene s;

		moving(&s, PHASES[i], "");
		world_drop_node(&s.w, "node-b");
		assert_next(&s, "Aborting", "DestinationLost");
		scene_end(&s);
	}
}

/* After the claim nobody knows: it is said, and nothing is thawed. */
static void restoring_is_never_aborted_by_time(void **state)
{
	struct scene s;
	(void)state;
	moving(&s, "Restoring", "");
	assert_waits(&s, s.now_ms + 60 * SECOND);
	s.now_ms += 60 * SECOND;
	auto_actions struct actions out = plan(&s);

	assert_int_equal(out.n, 1);
	assert_true(json_bool_at(out.items[0].object, "status.stuck", false));
	assert_null(json_at(out.items[0].object, "status.phase"));
	assert_string_equal(action_str(&out.items[0], "metadata.resourceVersion"),
		world_escape(&s.w, "shop", "x")->x.resource_version);
	scene_end(&s);

	moving(&s, "Restoring", ",'stuck':true");
	s.now_ms += 86400 * SECOND;
	assert_waits(&s, 0);
	world_drop_pod(&s.w, "shop", "prey-1");
	world_drop_pod(&s.w, "shop", "prey");
	assert_waits(&s, 0);
	scene_end(&s);
}

static void only_a_lost_node_ends_restoring(void **state)
{
	struct scene s;
	(void)state;
	moving(&s, "Restoring", ",'stuck':true");
	world_drop_node(&s.w, "node-b");
	auto_actions struct actions gone = plan(&s);

	assert_step(&gone, "Aborting", "DestinationLost");
	assert_string_equal(gone.items[0].need.lost_node, "node-b");
	scene_put(&s, "{'kind':'Node','metadata':{'name':'node-b'},'spec':{'taints':[{'key':"
		      "'node.kubernetes.io/out-of-service','effect':'NoExecute'}]}}");
	auto_actions struct actions tainted = plan(&s);

	assert_step(&tainted, "Aborting", "DestinationLost");
	assert_string_equal(tainted.items[0].need.lost_node, "node-b");
	scene_end(&s);
}

static void called_off_removes_the_successor(void **state)
{
	static const char *const PHASES[] = {"Aborting", "Aborted", "Failed"};
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct scene s;

		moving(&s, PHASES[i], ",'reason':'ClaimTimeout'");
		auto_actions struct actions out = plan(&s);

		assert_int_equal(out.n, 1);
		assert_int_equal(out.items[0].kind, ACTION_DELETE_POD);
		assert_string_equal(out.items[0].name, "prey-1");
		assert_string_equal(out.items[0].uid, scene_uid("prey-1"));
		world_drop_pod(&s.w, "shop", "prey-1");
		assert_waits(&s, 0);
		scene_end(&s);
	}
}

/* A destination that lies about successorUID does not get another pod deleted. */
static void called_off_never_removes_another_pod(void **state)
{
	struct scene s;
	char status[100];
	(void)state;
	begin(&s);
	scene_pod(&s, "victim", "node-a", "");
	str_fmt(status, sizeof(status), "'successorUID':'%s'", scene_uid("victim"));
	scene_escape(&s, "x", "Move", "prey", "Aborting", 0, MOVE_SPEC, status);
	assert_waits(&s, 0);
	scene_end(&s);
}

static void aborting_without_its_pod_fails(void **state)
{
	struct scene s;
	(void)state;
	moving(&s, "Aborting", ",'reason':'ClaimTimeout'");
	world_drop_pod(&s.w, "shop", "prey");
	world_drop_pod(&s.w, "shop", "prey-1");
	auto_actions struct actions out = plan(&s);

	assert_step(&out, "Failed", "ClaimTimeout");
	assert_string_equal(out.items[0].need.gone[0].uid, scene_uid("prey"));
	scene_end(&s);
}

static void rollbacks(void **state)
{
	struct scene s;
	(void)state;
	begin(&s);
	scene_escape(&s, "x", "Rollback", "prey", "Pending", 0, "", "");
	assert_waits(&s, s.now_ms + 60 * SECOND);
	s.now_ms += 60 * SECOND;
	/* The last heartbeat is as old. */
	assert_next(&s, "Failed", "AgentSilent");
	scene_node(&s, "node-a", "[]");
	auto_actions struct actions alive = plan(&s);

	assert_int_equal(alive.n, 0);
	assert_true(alive.wake_ms > s.now_ms);
	s.now_ms += 240 * SECOND;
	scene_node(&s, "node-a", "[]");
	assert_next(&s, "Failed", "NotTakenUp");
	world_drop_pod(&s.w, "shop", "prey");
	assert_next(&s, "Failed", "PodGone");
	scene_end(&s);

	begin(&s);
	scene_escape(&s, "x", "Rollback", "prey", "Restoring", 0, "", "");
	s.now_ms += 3600 * SECOND;
	assert_waits(&s, 0);
	world_drop_pod(&s.w, "shop", "prey");
	assert_next(&s, "Failed", "PodGone");
	scene_end(&s);
}

static void restarts(void **state)
{
	struct scene s;
	(void)state;
	begin(&s);
	scene_escape(&s, "x", "Restart", "prey", "Pending", 0, "", "");
	auto_actions struct actions out = plan(&s);

	assert_int_equal(out.n, 2);
	assert_int_equal(out.items[0].kind, ACTION_DELETE_POD);
	assert_string_equal(out.items[0].uid, scene_uid("prey"));
	assert_string_equal(action_str(&out.items[1], "status.phase"), "Succeeded");
	/* The operator died between the two. */
	world_drop_pod(&s.w, "shop", "prey");
	assert_next(&s, "Succeeded", "Restarted");
	scene_end(&s);
}

static void final_phases_and_deleted_escapes_rest(void **state)
{
	static const char *const PHASES[] = {"Succeeded", "Failed"};
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct scene s;

		begin(&s);
		scene_escape(&s, "x", "Rollback", "prey", PHASES[i], 0, "", "");
		world_drop_pod(&s.w, "shop", "prey");
		assert_waits(&s, 0);
		scene_end(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(deadlines),
		cmocka_unit_test(pending_creates_the_successor_after_reading_again),
		cmocka_unit_test(staging_names_the_successor),
		cmocka_unit_test(before_the_seal_the_end_of_the_pod_calls_off),
		cmocka_unit_test(sealed_without_its_pod_waits_for_the_claim),
		cmocka_unit_test(a_successor_that_is_gone_calls_off),
		cmocka_unit_test(a_twin_of_the_successor_is_not_it),
		cmocka_unit_test(a_destination_that_is_hacked_or_gone_calls_off),
		cmocka_unit_test(restoring_is_never_aborted_by_time),
		cmocka_unit_test(only_a_lost_node_ends_restoring),
		cmocka_unit_test(called_off_removes_the_successor),
		cmocka_unit_test(called_off_never_removes_another_pod),
		cmocka_unit_test(aborting_without_its_pod_fails),
		cmocka_unit_test(rollbacks),
		cmocka_unit_test(restarts),
		cmocka_unit_test(final_phases_and_deleted_escapes_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
