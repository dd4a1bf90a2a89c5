/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel counts is what the reference counts over the same calls. */
#include "subject.h"

#include <base/backoff.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

static const struct monitor_params params = {.window = 10, .epoch = 100, .threshold = 5};
static const struct bosc_params same = {.window = 10, .epoch = 100, .threshold = 5};

static int compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* The reference keeps whole hashes. */
static void assert_same_profile(const struct monitor_watch *w, const struct bosc_db *db)
{
	uint64_t *got, *want;
	size_t n_got, n_want;

	assert_int_equal(monitor_watch_profile_get(w, &got, &n_got), 0);
	assert_int_equal(bosc_db_bags(db, &want, &n_want), 0);
	assert_int_equal(n_got, n_want);
	for (size_t i = 0; i < n_want; i++)
		want[i] = bosc_key(want[i]);
	qsort(want, n_want, sizeof(*want), compare_u64);
	assert_memory_equal(got, want, n_want * sizeof(*want));
	free(got);
	free(want);
}

static void assert_same_counts(
	const struct monitor_watch *w, const struct bosc_replay *r, const struct bosc_db *db)
{
	struct monitor_stats st = fixture_stats(w);
	struct bosc_replay_result want;

	bosc_replay_result(r, &want);
	assert_int_equal(st.calls, want.calls);
	assert_int_equal(st.epochs, want.epochs);
	assert_int_equal(st.quiet_epochs, want.quiet_epochs);
	assert_int_equal(st.mismatches, want.mismatches);
	assert_int_equal(st.bags, bosc_db_size(db));
	assert_int_equal(st.lost, 0);
}

/* Learns from few kinds of calls, then detects over more kinds, in steps; both sides must agree after each.
 */
static void one_task_agrees_with_the_reference(void **state)
{
	struct monitor_watch *w = fixture_watch(*state, &params, NULL, NULL);
	struct bosc_replay *learn, *detect;
	struct subject s;
	struct bosc_db *db;

	assert_int_equal(bosc_db_new(&db), 0);
	assert_int_equal(bosc_replay_new(&same, db, true, &learn), 0);
	assert_int_equal(bosc_replay_new(&same, db, false, &detect), 0);
	subject_start(&s, 0);
	subject_mark(&s, w);
	assert_int_equal(monitor_watch_mode(w, MONITOR_LEARN), 0);
	for (uint32_t i = 0; i < 30; i++) {
		subject_run(&s, SUBJECT_CALLS, i, 7 + 31 * i, 3);
		subject_replay(learn, 1, i, 7 + 31 * i, 3);
		assert_same_counts(w, learn, db);
	}
	assert_same_profile(w, db);

	assert_int_equal(monitor_watch_mode(w, MONITOR_DETECT), 0);
	for (uint32_t i = 0; i < 30; i++) {
		struct monitor_stats before = fixture_stats(w), after;
		struct bosc_replay_result was, is;

		bosc_replay_result(detect, &was);
		subject_run(&s, SUBJECT_CALLS, 100 + i, 100 + i, i % 3 == 2 ? 4 : 3);
		subject_replay(detect, 1, 100 + i, 100 + i, i % 3 == 2 ? 4 : 3);
		bosc_replay_result(detect, &is);
		after = fixture_stats(w);
		assert_int_equal(after.mismatches - before.mismatches, is.mismatches - was.mismatches);
		assert_int_equal(after.bags, bosc_db_size(db));
	}
	assert_true(fixture_stats(w).mismatches > 0);
	assert_same_profile(w, db);
	subject_stop(&s);
	bosc_replay_free(learn);
	bosc_replay_free(detect);
	bosc_db_free(db);
	monitor_watch_free(w);
}

static void windows_of_all_sizes_agree(void **state)
{
	static const uint32_t sizes[] = {2, 3, 33, MONITOR_WINDOW_MAX};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct monitor_params p = {.window = sizes[i], .epoch = 7, .threshold = 0};
		struct bosc_params b = {.window = sizes[i], .epoch = 7, .threshold = 0};
		struct monitor_watch *w = fixture_watch(*state, &p, NULL, NULL);
		struct bosc_replay *r;
		struct bosc_db *db;
		struct subject s;

		assert_int_equal(bosc_db_new(&db), 0);
		assert_int_equal(bosc_replay_new(&b, db, true, &r), 0);
		subject_start(&s, 0);
		subject_mark(&s, w);
		assert_int_equal(monitor_watch_mode(w, MONITOR_LEARN), 0);
		subject_run(&s, SUBJECT_CALLS, i, 3000, 5);
		subject_replay(r, 1, i, 3000, 5);
		assert_same_counts(w, r, db);
		assert_same_profile(w, db);
		subject_stop(&s);
		bosc_replay_free(r);
		bosc_db_free(db);
		monitor_watch_free(w);
	}
}

