/* SPDX-License-Identifier: Apache-2.0 */
/* The agent as source and as destination of moves: in order, called off, interrupted, lied to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <base/cleanup.h>
#include <base/clock.h>
#include <base/str.h>
#include <stdio.h>
#include <string.h>

#include "world.h"

static struct fake_keeper successor;

static bool detecting_or_learning(struct world *w)
{
	(void)w;
	return fake_watch_only() && fake_watch_only()->mode != MONITOR_OFF;
}

static void move_create(struct world *w, const char *from, const char *to, const char *state)
{
	char text[800], created[CLOCK_RFC3339_MAX];

	clock_format(clock_wall_ms(), created);
	snprintf(text, sizeof(text),
		"{'metadata':{'name':'x','uid':'e-1','creationTimestamp':'%s'},'spec':{'kind':'Move','policy'"
		":'guard','podName':'prey',"
		"'podUID':'%s','sourceNode':'%s','destinationNode':'%s','successor':'prey-2','state':'%s','"
		"network':'Address',"
		"'addresses':['10.244.1.5'],'reason':'NodeHacked'}}",
		created, POD_UID, from, to, state);
	world_create(w, &API_ESCAPES, "default", text);
}

static void phase_set(struct world *w, const char *phase)
{
	char text[200];

	snprintf(text, sizeof(text), "{'status':{'phase':'%s','successorUID':'%s'}}", phase, SUCCESSOR_UID);
	world_patch(w, &API_ESCAPES, "default", "x", "status", text);
}

static bool staged(struct world *w)
{
	return world_phase_is(w, "x", PHASE_STAGED);
}

static bool sealed(struct world *w)
{
	return world_phase_is(w, "x", PHASE_SEALED);
}

static bool restored(struct world *w)
{
	return world_phase_is(w, "x", PHASE_RESTORED);
}

static bool aborting(struct world *w)
{
	return world_phase_is(w, "x", PHASE_ABORTING);
}

static bool aborted(struct world *w)
{
	return world_phase_is(w, "x", PHASE_ABORTED);
}

/* --- the source --- */

static void source_begin(struct world *w, const char *state)
{
	world_keeper(w, &w->keeper, "c1", "prey", POD_UID, KEEPER_RUNNING);
	world_begin(w);
	world_until(w, detecting_or_learning, "a watch");
	move_create(w, "node-a", "node-b", state);
}

static void test_live_is_sealed(void **state)
{
	struct world *w = *state;
	auto_json struct json *x = NULL;

	source_begin(w, "Live");
	phase_set(w, "Staged");
	world_until(w, sealed, "the seal");
	x = world_get(w, &API_ESCAPES, "default", "x");
	assert_true(world_has_dump(w, POD_UID, json_str_at(x, "status.generation", "")));
	assert_int_equal(w->keeper.orders[KEEPER_SNAPSHOT], 1);
	assert_int_equal(w->keeper.order.flags, KEEPER_F_KEEP_FROZEN | KEEPER_F_NET_LOCKED);
	assert_int_equal(w->keeper.reply.state, KEEPER_FROZEN);
	assert_true(world_fenced(w, POD_UID));
	assert_non_null(strstr(fake_net_log(), "cut:99990000"));
	assert_non_null(strstr(fake_net_log(), "reserve:10.244.1.5"));
	assert_null(strstr(fake_net_log(), "heal"));
	assert_null(strstr(fake_net_log(), "reset"));
	/* Its claim elsewhere routes the address there, and thaws nothing here. */
	phase_set(w, "Restoring");
	while (!strstr(fake_net_log(), "routes:10.244.1.5>10.0.0.2"))
		loop_turn(w->loop, true);
	assert_int_equal(w->keeper.orders[KEEPER_THAW], 0);
	assert_true(world_fenced(w, POD_UID));
}

