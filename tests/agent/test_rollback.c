/* SPDX-License-Identifier: Apache-2.0 */
/* The agent through whole rollbacks: learned, attacked, frozen, reported, answered by the operator; and what
 * may go wrong on the way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <api/report.h>
#include <base/cleanup.h>
#include <base/clock.h>
#include <base/str.h>
#include <stdio.h>
#include <string.h>

#include "world.h"

static char anomaly[API_UID_MAX];

static bool watched(struct world *w)
{
	(void)w;
	return fake_watch_only() && fake_watch_only()->mode != MONITOR_OFF;
}

static bool detecting(struct world *w)
{
	(void)w;
	return fake_watch_only() && fake_watch_only()->mode == MONITOR_DETECT;
}

static bool reported(struct world *w)
{
	auto_json struct json *r = world_get(w, &API_REPORTS, NULL, "node-a");
	const struct json *first = json_first(json_at(r, "status.anomalies"));

	str_copy(anomaly, sizeof(anomaly), json_str_at(first, "id", ""));
	return *anomaly && *json_str_at(first, "frozenAt", "");
}

static bool reports_safe(struct world *w)
{
	auto_json struct json *r = world_get(w, &API_REPORTS, NULL, "node-a");

	return *json_str_at(json_first(json_at(r, "status.containers")), "safeGeneration", "") != '\0';
}

static bool succeeded(struct world *w)
{
	return world_phase_is(w, "x", PHASE_SUCCEEDED);
}

static bool failed(struct world *w)
{
	return world_phase_is(w, "x", PHASE_FAILED);
}

/* A guarded container with a profile, and snapshots that the agent knows. */
static void begin(struct world *w, bool snapshots)
{
	world_keeper(w, &w->keeper, "c1", "prey", POD_UID, KEEPER_CREATED);
	world_begin(w);
	world_until(w, watched, "a watch");
	assert_int_equal(fake_watch_only()->mode, MONITOR_LEARN);
	assert_int_equal(fake_watch_only()->marked_pid, w->keeper.reply.init_pid);
	fake_keeper_state(&w->keeper, KEEPER_RUNNING);
	fake_watch_only()->bags[0] = 7;
	fake_watch_only()->n_bags = 1;
	fake_watch_only()->stats = (struct monitor_stats){
		.epochs = 25, .quiet_epochs = 3, .bags = 1, .scored = MONITOR_FUSED_EPOCHS_MIN};
	world_until(w, detecting, "the end of learning");
	if (snapshots)
		world_until(w, reports_safe, "the snapshots");
}

static void attack(struct world *w)
{
	fake_verdict(fake_watch_only(), 6);
	/* Before anything else can happen. */
	assert_true(fake_freezer_frozen());
	world_until(w, reported, "the anomaly in the report");
	assert_int_equal(w->keeper.reply.state, KEEPER_FROZEN);
}

static void escape_create(struct world *w)
{
	char text[512];

	snprintf(text, sizeof(text),
		"{'metadata':{'name':'x','uid':'e-1','creationTimestamp':'2026-01-01T00:00:00Z'},'spec':{'"
		"kind':'Rollback','policy':'guard',"
		"'podName':'prey','podUID':'%s','container':'app','sourceNode':'node-a','reason':'Alarm','"
		"anomaly':'%s'}}",
		POD_UID, anomaly);
	world_create(w, &API_ESCAPES, "default", text);
}

static void alarm_file(const struct world *w, char dst[static 256])
{
	str_fmt(dst, 256, "%s/c1/alarm", w->containers);
}

static bool published(struct world *w)
{
	return world_count(w, &API_PROFILES) == 1;
}

static void test_learned_profile_is_published(void **state)
{
	struct world *w = *state;
	auto_json struct json *r = NULL;

	begin(w, false);
	world_until(w, published, "the profile");
	/* Its own bags serve at once; other replicas find them at the API server. */
	world_restart(w);
	world_until(w, detecting, "the published profile");
	assert_int_equal(fake_watch_only()->n_bags, 1);
	assert_int_equal(fake_watch_only()->bags[0], 7);
	r = world_get(w, &API_REPORTS, NULL, "node-a");
	assert_non_null(r);
}

