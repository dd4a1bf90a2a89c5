/* SPDX-License-Identifier: Apache-2.0 */
/* Profiles in and out, and what happens where a table or a limit is full. */
#include "subject.h"

#include <errno.h>
#include <node-agent/monitor/monitor_shared.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

static const struct monitor_params params = {.window = 10, .epoch = 100, .threshold = 5};
static const struct monitor_params wide = {.window = MONITOR_WINDOW_MAX, .epoch = 100, .threshold = 5};

#define KEY_MAX ((UINT64_C(1) << BOSC_KEY_BITS) - 1)

static uint64_t *bags_new(size_t n, uint64_t first)
{
	uint64_t *bags = malloc(n * sizeof(*bags));

	assert_non_null(bags);
	for (size_t i = 0; i < n; i++)
		bags[i] = first + i * 3;
	return bags;
}

static void assert_profile(const struct monitor_watch *w, const uint64_t *bags, size_t n)
{
	uint64_t *got;
	size_t n_got;

	assert_int_equal(monitor_watch_profile_get(w, &got, &n_got), 0);
	assert_int_equal(n_got, n);
	if (n)
		assert_memory_equal(got, bags, n * sizeof(*bags));
	else
		assert_null(got);
	free(got);
	assert_int_equal(fixture_stats(w).bags, n);
}

static void profile_comes_back_as_it_was_set(void **state)
{
	static const size_t sizes[] = {0, 1, 100, 4096, 4097, 20000, 3};
	struct monitor_watch *w = fixture_watch(*state, &params, NULL, NULL);
	struct monitor_watch *other = fixture_watch(*state, &params, NULL, NULL);
	uint64_t *others = bags_new(500, 7);

	assert_profile(w, NULL, 0);
	assert_int_equal(monitor_watch_profile_set(other, others, 500, NULL), 0);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint64_t *bags = bags_new(sizes[i], KEY_MAX / 2 + i);

		assert_int_equal(monitor_watch_profile_set(w, bags, sizes[i], NULL), 0);
		assert_profile(w, bags, sizes[i]);
		assert_profile(other, others, 500);
		free(bags);
	}
	monitor_watch_free(w);
	assert_profile(other, others, 500);
	monitor_watch_free(other);
	free(others);
}

static void order_and_repetition_do_not_matter(void **state)
{
	static const uint64_t mixed[] = {9, 3, 9, 0, UINT64_MAX, 3, 3}, clean[] = {0, 3, 9, KEY_MAX};
	struct monitor_watch *w = fixture_watch(*state, &params, NULL, NULL);

	assert_int_equal(monitor_watch_profile_set(w, mixed, 7, NULL), 0);
	assert_profile(w, clean, 4);
	monitor_watch_free(w);
}

static void set_profile_is_what_learning_goes_on_from(void **state)
{
	struct monitor_watch *w = fixture_watch(*state, &params, NULL, NULL);
	const uint64_t set[] = {12345};
	struct subject s;

	subject_start(&s, 0);
	subject_mark(&s, w);
	assert_int_equal(monitor_watch_mode(w, MONITOR_LEARN), 0);
	subject_run(&s, SUBJECT_CALLS, 1, 300, 5);
	assert_true(fixture_stats(w).bags > 10);
	assert_int_equal(monitor_watch_profile_set(w, set, 1, NULL), 0);
	assert_int_equal(fixture_stats(w).bags, 1);
	subject_run(&s, SUBJECT_CALLS, 1, 12, 1);
	assert_int_equal(fixture_stats(w).bags,
		3); /* the foreign one, ten of a kind, and the one with the kill in it */
	subject_stop(&s);
	monitor_watch_free(w);
}

static void profile_beyond_the_limit_is_refused(void **state)
{
	const size_t n = MONITOR_BAGS_PER_WATCH + 1;
	struct monitor_watch *w = fixture_watch(*state, &params, NULL, NULL);
	uint64_t *bags = bags_new(n, 1);
	struct err e;

	assert_int_equal(monitor_watch_profile_set(w, bags, 5, NULL), 0);
	assert_int_equal(monitor_watch_profile_set(w, bags, n, &e), -E2BIG);
	assert_string_equal(e.reason, "ProfileTooLarge");
	assert_profile(w, bags, 5);
	free(bags);
	monitor_watch_free(w);
}