static void test_live_is_called_off(void **state)
{
	struct world *w = *state;
	char generation[STORAGE_GENERATION_MAX];
	auto_json struct json *x = NULL;

	source_begin(w, "Live");
	phase_set(w, "Staged");
	world_until(w, sealed, "the seal");
	x = world_get(w, &API_ESCAPES, "default", "x");
	str_copy(generation, sizeof(generation), json_str_at(x, "status.generation", ""));
	phase_set(w, "Aborting");
	world_until(w, aborted, "the abort");
	assert_int_equal(w->keeper.reply.state, KEEPER_RUNNING);
	assert_false(fake_freezer_frozen());
	assert_false(world_fenced(w, POD_UID));
	assert_non_null(strstr(fake_net_log(), "heal:99990000"));
	/* What was sealed is older than the pod that runs on. */
	while (world_has_dump(w, POD_UID, generation))
		loop_turn(w->loop, true);
}

/* The operator calls it off while the dump is being taken: its word stands, and the pod goes on. */
static void test_called_off_while_dumping(void **state)
{
	struct world *w = *state;

	source_begin(w, "Live");
	w->keeper.manner = FAKE_SLOW;
	phase_set(w, "Staged");
	while (!w->keeper.slow.seq)
		loop_turn(w->loop, true);
	phase_set(w, "Aborting");
	w->keeper.reply.state = KEEPER_RUNNING;
	fake_keeper_answer(&w->keeper);
	world_until(w, aborted, "the abort");
	assert_int_equal(w->keeper.reply.state, KEEPER_RUNNING);
	assert_false(world_fenced(w, POD_UID));
}

static void test_dump_fails(void **state)
{
	struct world *w = *state;
	auto_json struct json *x = NULL;

	source_begin(w, "Live");
	w->keeper.fail_reason = "DumpFailed";
	phase_set(w, "Staged");
	/* Given up, undone, and said why. */
	world_until(w, aborted, "the abort");
	x = world_get(w, &API_ESCAPES, "default", "x");
	assert_string_equal(json_str_at(x, "status.reason", ""), "DumpFailed");
	assert_int_equal(w->keeper.reply.state, KEEPER_RUNNING);
	assert_false(world_fenced(w, POD_UID));
	assert_non_null(strstr(fake_net_log(), "heal"));
}

static void test_exec_in_the_way(void **state)
{
	struct world *w = *state;

	source_begin(w, "Live");
	w->keeper.fail_reason = "BusyExec";
	phase_set(w, "Staged");
	world_until(w, sealed, "the seal, at the second try");
	assert_int_equal(w->keeper.orders[KEEPER_SNAPSHOT], 2);
	assert_true(w->keeper.orders[KEEPER_THAW] >= 1);
	assert_int_equal(w->keeper.reply.state, KEEPER_FROZEN);
	assert_true(world_fenced(w, POD_UID));
}

static void test_source_restarts_while_dumping(void **state)
{
	struct world *w = *state;

	source_begin(w, "Live");
	w->keeper.manner = FAKE_SLOW;
	phase_set(w, "Staged");
	while (!w->keeper.slow.seq)
		loop_turn(w->loop, true);
	world_restart(w);
	/* The keeper has gone on dumping for the agent that is no more. */
	w->keeper.manner = FAKE_GOOD;
	w->keeper.slow.seq = 0;
	fake_keeper_state(&w->keeper, KEEPER_FROZEN);
	world_until(w, sealed, "the seal");
	assert_int_equal(w->keeper.reply.state, KEEPER_FROZEN);
}

static void test_last_safe_is_sealed(void **state)
{
	struct world *w = *state;
	char old[STORAGE_GENERATION_MAX];
	auto_json struct json *x = NULL;

	world_snapshot(w, POD_UID, 30000, old);
	source_begin(w, "LastSafe");
	phase_set(w, "Staged");
	world_until(w, sealed, "the seal");
	x = world_get(w, &API_ESCAPES, "default", "x");
	assert_string_equal(json_str_at(x, "status.generation", ""), old);
	assert_non_null(strstr(fake_net_log(), "reset:99990000 cut:99990000"));
	assert_int_equal(w->keeper.orders[KEEPER_SNAPSHOT], 0);
	assert_int_equal(w->keeper.reply.state, KEEPER_FROZEN);
	assert_true(world_fenced(w, POD_UID));
}

