/* SPDX-License-Identifier: Apache-2.0 */
#include "subject.h"

#include <base/clock.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

static const struct monitor_params params = {.window = 10, .epoch = 200, .threshold = 12};
static const struct bosc_params same = {.window = 10, .epoch = 200, .threshold = 12};

struct seen {
	struct loop *loop;
	struct monitor_watch *watch;
	int count;
	bool free_it;
	struct monitor_verdict last;
};

static void on_verdict(void *arg, const struct monitor_verdict *v)
{
	struct seen *seen = arg;

	seen->count++;
	seen->last = *v;
	if (seen->free_it) {
		monitor_watch_free(seen->watch);
		seen->watch = NULL;
	}
}

/* A subject of normal behaviour (calls of two kinds), its watch taught and detecting. */
struct scene {
	struct seen seen;
	struct subject subject;
	struct bosc_db *db;
	struct bosc_replay *reference;
};

static void scene_up(struct scene *c, struct fixture *f)
{
	struct bosc_replay *learn;

	*c = (struct scene){.seen.loop = f->loop};
	assert_int_equal(bosc_db_new(&c->db), 0);
	assert_int_equal(bosc_replay_new(&same, c->db, true, &learn), 0);
	for (uint32_t i = 0; i < 50; i++)
		subject_replay(learn, 1, i, 200, 2);
	bosc_replay_free(learn);
	assert_int_equal(bosc_replay_new(&same, c->db, false, &c->reference), 0);
	c->seen.watch = fixture_watch(f, &params, on_verdict, &c->seen);
	fixture_teach(c->seen.watch, c->db);
	subject_start(&c->subject, 0);
	subject_mark(&c->subject, c->seen.watch);
	assert_int_equal(monitor_watch_mode(c->seen.watch, MONITOR_DETECT), 0);
}

static void scene_down(struct scene *c)
{
	subject_stop(&c->subject);
	monitor_watch_free(c->seen.watch);
	bosc_replay_free(c->reference);
	bosc_db_free(c->db);
}

/* Runs calls in both; returns how many verdicts the reference gave. */
static int run(struct scene *c, uint64_t seed, uint32_t n, uint32_t kinds)
{
	subject_run(&c->subject, SUBJECT_CALLS, seed, n, kinds);
	return subject_replay(c->reference, 1, seed, n, kinds);
}

static void turn_until(struct seen *seen, int count)
{
	while (seen->count < count)
		loop_turn(seen->loop, true);
}

static void turn_idle(struct seen *seen)
{
	for (int i = 0; i < 20; i++)
		loop_turn(seen->loop, false);
}

static void verdict_tells_what_happened(void **state)
{
	struct bosc_replay_result r;
	struct scene c;
	int64_t before, after;

	scene_up(&c, *state);
	for (uint32_t i = 0; i < 10; i++)
		assert_int_equal(run(&c, i, 230, 2), 0);
	turn_idle(&c.seen);
	assert_int_equal(c.seen.count, 0);
	before = clock_monotonic_ns();
	assert_int_equal(run(&c, 77, 300, 9), 1);
	turn_until(&c.seen, 1);
	after = clock_monotonic_ns();
	bosc_replay_result(c.reference, &r);
	assert_int_equal(c.seen.last.mismatches, params.threshold + 1);
	assert_int_equal(c.seen.last.threshold, params.threshold);
	assert_string_equal(c.seen.last.task.comm, "test_monitor_ve");
	assert_true((int64_t)c.seen.last.first_mismatch_ns > before);
	assert_true(c.seen.last.verdict_ns >= c.seen.last.first_mismatch_ns);
	assert_true((int64_t)c.seen.last.verdict_ns < after);
	assert_int_equal(fixture_stats(c.seen.watch).mismatches, r.mismatches);
	scene_down(&c);
}

/* Which epoch: the reference is stopped at its verdict, call by call. */
static void verdict_names_the_epoch_of_the_reference(void **state)
{
	for (uint32_t i = 0; i < 10; i++) {
		struct bosc_replay_result at;
		uint64_t seed = 500 + i;
		struct scene c;
		int verdict = 0;

		scene_up(&c, *state);
		assert_int_equal(run(&c, i, 190 + 37 * i, 2), 0);
		subject_run(&c.subject, SUBJECT_CALLS, seed, 500, 7);
		while (!verdict)
			verdict = bosc_replay_call(c.reference, 1, subject_call(&seed, 7));
		bosc_replay_result(c.reference, &at);
		turn_until(&c.seen, 1);
		assert_int_equal(c.seen.last.epoch, (at.calls - 1) / params.epoch);
		scene_down(&c);
	}
}

