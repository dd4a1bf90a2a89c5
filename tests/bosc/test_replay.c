/* SPDX-License-Identifier: Apache-2.0 */
#include <bosc/bosc.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

#include <setjmp.h>

#include <cmocka.h>

static struct bosc_db *db_new(void)
{
	struct bosc_db *db;

	assert_int_equal(bosc_db_new(&db), 0);
	return db;
}

static void database_counts_frequencies(void **state)
{
	struct bosc_db *db = db_new();
	bool is_new;

	(void)state;
	for (uint64_t round = 1; round <= 3; round++) {
		for (uint64_t i = 0; i < 5000; i++) {
			assert_int_equal(bosc_db_add(db, i * 256, &is_new), 0);
			assert_int_equal(is_new, round == 1);
			assert_int_equal(bosc_db_frequency(db, i * 256), round);
		}
	}
	assert_int_equal(bosc_db_size(db), 5000);
	assert_int_equal(bosc_db_frequency(db, 1), 0);
	bosc_db_free(db);
}

static void database_gives_its_bags_ascending(void **state)
{
	struct bosc_db *db = db_new();
	uint64_t *bags;
	size_t n;

	(void)state;
	assert_int_equal(bosc_db_bags(db, &bags, &n), 0);
	assert_int_equal(n, 0);
	assert_null(bags);
	for (uint64_t i = 0; i < 1000; i++)
		assert_int_equal(bosc_db_add(db, bosc_mark((uint32_t)i), NULL), 0);
	assert_int_equal(bosc_db_add(db, 0, NULL), 0);
	assert_int_equal(bosc_db_bags(db, &bags, &n), 0);
	assert_int_equal(n, 1001);
	assert_int_equal(bags[0], 0);
	for (size_t i = 1; i < n; i++)
		assert_true(bags[i - 1] < bags[i]);
	free(bags);
	bosc_db_free(db);
}

static void bad_parameters_are_refused(void **state)
{
	static const struct bosc_params bad[] = {{1, 500, 1}, {65, 500, 1}, {0, 500, 1}, {10, 0, 1}};
	struct bosc_db *db = db_new();
	struct bosc_replay *r;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(bosc_replay_new(&bad[i], db, true, &r), -EINVAL);
	bosc_db_free(db);
}

static const struct bosc_params params = {.window = 4, .epoch = 20, .threshold = 2};

/* calls 0 1 2 3 0 1 2 3 ... of two tasks that take turns: one bag of four different calls, whatever the
 * interleaving. */
static struct bosc_db *learn_rounds(void)
{
	struct bosc_db *db = db_new();
	struct bosc_replay_result got;
	struct bosc_replay *r;

	assert_int_equal(bosc_replay_new(&params, db, true, &r), 0);
	for (uint32_t i = 0; i < 200; i++)
		assert_int_equal(bosc_replay_call(r, i & 1, (i / 2) & 3), 0);
	bosc_replay_result(r, &got);
	assert_int_equal(got.calls, 200);
	assert_int_equal(got.epochs, 10);
	assert_int_equal(got.quiet_epochs, 9);
	assert_int_equal(bosc_db_size(db), 1);
	assert_int_equal(bosc_db_frequency(db, bosc_mark(0) + bosc_mark(1) + bosc_mark(2) + bosc_mark(3)),
		200 - 2 * 3);
	bosc_replay_free(r);
	return db;
}

static void known_behaviour_raises_nothing(void **state)
{
	struct bosc_db *db = learn_rounds();
	struct bosc_replay_result got;
	struct bosc_replay *r;

	(void)state;
	assert_int_equal(bosc_replay_new(&params, db, false, &r), 0);
	for (uint32_t i = 0; i < 1000; i++)
		assert_int_equal(bosc_replay_call(r, i % 7, (i / 7) & 3), 0);
	bosc_replay_result(r, &got);
	assert_int_equal(got.mismatches, 0);
	assert_int_equal(got.worst_epoch, 0);
	assert_int_equal(bosc_db_size(db), 1);
	bosc_replay_free(r);
	bosc_db_free(db);
}

static void unknown_behaviour_raises_one_verdict_at_once(void **state)
{
	struct bosc_db *db = learn_rounds();
	struct bosc_replay_result got;
	struct bosc_replay *r;
	int verdicts = 0;

	(void)state;
	assert_int_equal(bosc_replay_new(&params, db, false, &r), 0);
	for (uint32_t i = 0; i < 20; i++)
		assert_int_equal(bosc_replay_call(r, 1, i & 3), 0);
	/* One strange call spoils four bags of one epoch; T is 2, so the third tells. */
	for (uint32_t i = 0; i < 20; i++) {
		int v = bosc_replay_call(r, 1, i == 5 ? 99 : i & 3);

		assert_int_equal(v, i == 7);
		verdicts += v;
	}
	assert_int_equal(verdicts, 1);
	bosc_replay_result(r, &got);
	assert_int_equal(got.mismatches, 4);
	assert_int_equal(got.worst_epoch, 4);
	for (uint32_t i = 0; i < 40; i++)
		assert_int_equal(bosc_replay_call(r, 1, 99), 0);
	bosc_replay_restart(r);
	for (uint32_t i = 0; i < 6; i++)
		assert_int_equal(bosc_replay_call(r, 1, 99), i == 5);
	bosc_replay_free(r);
	bosc_db_free(db);
}

/* The window of a task slides over the end of an epoch; only the count of mismatches begins anew. */
static void window_slides_over_the_end_of_an_epoch(void **state)
{
	struct bosc_db *db = learn_rounds();
	struct bosc_replay_result got;
	struct bosc_replay *r;

	(void)state;
	assert_int_equal(bosc_replay_new(&params, db, false, &r), 0);
	for (uint32_t i = 0; i < 40; i++)
		assert_int_equal(bosc_replay_call(r, 1, i == 18 ? 99 : i & 3), 0);
	bosc_replay_result(r, &got);
	assert_int_equal(got.mismatches, 4);
	assert_int_equal(got.worst_epoch, 2);
	bosc_replay_free(r);
	bosc_db_free(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(database_counts_frequencies),
		cmocka_unit_test(database_gives_its_bags_ascending),
		cmocka_unit_test(bad_parameters_are_refused),
		cmocka_unit_test(known_behaviour_raises_nothing),
		cmocka_unit_test(unknown_behaviour_raises_one_verdict_at_once),
		cmocka_unit_test(window_slides_over_the_end_of_an_epoch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