static void test_last_safe_is_called_off(void **state)
{
	struct world *w = *state;
	char old[STORAGE_GENERATION_MAX];

	world_snapshot(w, POD_UID, 30000, old);
	world_keeper(w, &w->keeper, "c1", "prey", POD_UID, KEEPER_CREATED);
	world_begin(w);
	world_until(w, detecting_or_learning, "a watch");
	fake_keeper_state(&w->keeper, KEEPER_RUNNING);
	while (!fake_watch_only())
		loop_turn(w->loop, true);
	for (int i = 0; i < 20; i++)
		loop_turn(w->loop, false);
	fake_verdict(fake_watch_only(), 9);
	move_create(w, "node-a", "node-b", "LastSafe");
	phase_set(w, "Staged");
	world_until(w, sealed, "the seal");
	phase_set(w, "Aborting");
	world_until(w, aborted, "the abort");
	/* Never thawed as it was: rolled back. */
	assert_int_equal(w->keeper.orders[KEEPER_THAW], 0);
	assert_int_equal(w->keeper.orders[KEEPER_RESTORE], 1);
	assert_int_equal(w->keeper.reply.state, KEEPER_RUNNING);
	assert_false(world_fenced(w, POD_UID));
}

/* --- the destination --- */

static void successor_pod(struct world *w)
{
	world_create(w, &KUBE_PODS, "default",
		"{'metadata':{'name':'prey-2','uid':'" SUCCESSOR_UID
		"','annotations':{'escape.dev/escape':'x'}},'spec':{'nodeName':'node-a',"
		"'runtimeClassName':'escape','initContainers':[{'name':'prepare','image':'local/"
		"prey:1'}],'containers':[{'name':'app',"
		"'image':'local/prey:1'}]},'status':{'phase':'Pending'}}");
}

static void successor_held(struct world *w, const char *id, const char *container)
{
	world_keeper(w, &successor, id, "prey-2", SUCCESSOR_UID, KEEPER_HELD);
	str_copy(successor.reply.escape, sizeof(successor.reply.escape), "x");
	str_copy(successor.reply.container, sizeof(successor.reply.container), container);
	successor.reply.successor = 1;
}

static void dest_begin(struct world *w, const char *state)
{
	world_begin(w);
	move_create(w, "node-b", "node-a", state);
	phase_set(w, "Staging");
	successor_pod(w);
	successor_held(w, "c2", "app");
	world_until(w, staged, "the stage");
}

static void seal(struct world *w, const char *generation)
{
	char text[200];

	snprintf(text, sizeof(text), "{'status':{'phase':'Sealed','generation':'%s'}}", generation);
	world_patch(w, &API_ESCAPES, "default", "x", "status", text);
}

static size_t place_of(const char *call)
{
	const char *at = strstr(fake_net_log(), call);

	return at ? (size_t)(at - fake_net_log()) + 1 : 0;
}

static void test_taken_over(void **state)
{
	struct world *w = *state;
	char generation[STORAGE_GENERATION_MAX];

	dest_begin(w, "Live");
	/* The address is there, but nobody can reach it before its sockets are. */
	assert_true(place_of("address:10.244.1.5") > 0);
	assert_true(place_of("cut") > place_of("address"));
	assert_int_equal(place_of("heal"), 0);
	world_snapshot(w, POD_UID, 100, generation);
	seal(w, generation);
	world_until(w, restored, "the restore");
	assert_int_equal(successor.orders[KEEPER_RESTORE], 1);
	assert_int_equal(successor.order.flags, KEEPER_F_TCP_ESTABLISHED);
	assert_non_null(strstr(successor.order.dir, POD_UID));
	assert_true(place_of("heal") > place_of("cut"));
	assert_true(place_of("announce:10.244.1.5") > place_of("heal"));
	assert_true(place_of("routes:10.244.1.5>cni0") > 0);
	assert_int_equal(fake_api_events(w->api, "Moved"), 1);
	fake_keeper_stop(&successor);
}