/* fork, the child's calls and its exit_group, wait4, kill: the child's window begins empty. */
static void forked_children_are_counted_with_their_own_window(void **state)
{
	struct monitor_watch *w = fixture_watch(*state, &params, NULL, NULL);
	struct bosc_replay *r;
	struct subject s;
	struct bosc_db *db;

	assert_int_equal(bosc_db_new(&db), 0);
	assert_int_equal(bosc_replay_new(&same, db, true, &r), 0);
	subject_start(&s, 0);
	subject_mark(&s, w);
	assert_int_equal(monitor_watch_mode(w, MONITOR_LEARN), 0);
	for (uint32_t i = 0; i < 10; i++) {
		uint64_t seed = i;

		subject_run(&s, SUBJECT_FORK, i, 50, 4);
		bosc_replay_call(r, 1, SYS_fork);
		for (uint32_t k = 0; k < 50; k++)
			bosc_replay_call(r, 2 + i, subject_call(&seed, 4));
		bosc_replay_call(r, 2 + i, SYS_exit_group);
		bosc_replay_call(r, 1, SYS_wait4);
		bosc_replay_call(r, 1, SYS_kill);
	}
	assert_int_equal(fixture_stats(w).calls, 10 * 54);
	assert_int_equal(fixture_stats(w).bags, bosc_db_size(db));
	assert_same_profile(w, db);
	subject_stop(&s);
	bosc_replay_free(r);
	bosc_db_free(db);
	monitor_watch_free(w);
}

/* 64 threads on all CPUs at once: no call and no bag may be lost or counted twice. */
static void many_threads_are_counted_exactly(void **state)
{
	enum { CALLS = 500, KINDS = 6 };
	struct monitor_watch *w = fixture_watch(*state, &params, NULL, NULL);
	struct bosc_replay *r;
	struct subject s;
	struct bosc_db *db;

	assert_int_equal(bosc_db_new(&db), 0);
	assert_int_equal(bosc_replay_new(&same, db, true, &r), 0);
	subject_start(&s, SUBJECT_THREADS_MAX);
	subject_mark(&s, w);
	assert_int_equal(fixture_tasks(*state, w).own, SUBJECT_THREADS_MAX + 1);
	assert_int_equal(monitor_watch_mode(w, MONITOR_LEARN), 0);
	for (uint32_t round = 0; round < 3; round++) {
		subject_run(&s, SUBJECT_THREADS, round * UINT64_C(1000), CALLS, KINDS);
		for (uint32_t k = 0; k < SUBJECT_THREADS_MAX; k++) {
			uint64_t seed = round * UINT64_C(1000) + k;

			for (uint32_t i = 0; i < CALLS; i++)
				bosc_replay_call(r, 2 + k, subject_call(&seed, KINDS));
		}
		bosc_replay_call(r, 1, SYS_kill);
		assert_int_equal(fixture_stats(w).calls, (round + 1) * (SUBJECT_THREADS_MAX * CALLS + 1));
		assert_int_equal(fixture_stats(w).bags, bosc_db_size(db));
		assert_int_equal(fixture_stats(w).lost, 0);
	}
	assert_same_profile(w, db);
	subject_stop(&s);
	bosc_replay_free(r);
	bosc_db_free(db);
	monitor_watch_free(w);
}

static void off_counts_nothing_and_pauses(void **state)
{
	struct monitor_watch *w = fixture_watch(*state, &params, NULL, NULL);
	struct bosc_replay *r;
	struct subject s;
	struct bosc_db *db;

	assert_int_equal(bosc_db_new(&db), 0);
	assert_int_equal(bosc_replay_new(&same, db, true, &r), 0);
	subject_start(&s, 0);
	subject_mark(&s, w);
	subject_run(&s, SUBJECT_CALLS, 1, 500, 3);
	assert_int_equal(fixture_stats(w).calls, 0);
	assert_int_equal(monitor_watch_mode(w, MONITOR_LEARN), 0);
	subject_run(&s, SUBJECT_CALLS, 2, 250, 3);
	subject_replay(r, 1, 2, 250, 3);
	assert_int_equal(monitor_watch_mode(w, MONITOR_OFF), 0);
	bosc_replay_pause(r);
	subject_run(&s, SUBJECT_CALLS, 3, 500, 9);
	assert_int_equal(monitor_watch_mode(w, MONITOR_LEARN), 0);
	subject_run(&s, SUBJECT_CALLS, 4, 250, 3);
	subject_replay(r, 1, 4, 250, 3);
	assert_same_counts(w, r, db);
	assert_same_profile(w, db);
	subject_stop(&s);
	bosc_replay_free(r);
	bosc_db_free(db);
	monitor_watch_free(w);
}

