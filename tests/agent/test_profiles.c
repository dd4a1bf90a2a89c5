/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a profile as the agent takes part in it: of which image it is, from Git, held, approved, thrown
 * away, learned again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <api/profile.h>
#include <base/cleanup.h>
#include <base/str.h>
#include <stdio.h>
#include <string.h>

#include "world.h"

static char name[API_NAME_MAX];

static bool mode_is(enum monitor_mode m)
{
	return fake_watch_only() && fake_watch_only()->mode == m;
}

static bool learning(struct world *w)
{
	(void)w;
	return mode_is(MONITOR_LEARN);
}

static bool learns_anew(struct world *w)
{
	return learning(w) && !fake_watch_only()->stats.epochs;
}

static bool detecting(struct world *w)
{
	(void)w;
	return mode_is(MONITOR_DETECT);
}

static bool stands_still(struct world *w)
{
	(void)w;
	return mode_is(MONITOR_OFF);
}

static bool state_is(struct world *w, enum profile_state s)
{
	auto_json struct json *p = world_get(w, &API_PROFILES, "default", name);

	return str_eq(json_str_at(p, "spec.state", ""), PROFILE_STATE_NAMES[s]);
}

static bool is_held(struct world *w)
{
	return state_is(w, PROFILE_HELD);
}

static bool is_ready(struct world *w)
{
	return state_is(w, PROFILE_READY);
}

static bool is_learning(struct world *w)
{
	return state_is(w, PROFILE_LEARNING);
}

static void name_of(const char *image)
{
	assert_int_equal(profile_name(name, "prey", "app", image, 10, 500), 0);
}

static void begin(struct world *w)
{
	name_of("sha256:1");
	world_keeper(w, &w->keeper, "c1", "prey", POD_UID, KEEPER_RUNNING);
	world_begin(w);
	world_until(w, learning, "a watch that learns");
}

static void learned_some(uint64_t epochs, uint64_t quiet)
{
	struct fake_watch *f = fake_watch_only();

	f->bags[0] = 7;
	f->n_bags = 1;
	f->stats.bags = 1;
	f->stats.epochs = epochs;
	f->stats.quiet_epochs = quiet;
	f->stats.scored = epochs;
}

static void profile_create(struct world *w, const char *state, const char *image)
{
	char text[1024];

	snprintf(text, sizeof(text),
		"{'metadata':{'name':'%s'},'spec':{'workload':'prey','container':'app','image':'%s','"
		"windowSize':"
		"10,'epochSize':500,'state':'%s','bags':'AQEDAAByAA==','bagCount':3,'pairs':'AQABAAAF',"
		"'triples':'AQEDAAByAA==','tasks':9,'thresholds':{'graded':71,'bosc':21}}}",
		name, image, state);
	world_create(w, &API_PROFILES, "default", text);
}

static void assert_loaded(void)
{
	const struct fake_watch *f = fake_watch_only();

	assert_int_equal(f->n_bags, 3);
	assert_int_equal(f->bags[2], 9);
	assert_int_equal(f->fused.graded, 71);
	assert_int_equal(f->fused.bosc, 21);
	assert_true(graded_bit(f->fused.known.pairs, 1));
}

static void test_from_git(void **state)
{
	struct world *w = *state;

	begin(w);
	profile_create(w, "Ready", "sha256:1");
	world_until(w, detecting, "the profile to be used");
	assert_loaded();
}

/* It is whole, and of this very image: only nobody used it for a while. */
static void test_stale_is_used_again(void **state)
{
	struct world *w = *state;

	begin(w);
	profile_create(w, "Stale", "sha256:1");
	world_until(w, detecting, "the profile to be used");
	assert_loaded();
}

static void test_other_image_is_learned_beside(void **state)
{
	struct world *w = *state;

	begin(w);
	/* By its name it would be this container's. */
	profile_create(w, "Ready", "sha256:2");
	learned_some(25, 3);
	for (int i = 0; i < 20; i++)
		loop_turn(w->loop, true);
	assert_int_equal(fake_watch_only()->mode, MONITOR_LEARN);
	world_delete(w, &API_PROFILES, "default", name);
	world_until(w, learns_anew, "a new watch");
	learned_some(25, 3);
	world_until(w, detecting, "the end of learning");
	assert_true(is_ready(w));
}