static void test_init_container_is_skipped(void **state)
{
	struct world *w = *state;

	world_begin(w);
	move_create(w, "node-b", "node-a", "Live");
	phase_set(w, "Staging");
	successor_pod(w);
	successor_held(w, "c3", "prepare");
	while (!successor.orders[KEEPER_SKIP])
		loop_turn(w->loop, true);
	assert_true(world_phase_is(w, "x", PHASE_STAGING));
	fake_keeper_stop(&successor);
}

static void test_altered_dump_is_refused(void **state)
{
	struct world *w = *state;
	char generation[STORAGE_GENERATION_MAX];
	auto_json struct json *x = NULL;

	dest_begin(w, "Live");
	world_snapshot(w, POD_UID, 100, generation);
	world_spoil(w, POD_UID, generation);
	seal(w, generation);
	world_until(w, aborting, "the abort");
	x = world_get(w, &API_ESCAPES, "default", "x");
	assert_string_equal(json_str_at(x, "status.reason", ""), "DumpAltered");
	assert_int_equal(successor.orders[KEEPER_RESTORE], 0);
	/* And its start fails with a reason that kubelet shows. */
	while (!successor.orders[KEEPER_REFUSE])
		loop_turn(w->loop, true);
	assert_non_null(strstr(successor.order.text, "DumpAltered"));
	fake_keeper_stop(&successor);
}

static void test_restore_fails(void **state)
{
	struct world *w = *state;
	char generation[STORAGE_GENERATION_MAX];
	auto_json struct json *x = NULL;

	dest_begin(w, "Live");
	world_snapshot(w, POD_UID, 100, generation);
	successor.fail_reason = "RestoreFailed";
	successor.fail_ends = true;
	seal(w, generation);
	world_until(w, aborting, "the abort");
	x = world_get(w, &API_ESCAPES, "default", "x");
	assert_string_equal(json_str_at(x, "status.reason", ""), "RestoreFailed");
	assert_int_equal(place_of("heal"), 0);
	fake_keeper_stop(&successor);
}

static void test_destination_restarts_while_restoring(void **state)
{
	struct world *w = *state;
	char generation[STORAGE_GENERATION_MAX];

	dest_begin(w, "Live");
	world_snapshot(w, POD_UID, 100, generation);
	successor.manner = FAKE_SLOW;
	seal(w, generation);
	while (!successor.slow.seq)
		loop_turn(w->loop, true);
	assert_true(world_phase_is(w, "x", PHASE_RESTORING));
	world_restart(w);
	/* Restored for the agent that is no more; the next one sees it and goes on with the network. */
	successor.manner = FAKE_GOOD;
	successor.slow.seq = 0;
	successor.reply.rollbacks = 1;
	fake_keeper_state(&successor, KEEPER_RUNNING);
	world_until(w, restored, "the restore");
	assert_int_equal(successor.orders[KEEPER_RESTORE], 0);
	assert_true(place_of("heal") > 0);
	assert_true(place_of("announce") > 0);
	fake_keeper_stop(&successor);
}

static struct fake_keeper second;

