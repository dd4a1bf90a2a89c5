/* SPDX-License-Identifier: Apache-2.0 */
/* Full maps: what they do not take is counted, and its epoch is not judged. */
#include "subject.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

#include <setjmp.h>

#include <cmocka.h>

/* As many bags as one profile may have, and so many profiles fill the node's table. */
#define BAGS 65536
#define PROFILES 4
#define ROUNDS_MAX 5000

static const struct monitor_params params = {.window = 10, .epoch = 100, .threshold = 5};
static const struct monitor_params fused = {.window = 10, .epoch = 100, .detector = MONITOR_FUSED};

static void table_fill(void **state, struct monitor_watch *w[PROFILES])
{
	uint64_t *bags = malloc(BAGS * sizeof(*bags));
	struct err e;

	assert_non_null(bags);
	for (int i = 0; i < PROFILES; i++) {
		for (uint64_t k = 0; k < BAGS; k++)
			bags[k] = k + 1;
		w[i] = fixture_watch(*state, &params, NULL, NULL);
		if (monitor_watch_profile_set(w[i], bags, BAGS, &e) < 0)
			fail_msg("%s: %s", e.reason, e.message);
	}
	free(bags);
}

static void table_empty(struct monitor_watch *w[PROFILES])
{
	for (int i = 0; i < PROFILES; i++)
		monitor_watch_free(w[i]);
}

/* n epochs of calls that bring no bag after the first few. */
static void epochs_run(struct subject *s, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		subject_run(s, SUBJECT_CALLS, 1, 99, 1);
}

static void bags_without_room_make_their_epochs_unjudged(void **state)
{
	struct monitor_watch *full[PROFILES], *w;
	struct subject s;

	table_fill(state, full);
	w = fixture_watch(*state, &params, NULL, NULL);
	subject_start(&s, 0);
	subject_mark(&s, w);
	assert_int_equal(monitor_watch_mode(w, MONITOR_LEARN), 0);
	epochs_run(&s, 5);
	assert_int_equal(fixture_stats(w).epochs, 5);
	assert_int_equal(fixture_stats(w).bags, 0);
	assert_true(fixture_stats(w).lost >= 5);
	assert_int_equal(fixture_stats(w).unjudged, 5);
	assert_int_equal(fixture_stats(w).quiet_epochs, 0);
	/* With room again it learns, and what was lost stays said. */
	table_empty(full);
	epochs_run(&s, 5);
	assert_true(fixture_stats(w).bags > 0);
	assert_int_equal(fixture_stats(w).unjudged, 5);
	assert_int_equal(fixture_stats(w).quiet_epochs, 4);
	subject_stop(&s);
	monitor_watch_free(w);
}

static void one_profile_does_not_take_the_whole_table(void **state)
{
	struct monitor_watch *w = fixture_watch(*state, &params, NULL, NULL);
	uint64_t *bags = malloc(BAGS * sizeof(*bags));
	struct subject s;

	assert_non_null(bags);
	for (uint64_t k = 0; k < BAGS; k++)
		bags[k] = k + 1;
	assert_int_equal(monitor_watch_profile_set(w, bags, BAGS, NULL), 0);
	subject_start(&s, 0);
	subject_mark(&s, w);
	assert_int_equal(monitor_watch_mode(w, MONITOR_LEARN), 0);
	epochs_run(&s, 1);
	assert_int_equal(fixture_stats(w).bags, BAGS);
	assert_true(fixture_stats(w).lost > 0);
	assert_int_equal(fixture_stats(w).unjudged, 1);
	subject_stop(&s);
	monitor_watch_free(w);
	free(bags);
}

static void unjudged_epochs_make_no_threshold(void **state)
{
	struct monitor_watch *full[PROFILES], *w;
	struct subject s;

	table_fill(state, full);
	w = fixture_watch(*state, &fused, NULL, NULL);
	subject_start(&s, 0);
	subject_mark(&s, w);
	assert_int_equal(monitor_watch_mode(w, MONITOR_LEARN), 0);
	epochs_run(&s, MONITOR_FUSED_EPOCHS_MIN + 5);
	assert_true(fixture_stats(w).unjudged >= MONITOR_FUSED_EPOCHS_MIN + 5);
	assert_int_equal(fixture_stats(w).scored, 0);
	assert_int_equal(monitor_watch_mode(w, MONITOR_DETECT), -EAGAIN);
	table_empty(full);
	epochs_run(&s, MONITOR_FUSED_EPOCHS_MIN + 1);
	assert_true(fixture_stats(w).scored >= MONITOR_FUSED_EPOCHS_MIN);
	assert_int_equal(monitor_watch_mode(w, MONITOR_DETECT), 0);
	subject_stop(&s);
	monitor_watch_free(w);
}

static void count_verdict(void *arg, const struct monitor_verdict *v)
{
	(void)v;
	++*(uint32_t *)arg;
}

/* Nobody reads the ring: it fills up. The verdict that finds no room is given again when there is room. */
static void verdicts_without_room_are_counted_and_repeated(void **state)
{
	struct fixture *f = *state;
	struct monitor_watch *w;
	uint32_t given = 0, sent = 0;
	struct subject s;

	w = fixture_watch(f, &params, count_verdict, &given);
	subject_start(&s, 0);
	subject_mark(&s, w);
	assert_int_equal(monitor_watch_mode(w, MONITOR_DETECT), 0);
	while (fixture_stats(w).lost == 0) {
		assert_int_equal(monitor_watch_rearm(w), 0);
		subject_run(&s, SUBJECT_CALLS, 1, 15, 1);
		assert_true(++sent < ROUNDS_MAX);
	}
	assert_int_equal(fixture_stats(w).unjudged, 1);
	/* All that is in the ring was said of epochs that a rearm has made the past. */
	loop_turn(f->loop, true);
	assert_int_equal(given, 0);
	subject_run(&s, SUBJECT_CALLS, 1, 15, 1);
	while (given == 0)
		loop_turn(f->loop, true);
	assert_int_equal(given, 1);
	assert_int_equal(fixture_stats(w).unjudged, 1);
	subject_stop(&s);
	monitor_watch_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			bags_without_room_make_their_epochs_unjudged, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(
			one_profile_does_not_take_the_whole_table, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(unjudged_epochs_make_no_threshold, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(
			verdicts_without_room_are_counted_and_repeated, fixture_up, fixture_down),
	};

	fixture_need_bpf();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