/* Exactly T mismatches are no verdict, T + 1 are. A strange call spoils ten bags; two more complete it. */
static void threshold_is_exceeded_not_reached(void **state)
{
	struct scene c;
	int verdicts = 0;
	uint32_t i;

	scene_up(&c, *state);
	for (i = 0; verdicts == 0 && i < 200; i++) {
		struct bosc_replay_result r;

		assert_int_equal(monitor_watch_rearm(c.seen.watch), 0);
		bosc_replay_restart(c.reference);
		verdicts = run(&c, 900 + i, 10 + i % 14, 5);
		bosc_replay_result(c.reference, &r);
		assert_int_equal(fixture_stats(c.seen.watch).mismatches, r.mismatches);
		turn_idle(&c.seen);
		if (!verdicts)
			assert_int_equal(c.seen.count, 0);
	}
	turn_until(&c.seen, 1);
	assert_int_equal(c.seen.last.mismatches, params.threshold + 1);
	scene_down(&c);
}

static void one_verdict_until_rearm(void **state)
{
	struct scene c;

	scene_up(&c, *state);
	for (uint32_t i = 0; i < 5; i++)
		run(&c, i, 1000, 9);
	turn_until(&c.seen, 1);
	turn_idle(&c.seen);
	assert_int_equal(c.seen.count, 1);
	for (int i = 2; i < 6; i++) {
		assert_int_equal(monitor_watch_rearm(c.seen.watch), 0);
		run(&c, (uint32_t)i, 1000, 9);
		turn_until(&c.seen, i);
		turn_idle(&c.seen);
		assert_int_equal(c.seen.count, i);
	}
	assert_int_equal(fixture_stats(c.seen.watch).lost, 0);
	scene_down(&c);
}

static void verdict_before_a_rearm_is_not_delivered_after_it(void **state)
{
	struct scene c;

	scene_up(&c, *state);
	assert_int_equal(run(&c, 1, 1000, 9), 1);
	assert_int_equal(monitor_watch_rearm(c.seen.watch), 0);
	turn_idle(&c.seen);
	assert_int_equal(c.seen.count, 0);
	scene_down(&c);
}

static void callback_may_free_its_watch(void **state)
{
	struct scene c;

	scene_up(&c, *state);
	c.seen.free_it = true;
	run(&c, 1, 1000, 9);
	turn_until(&c.seen, 1);
	assert_null(c.seen.watch);
	scene_down(&c);
}

static void other_containers_and_strangers_raise_nothing(void **state)
{
	struct subject stranger;
	struct scene a, b;

	scene_up(&a, *state);
	scene_up(&b, *state);
	subject_start(&stranger, 0);
	subject_run(&stranger, SUBJECT_CALLS, 1, 2000, 9);
	run(&a, 3, 2000, 2);
	run(&b, 3, 2000, 9);
	turn_until(&b.seen, 1);
	turn_idle(&a.seen);
	assert_int_equal(a.seen.count, 0);
	assert_int_equal(b.seen.count, 1);
	subject_stop(&stranger);
	scene_down(&a);
	scene_down(&b);
}

/* More verdicts at once than the ring takes at a time: none is lost while somebody reads. */
static void verdicts_of_many_watches_all_arrive(void **state)
{
	enum { MANY = 40 };
	struct scene *c = calloc(MANY, sizeof(*c));
	struct fixture *f = *state;

	assert_non_null(c);
	for (int i = 0; i < MANY; i++)
		scene_up(&c[i], f);
	for (uint32_t i = 0; i < MANY; i++)
		run(&c[i], i, 1000, 9);
	for (int i = 0; i < MANY; i++)
		turn_until(&c[i].seen, 1);
	for (int i = 0; i < MANY; i++) {
		assert_int_equal(c[i].seen.count, 1);
		scene_down(&c[i]);
	}
	free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(verdict_tells_what_happened, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(
			verdict_names_the_epoch_of_the_reference, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(threshold_is_exceeded_not_reached, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(one_verdict_until_rearm, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(
			verdict_before_a_rearm_is_not_delivered_after_it, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(callback_may_free_its_watch, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(
			other_containers_and_strangers_raise_nothing, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(
			verdicts_of_many_watches_all_arrive, fixture_up, fixture_down),
	};

	fixture_need_bpf();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