/* A container that always does something new takes its share and no more, and cannot become ready. */
static void endless_learning_is_counted_as_lost(void **state)
{
	struct monitor_watch *w = fixture_watch(*state, &wide, NULL, NULL);
	struct monitor_stats st;
	struct subject s;

	subject_start(&s, 0);
	subject_mark(&s, w);
	assert_int_equal(monitor_watch_mode(w, MONITOR_LEARN), 0);
	subject_run(&s, SUBJECT_CALLS, 1, MONITOR_BAGS_PER_WATCH + 5000, 30);
	st = fixture_stats(w);
	assert_int_equal(st.bags, MONITOR_BAGS_PER_WATCH);
	assert_true(st.lost > 1000);
	assert_true(st.quiet_epochs <= 1);
	subject_stop(&s);
	monitor_watch_free(w);
}

static void full_table_of_the_node_is_said(void **state)
{
	enum { FILL = MONITOR_BAGS / MONITOR_BAGS_PER_WATCH };
	struct monitor_watch *full[FILL], *w;
	uint64_t *bags = bags_new(MONITOR_BAGS_PER_WATCH, 1);
	struct subject s;
	struct err e;

	for (int i = 0; i < FILL; i++) {
		full[i] = fixture_watch(*state, &params, NULL, NULL);
		assert_int_equal(monitor_watch_profile_set(full[i], bags, MONITOR_BAGS_PER_WATCH, NULL), 0);
	}
	w = fixture_watch(*state, &params, NULL, NULL);
	assert_int_equal(monitor_watch_profile_set(w, bags, 1, &e), -E2BIG);
	assert_string_equal(e.reason, "ProfileStore");
	subject_start(&s, 0);
	subject_mark(&s, w);
	assert_int_equal(monitor_watch_mode(w, MONITOR_LEARN), 0);
	subject_run(&s, SUBJECT_CALLS, 1, 250, 3);
	assert_int_equal(fixture_stats(w).bags, 0);
	assert_int_equal(fixture_stats(w).lost, 242);
	monitor_watch_free(full[0]);
	assert_int_equal(monitor_watch_profile_set(w, bags, 1000, NULL), 0);
	assert_profile(w, bags, 1000);
	for (int i = 1; i < FILL; i++)
		monitor_watch_free(full[i]);
	subject_stop(&s);
	monitor_watch_free(w);
	free(bags);
}

static void bad_parameters_are_refused(void **state)
{
	static const struct monitor_params bad[] = {{.window = 1, .epoch = 10},
		{.window = MONITOR_WINDOW_MAX + 1, .epoch = 10}, {.window = 10, .detector = MONITOR_FUSED}};
	struct fixture *f = *state;
	struct monitor_watch *w;
	struct err e;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(monitor_watch_new(f->monitor, &bad[i], NULL, NULL, &w, &e), -EINVAL);
		assert_string_equal(e.reason, i < 2 ? "BadWindowSize" : "BadEpochSize");
	}
	w = fixture_watch(f, &params, NULL, NULL);
	assert_int_equal(monitor_watch_mode(w, (enum monitor_mode)7), -EINVAL);
	monitor_watch_free(w);
}

static void more_containers_than_slots_are_refused(void **state)
{
	struct fixture *f = *state;
	struct monitor_watch *w, *all[MONITOR_SLOTS];
	struct err e;

	for (int i = 0; i < MONITOR_SLOTS; i++)
		all[i] = fixture_watch(f, &params, NULL, NULL);
	assert_int_equal(monitor_watch_new(f->monitor, &params, NULL, NULL, &w, &e), -ENOSPC);
	assert_string_equal(e.reason, "TooManyContainers");
	monitor_watch_free(all[500]);
	all[500] = fixture_watch(f, &params, NULL, NULL);
	/* monitor_free takes the watches that are left. */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(profile_comes_back_as_it_was_set, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(order_and_repetition_do_not_matter, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(
			set_profile_is_what_learning_goes_on_from, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(
			profile_beyond_the_limit_is_refused, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(
			endless_learning_is_counted_as_lost, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(full_table_of_the_node_is_said, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(bad_parameters_are_refused, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(
			more_containers_than_slots_are_refused, fixture_up, fixture_down),
	};

	fixture_need_bpf();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