static void test_image_is_waited_for(void **state)
{
	struct world *w = *state;

	name_of("sha256:77");
	world_keeper(w, &w->keeper, "c9", "prey", POD_UID, KEEPER_RUNNING);
	world_begin(w);
	world_until(w, learning, "a watch that learns");
	learned_some(25, 3);
	/* The status still is the one of the container before. */
	for (int i = 0; i < 100; i++)
		loop_turn(w->loop, true);
	assert_int_equal(world_count(w, &API_PROFILES), 0);
	world_patch(w, &KUBE_PODS, "default", "prey", "status",
		"{'status':{'containerStatuses':[{'name':'app','containerID':'containerd://"
		"c9','imageID':'sha256:77'}]}}");
	world_until(w, detecting, "the end of learning");
	assert_true(is_ready(w));
}

static bool several(struct world *w)
{
	auto_json struct json *p = world_get(w, &API_PROFILES, "default", name);

	return json_int_at(p, "spec.epochs", 0) >= 8;
}

/* Epochs of before a restart of the agent are not lost. */
static void test_learning_goes_on_after_a_restart(void **state)
{
	struct world *w = *state;

	begin(w);
	learned_some(7, 0);
	world_until(w, several, "a first contribution");
	assert_true(is_learning(w));
	world_restart(w);
	world_until(w, learning, "a watch that learns again");
	learned_some(22, 20);
	world_until(w, detecting, "the end of learning");
	assert_true(is_ready(w));
}

static void held(struct world *w)
{
	auto_json struct json *p = NULL;

	begin(w);
	learned_some(7, 0);
	world_until(w, several, "a first contribution");
	fake_watch_only()->outside = true;
	fake_watch_only()->fused.known.pairs[0] |= 1 << 5;
	world_until(w, is_held, "the profile to be held");
	world_until(w, stands_still, "learning to stand still");
	p = world_get(w, &API_PROFILES, "default", name);
	assert_string_equal(json_str_at(p, "spec.held.reason", ""), "FarOutside");
	assert_string_equal(json_str_at(p, "spec.held.pod", ""), "prey");
	assert_int_equal(json_int_at(p, "spec.held.scorePercent", 0), 1000);
	assert_int_equal(
		json_int_at(json_first(json_at(json_first(json_at(p, "spec.held.findings")), "calls")),
			"number", -1),
		0);
	assert_int_equal(fake_api_events(w->api, "LearningHeld"), 1);
}

static void test_held_and_approved(void **state)
{
	struct world *w = *state;
	auto_json struct json *p = NULL;

	held(w);
	world_patch(w, &API_PROFILES, "default", name, NULL, "{'spec':{'state':'Learning','held':null}}");
	world_until(w, learning, "learning to go on");
	learned_some(60, 40);
	world_until(w, detecting, "the end of learning");
	assert_true(is_ready(w));
	/* What it was held for is normal now. */
	assert_true(graded_bit(fake_watch_only()->fused.known.pairs, 5));
	p = world_get(w, &API_PROFILES, "default", name);
	assert_null(json_at(p, "spec.held"));
}

static void test_held_and_discarded(void **state)
{
	struct world *w = *state;

	held(w);
	world_delete(w, &API_PROFILES, "default", name);
	world_until(w, learns_anew, "learning to begin anew");
	assert_int_equal(fake_watch_only()->n_bags, 0);
	learned_some(25, 3);
	world_until(w, detecting, "the end of learning");
}

/* Whoever sets the state back wants to learn more into the same profile. */
static void test_set_back_to_learning(void **state)
{
	struct world *w = *state;

	begin(w);
	profile_create(w, "Ready", "sha256:1");
	world_until(w, detecting, "the profile to be used");
	world_patch(w, &API_PROFILES, "default", name, NULL, "{'spec':{'state':'Learning'}}");
	world_until(w, learns_anew, "learning to go on");
	learned_some(25, 3);
	world_until(w, detecting, "the end of learning");
	/* The three of before, and the new one. */
	assert_int_equal(fake_watch_only()->n_bags, 4);
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_from_git),
		TEST(test_stale_is_used_again),
		TEST(test_other_image_is_learned_beside),
		TEST(test_image_is_waited_for),
		TEST(test_learning_goes_on_after_a_restart),
		TEST(test_held_and_approved),
		TEST(test_held_and_discarded),
		TEST(test_set_back_to_learning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