static void rearm_forgets_windows_and_the_epoch(void **state)
{
	struct monitor_watch *w = fixture_watch(*state, &params, NULL, NULL);
	struct bosc_replay *r;
	struct subject s;
	struct bosc_db *db;

	assert_int_equal(bosc_db_new(&db), 0);
	assert_int_equal(bosc_replay_new(&same, db, true, &r), 0);
	subject_start(&s, 0);
	subject_mark(&s, w);
	assert_int_equal(monitor_watch_mode(w, MONITOR_LEARN), 0);
	for (uint32_t i = 0; i < 20; i++) {
		subject_run(&s, SUBJECT_CALLS, i, 40 + 20 * i, 3);
		subject_replay(r, 1, i, 40 + 20 * i, 3);
		assert_int_equal(monitor_watch_rearm(w), 0);
		bosc_replay_restart(r);
		assert_same_counts(w, r, db);
	}
	assert_same_profile(w, db);
	subject_stop(&s);
	bosc_replay_free(r);
	bosc_db_free(db);
	monitor_watch_free(w);
}

static void unmarked_tasks_are_not_counted(void **state)
{
	struct monitor_watch *w = fixture_watch(*state, &params, NULL, NULL);
	struct subject marked, other;

	subject_start(&marked, 0);
	subject_start(&other, 2);
	subject_mark(&marked, w);
	assert_int_equal(monitor_watch_mode(w, MONITOR_DETECT), 0);
	subject_run(&other, SUBJECT_CALLS, 1, 2000, 9);
	subject_run(&other, SUBJECT_FORK, 1, 2000, 9);
	assert_int_equal(fixture_stats(w).calls, 0);
	assert_int_equal(fixture_tasks(*state, w).own, 1);
	subject_run(&marked, SUBJECT_CALLS, 1, 20, 9);
	assert_int_equal(fixture_stats(w).calls, 21);
	subject_stop(&other);
	subject_stop(&marked);
	assert_int_equal(fixture_tasks(*state, w).own, 0);
	monitor_watch_free(w);
}

static void containers_are_counted_apart(void **state)
{
	struct monitor_watch *w[3];
	struct subject s[3];

	for (int i = 0; i < 3; i++) {
		w[i] = fixture_watch(*state, &params, NULL, NULL);
		subject_start(&s[i], 0);
		subject_mark(&s[i], w[i]);
		assert_int_equal(monitor_watch_mode(w[i], MONITOR_LEARN), 0);
	}
	for (uint32_t i = 0; i < 3; i++)
		subject_run(&s[i], SUBJECT_CALLS, 5, 100 * (i + 1) - 1, 1);
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(fixture_stats(w[i]).calls, 100 * (i + 1));
		assert_int_equal(fixture_stats(w[i]).epochs, i + 1);
		assert_int_equal(fixture_stats(w[i]).bags, 2);
	}
	/* A slot that is used again knows nothing of its last owner's tasks. */
	monitor_watch_free(w[1]);
	w[1] = fixture_watch(*state, &params, NULL, NULL);
	assert_int_equal(monitor_watch_mode(w[1], MONITOR_LEARN), 0);
	subject_run(&s[1], SUBJECT_CALLS, 5, 100, 1);
	assert_int_equal(fixture_stats(w[1]).calls, 0);
	subject_mark(&s[1], w[1]);
	subject_run(&s[1], SUBJECT_CALLS, 5, 100, 1);
	assert_int_equal(fixture_stats(w[1]).calls, 101);
	for (int i = 0; i < 3; i++) {
		subject_stop(&s[i]);
		monitor_watch_free(w[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_task_agrees_with_the_reference, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(windows_of_all_sizes_agree, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(
			forked_children_are_counted_with_their_own_window, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(many_threads_are_counted_exactly, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(off_counts_nothing_and_pauses, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(
			rearm_forgets_windows_and_the_epoch, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(unmarked_tasks_are_not_counted, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(containers_are_counted_apart, fixture_up, fixture_down),
	};

	fixture_need_bpf();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