/* kubelet starts the second container once the first one's start has returned. */
static void two_begin(struct world *w, char generation[static STORAGE_GENERATION_MAX])
{
	world_begin(w);
	move_create(w, "node-b", "node-a", "Live");
	phase_set(w, "Staging");
	world_create(w, &KUBE_PODS, "default",
		"{'metadata':{'name':'prey-2','uid':'" SUCCESSOR_UID
		"','annotations':{'escape.dev/escape':'x'}},'spec':{"
		"'nodeName':'node-a','containers':[{'name':'app','image':'local/"
		"prey:1'},{'name':'side','image':'local/prey:1'}]},"
		"'status':{'phase':'Pending'}}");
	successor_held(w, "c2", "app");
	world_until(w, staged, "the stage");
	world_snapshot(w, POD_UID, 100, generation);
	world_snapshot_also(w, POD_UID, "side", generation);
	seal(w, generation);
	while (successor.reply.state != KEEPER_RUNNING)
		loop_turn(w->loop, true);
	for (int i = 0; i < 50; i++)
		loop_turn(w->loop, false);
	assert_true(world_phase_is(w, "x", PHASE_RESTORING));
	assert_int_equal(place_of("heal"), 0);
	world_keeper(w, &second, "c6", "prey-2", SUCCESSOR_UID, KEEPER_HELD);
	str_copy(second.reply.escape, sizeof(second.reply.escape), "x");
	str_copy(second.reply.container, sizeof(second.reply.container), "side");
	second.reply.successor = 1;
}

static void test_two_containers(void **state)
{
	struct world *w = *state;
	char generation[STORAGE_GENERATION_MAX];

	two_begin(w, generation);
	world_until(w, restored, "both restored");
	assert_int_equal(successor.orders[KEEPER_RESTORE], 1);
	assert_int_equal(second.orders[KEEPER_RESTORE], 1);
	assert_true(place_of("heal") > 0);
	fake_keeper_stop(&successor);
	fake_keeper_stop(&second);
}

/* Before the source may thaw, what was restored already must have ended. */
static void test_second_container_fails(void **state)
{
	struct world *w = *state;
	char generation[STORAGE_GENERATION_MAX];

	two_begin(w, generation);
	second.fail_reason = "RestoreFailed";
	second.fail_ends = true;
	world_until(w, aborting, "the abort");
	assert_int_equal(successor.orders[KEEPER_KILL], 1);
	assert_int_equal(successor.reply.state, KEEPER_ENDED);
	assert_int_equal(place_of("heal"), 0);
	fake_keeper_stop(&successor);
	fake_keeper_stop(&second);
}

static void test_forged_annotation_gains_nothing(void **state)
{
	struct world *w = *state;

	world_begin(w);
	move_create(w, "node-b", "node-a", "Live");
	phase_set(w, "Staging");
	world_create(w, &KUBE_PODS, "default",
		"{'metadata':{'name':'thief','uid':'33333333-cccc','annotations':{'escape.dev/"
		"escape':'x'}},'spec':{'nodeName':'node-a',"
		"'containers':[{'name':'app','image':'i'}]},'status':{'phase':'Pending'}}");
	world_keeper(w, &successor, "c4", "thief", "33333333-cccc", KEEPER_HELD);
	str_copy(successor.reply.escape, sizeof(successor.reply.escape), "x");
	while (!successor.orders[KEEPER_RELEASE])
		loop_turn(w->loop, true);
	assert_int_equal(successor.orders[KEEPER_RESTORE], 0);
	fake_keeper_stop(&successor);
}

static void test_annotation_of_no_escape(void **state)
{
	struct world *w = *state;

	world_begin(w);
	world_keeper(w, &successor, "c5", "lost", "44444444-dddd", KEEPER_HELD);
	str_copy(successor.reply.escape, sizeof(successor.reply.escape), "nowhere");
	while (!successor.orders[KEEPER_RELEASE])
		loop_turn(w->loop, true);
	fake_keeper_stop(&successor);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_live_is_sealed),
		CASE(test_live_is_called_off),
		CASE(test_called_off_while_dumping),
		CASE(test_dump_fails),
		CASE(test_exec_in_the_way),
		CASE(test_source_restarts_while_dumping),
		CASE(test_last_safe_is_sealed),
		CASE(test_last_safe_is_called_off),
		CASE(test_taken_over),
		CASE(test_init_container_is_skipped),
		CASE(test_altered_dump_is_refused),
		CASE(test_restore_fails),
		CASE(test_destination_restarts_while_restoring),
		CASE(test_two_containers),
		CASE(test_second_container_fails),
		CASE(test_forged_annotation_gains_nothing),
		CASE(test_annotation_of_no_escape),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