/* Pairs, triples and thresholds travel with the bags, and the alarm says what raised it. */
static void test_fused_profile_travels(void **state)
{
	struct world *w = *state;
	auto_json struct json *r = NULL;

	world_keeper(w, &w->keeper, "c1", "prey", POD_UID, KEEPER_RUNNING);
	world_begin(w);
	world_until(w, watched, "a watch");
	assert_int_equal(fake_watch_only()->params.detector, MONITOR_FUSED);
	fake_watch_only()->n_bags = 1;
	fake_watch_only()->fused.known.pairs[3] = 5;
	fake_watch_only()->fused.known.triples[4095] = 6;
	fake_watch_only()->fused.graded = 71;
	fake_watch_only()->fused.bosc = 21;
	fake_watch_only()->stats = (struct monitor_stats){
		.epochs = 50, .quiet_epochs = 30, .bags = 1, .scored = MONITOR_FUSED_EPOCHS_MIN};
	world_until(w, published, "the profile");
	world_restart(w);
	world_until(w, detecting, "the published profile");
	assert_int_equal(fake_watch_only()->fused.known.pairs[3], 5);
	assert_int_equal(fake_watch_only()->fused.known.triples[4095], 6);
	assert_int_equal(fake_watch_only()->fused.graded, 71);
	assert_int_equal(fake_watch_only()->fused.bosc, 21);
	attack(w);
	r = world_get(w, &API_REPORTS, NULL, "node-a");
	assert_string_equal(json_str_at(json_first(json_at(r, "status.anomalies")), "detector", ""), "Fused");
}

static void test_rolled_back(void **state)
{
	struct world *w = *state;
	auto_json struct json *x = NULL;
	char old[STORAGE_GENERATION_MAX], older[STORAGE_GENERATION_MAX], young[STORAGE_GENERATION_MAX],
		path[256];

	world_snapshot(w, POD_UID, 60000, older);
	world_snapshot(w, POD_UID, 30000, old);
	begin(w, true);
	world_snapshot(w, POD_UID, 500, young);
	attack(w);
	alarm_file(w, path);
	assert_int_equal(access(path, F_OK), 0);
	escape_create(w);
	world_until(w, succeeded, "the rollback");
	/* The newest that was safe; the container has the life it had then, and is watched again. */
	assert_int_equal(w->keeper.orders[KEEPER_RESTORE], 1);
	assert_non_null(strstr(w->keeper.order.dir, old));
	assert_int_equal(w->keeper.order.flags & KEEPER_F_TCP_ESTABLISHED, 0);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(fake_watch_only()->marked_pid, w->keeper.reply.init_pid);
	assert_int_equal(fake_watch_only()->mode, MONITOR_DETECT);
	x = world_get(w, &API_ESCAPES, "default", "x");
	assert_string_equal(json_str_at(x, "status.generation", ""), old);
	assert_true(json_len(json_at(x, "status.steps")) >= 4);
	assert_int_equal(fake_api_events(w->api, "AttackDetected"), 1);
	assert_true(fake_api_event_says(w->api, "AttackDetected",
		"Container app: 240 % of what is allowed, 6 mismatches (threshold 5) in epoch 42, by sh, pid "
		"17"));
	assert_true(fake_api_event_says(w->api, "AttackDetected", "pair socket, connect (sh, pid 17)"));
	assert_int_equal(fake_api_events(w->api, "Frozen"), 1);
	assert_int_equal(fake_api_events(w->api, "RolledBack"), 1);
	/* A second alarm is a second anomaly. */
	fake_verdict(fake_watch_only(), 9);
	assert_int_equal(access(path, F_OK), 0);
}

static void test_altered_snapshot_is_not_used(void **state)
{
	struct world *w = *state;
	auto_json struct json *x = NULL;
	char old[STORAGE_GENERATION_MAX], older[STORAGE_GENERATION_MAX];

	world_snapshot(w, POD_UID, 60000, older);
	world_snapshot(w, POD_UID, 30000, old);
	world_spoil(w, POD_UID, old);
	begin(w, true);
	attack(w);
	escape_create(w);
	world_until(w, succeeded, "the rollback");
	assert_int_equal(w->keeper.orders[KEEPER_RESTORE], 1);
	assert_non_null(strstr(w->keeper.order.dir, older));
	x = world_get(w, &API_ESCAPES, "default", "x");
	assert_non_null(strstr(json_str_at(x, "status.message", ""), "DumpAltered"));
	assert_non_null(strstr(json_str_at(x, "status.message", ""), old));
}

static void test_no_safe_snapshot(void **state)
{
	struct world *w = *state;
	auto_json struct json *x = NULL;

	begin(w, false);
	attack(w);
	escape_create(w);
	world_until(w, failed, "the failure");
	assert_int_equal(w->keeper.orders[KEEPER_RESTORE], 0);
	assert_int_equal(w->keeper.orders[KEEPER_KILL], 1);
	x = world_get(w, &API_ESCAPES, "default", "x");
	assert_string_equal(json_str_at(x, "status.reason", ""), "NoSafeSnapshot");
}

static void test_failed_restore_is_said(void **state)
{
	struct world *w = *state;
	auto_json struct json *x = NULL;
	char old[STORAGE_GENERATION_MAX];

	world_snapshot(w, POD_UID, 30000, old);
	begin(w, true);
	attack(w);
	w->keeper.fail_reason = "RestoreFailed";
	w->keeper.fail_ends = true;
	escape_create(w);
	world_until(w, failed, "the failure");
	x = world_get(w, &API_ESCAPES, "default", "x");
	assert_string_equal(json_str_at(x, "status.reason", ""), "RestoreFailed");
}

static bool restoring(struct world *w)
{
	return w->keeper.slow.verb == KEEPER_RESTORE && w->keeper.slow.seq;
}

/* Killed between its order and the answer: the next agent asks again, and nothing is done twice. */
static void test_agent_restarts_in_the_middle(void **state)
{
	struct world *w = *state;
	char old[STORAGE_GENERATION_MAX];

	world_snapshot(w, POD_UID, 30000, old);
	begin(w, true);
	attack(w);
	w->keeper.manner = FAKE_SLOW;
	escape_create(w);
	world_until(w, restoring, "the order");
	world_restart(w);
	w->keeper.reply.state = KEEPER_FROZEN;
	fake_keeper_answer(&w->keeper);
	world_until(w, succeeded, "the rollback");
	assert_int_equal(w->keeper.orders[KEEPER_RESTORE], 1);
	assert_int_equal(w->keeper.received[KEEPER_RESTORE], 2);
}

/* What was not normal, by whom and since when is in the report. */
static void assert_proved(struct world *w)
{
	auto_json struct json *r = world_get(w, &API_REPORTS, NULL, "node-a");
	const struct json *a = json_first(json_at(r, "status.anomalies"));
	const struct json *f = json_first(json_at(a, "findings"));
	int64_t first, detected;

	assert_int_equal(json_int_at(a, "scorePercent", 0), 240);
	assert_int_equal(json_int_at(a, "pid", 0), 17);
	assert_string_equal(json_str_at(a, "comm", ""), "sh");
	assert_non_null(strstr(json_str_at(a, "executable", ""), "test_agent_rollback"));
	assert_int_equal(clock_parse(json_str_at(a, "firstMismatchAt", ""), &first), 0);
	assert_int_equal(clock_parse(json_str_at(a, "detectedAt", ""), &detected), 0);
	assert_int_equal(detected - first, 2);
	assert_int_equal(json_len(json_at(a, "findings")), 2);
	assert_string_equal(json_str_at(f, "kind", ""), "Bag");
	assert_string_equal(json_str_at(json_first(json_member(f, "calls")), "name", ""), "socket");
	assert_int_equal(json_int_at(json_first(json_member(f, "calls")), "times", 0), 2);
}

/* An alarm outlives the agent that raised it. */
static void test_alarm_is_taken_up_again(void **state)
{
	struct world *w = *state;
	char before[API_UID_MAX], old[STORAGE_GENERATION_MAX];

	world_snapshot(w, POD_UID, 30000, old);
	begin(w, true);
	attack(w);
	str_copy(before, sizeof(before), anomaly);
	assert_proved(w);
	world_restart(w);
	world_until(w, watched, "the watch");
	world_until(w, reported, "the anomaly");
	assert_proved(w);
	assert_string_equal(anomaly, before);
	escape_create(w);
	world_until(w, succeeded, "the rollback");
}

static bool found_frozen(struct world *w)
{
	auto_json struct json *r = world_get(w, &API_REPORTS, NULL, "node-a");

	return str_eq(json_str_at(json_first(json_at(r, "status.anomalies")), "detector", ""), "FoundFrozen");
}

static void test_found_frozen(void **state)
{
	struct world *w = *state;

	world_keeper(w, &w->keeper, "c1", "prey", POD_UID, KEEPER_FROZEN);
	world_begin(w);
	world_until(w, found_frozen, "the alarm");
}

static bool rolled_back_alone(struct world *w)
{
	return w->keeper.orders[KEEPER_RESTORE] == 1 && w->keeper.reply.state == KEEPER_RUNNING;
}

static void test_nobody_answers(void **state)
{
	struct world *w = *state;
	auto_json struct json *x = NULL;
	char old[STORAGE_GENERATION_MAX];

	world_snapshot(w, POD_UID, 30000, old);
	begin(w, true);
	fake_api_cut(w->api, true);
	fake_verdict(fake_watch_only(), 6);
	assert_true(fake_freezer_frozen());
	world_until(w, rolled_back_alone, "the agent's own rollback");
	/* The operator's late answer finds it done, and does it no second time. */
	fake_api_cut(w->api, false);
	world_until(w, reported, "the anomaly in the report");
	escape_create(w);
	world_until(w, succeeded, "the Escape");
	assert_int_equal(w->keeper.orders[KEEPER_RESTORE], 1);
	x = world_get(w, &API_ESCAPES, "default", "x");
	assert_string_equal(json_str_at(x, "status.reason", ""), "RolledBackLocally");
}

static void test_observe_does_not_freeze(void **state)
{
	struct world *w = *state;

	begin(w, false);
	world_patch(w, &API_POLICIES, "default", "guard", NULL, "{'spec':{'detection':{'mode':'Observe'}}}");
	for (int i = 0; i < 20; i++)
		loop_turn(w->loop, false);
	world_until(w, detecting, "the watch");
	fake_verdict(fake_watch_only(), 6);
	assert_false(fake_freezer_frozen());
	assert_int_equal(w->keeper.orders[KEEPER_FREEZE], 0);
}

static bool snapshot_taken(struct world *w)
{
	return w->keeper.orders[KEEPER_SNAPSHOT] > 0 && reports_safe(w);
}

static void test_periodic_snapshot(void **state)
{
	struct world *w = *state;

	begin(w, false);
	world_until(w, snapshot_taken, "a snapshot that is safe");
	assert_int_equal(w->keeper.order.flags, 0);
	assert_int_equal(fake_watch_only()->mode, MONITOR_DETECT);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_learned_profile_is_published),
		CASE(test_fused_profile_travels),
		CASE(test_rolled_back),
		CASE(test_altered_snapshot_is_not_used),
		CASE(test_no_safe_snapshot),
		CASE(test_failed_restore_is_said),
		CASE(test_agent_restarts_in_the_middle),
		CASE(test_alarm_is_taken_up_again),
		CASE(test_found_frozen),
		CASE(test_nobody_answers),
		CASE(test_observe_does_not_freeze),
		CASE(test_periodic_snapshot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
