/* SPDX-License-Identifier: Apache-2.0 */
/* The protocol of an Escape, read off its table: commit point, aborts, ends. */
#include "helper.h"

#include <api/escape.h>
#include <base/cleanup.h>

static size_t actors_of(enum escape_kind kind, enum escape_phase from, enum escape_phase to)
{
	size_t n = 0;

	for (int a = ACTOR_OPERATOR; a <= ACTOR_DESTINATION; a++)
		n += escape_step_allowed(kind, from, to, (enum escape_actor)a);
	return n;
}

static bool is_used(enum escape_kind kind, enum escape_phase p)
{
	for (size_t i = 0; i < PHASE_STEPS_COUNT; i++)
		if (PHASE_STEPS[i].kind == kind && (PHASE_STEPS[i].from == p || PHASE_STEPS[i].to == p))
			return true;
	return false;
}

static bool has_exit(enum escape_kind kind, enum escape_phase p)
{
	for (size_t i = 0; i < PHASE_STEPS_COUNT; i++)
		if (PHASE_STEPS[i].kind == kind && PHASE_STEPS[i].from == p)
			return true;
	return false;
}

static void test_only_final_phases_have_no_exit(void **state)
{
	(void)state;
	for (int k = ESCAPE_ROLLBACK; k <= ESCAPE_MOVE; k++)
		for (int p = PHASE_PENDING; p <= PHASE_FAILED; p++)
			if (is_used((enum escape_kind)k, (enum escape_phase)p))
				assert_int_equal(has_exit((enum escape_kind)k, (enum escape_phase)p),
					!escape_phase_final((enum escape_phase)p));
}

static bool reaches_end(enum escape_kind kind, enum escape_phase p, int depth)
{
	if (escape_phase_final(p))
		return true;
	for (size_t i = 0; depth && i < PHASE_STEPS_COUNT; i++)
		if (PHASE_STEPS[i].kind == kind && PHASE_STEPS[i].from == p &&
			!reaches_end(kind, PHASE_STEPS[i].to, depth - 1))
			return false;
	return depth > 0;
}

/* No cycle: whatever is done next, the way ends. */
static void test_every_way_ends(void **state)
{
	(void)state;
	for (int k = ESCAPE_ROLLBACK; k <= ESCAPE_MOVE; k++)
		assert_true(reaches_end((enum escape_kind)k, PHASE_PENDING, PHASE_FAILED + 1));
}

static void test_only_the_destination_commits(void **state)
{
	(void)state;
	assert_true(escape_step_allowed(ESCAPE_MOVE, PHASE_SEALED, PHASE_RESTORING, ACTOR_DESTINATION));
	assert_int_equal(actors_of(ESCAPE_MOVE, PHASE_SEALED, PHASE_RESTORING), 1);
	for (size_t i = 0; i < PHASE_STEPS_COUNT; i++)
		if (PHASE_STEPS[i].kind == ESCAPE_MOVE && PHASE_STEPS[i].to == PHASE_RESTORING)
			assert_int_equal(PHASE_STEPS[i].from, PHASE_SEALED);
}

static void test_aborts(void **state)
{
	static const enum escape_phase before_commit[] = {
		PHASE_PENDING, PHASE_STAGING, PHASE_STAGED, PHASE_SEALED};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(before_commit); i++)
		assert_true(
			escape_step_allowed(ESCAPE_MOVE, before_commit[i], PHASE_ABORTING, ACTOR_OPERATOR));
	assert_true(escape_step_allowed(ESCAPE_MOVE, PHASE_RESTORING, PHASE_ABORTING, ACTOR_DESTINATION));
	/* The source cannot know what the destination did with its claim. */
	assert_false(escape_step_allowed(ESCAPE_MOVE, PHASE_SEALED, PHASE_ABORTING, ACTOR_SOURCE));
	assert_false(escape_step_allowed(ESCAPE_MOVE, PHASE_RESTORING, PHASE_ABORTING, ACTOR_SOURCE));
	/* Once it runs there, there is no way back. */
	assert_int_equal(actors_of(ESCAPE_MOVE, PHASE_RESTORED, PHASE_ABORTING), 0);
	/* Only the source can say that it has its life back. */
	assert_true(escape_step_allowed(ESCAPE_MOVE, PHASE_ABORTING, PHASE_ABORTED, ACTOR_SOURCE));
	assert_int_equal(actors_of(ESCAPE_MOVE, PHASE_ABORTING, PHASE_ABORTED), 1);
	assert_true(escape_step_allowed(ESCAPE_MOVE, PHASE_RESTORED, PHASE_SUCCEEDED, ACTOR_OPERATOR));
}

/* A move whose source still has its copy is aborted, it does not fail. */
static void test_a_move_fails_only_without_a_way_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < PHASE_STEPS_COUNT; i++)
		if (PHASE_STEPS[i].kind == ESCAPE_MOVE && PHASE_STEPS[i].to == PHASE_FAILED)
			assert_int_equal(PHASE_STEPS[i].from, PHASE_ABORTING);
}

static void test_rollback_and_restart(void **state)
{
	(void)state;
	assert_true(escape_step_allowed(ESCAPE_ROLLBACK, PHASE_PENDING, PHASE_RESTORING, ACTOR_SOURCE));
	assert_int_equal(actors_of(ESCAPE_ROLLBACK, PHASE_PENDING, PHASE_RESTORING), 1);
	assert_true(escape_step_allowed(ESCAPE_ROLLBACK, PHASE_RESTORING, PHASE_SUCCEEDED, ACTOR_SOURCE));
	assert_int_equal(actors_of(ESCAPE_ROLLBACK, PHASE_RESTORING, PHASE_SUCCEEDED), 1);
	assert_true(escape_step_allowed(ESCAPE_ROLLBACK, PHASE_RESTORING, PHASE_FAILED, ACTOR_SOURCE));
	assert_true(escape_step_allowed(ESCAPE_ROLLBACK, PHASE_PENDING, PHASE_FAILED, ACTOR_OPERATOR));
	assert_true(escape_step_allowed(ESCAPE_RESTART, PHASE_PENDING, PHASE_SUCCEEDED, ACTOR_OPERATOR));
	assert_true(escape_step_allowed(ESCAPE_RESTART, PHASE_PENDING, PHASE_FAILED, ACTOR_OPERATOR));
	assert_false(escape_step_allowed(ESCAPE_RESTART, PHASE_PENDING, PHASE_RESTORING, ACTOR_SOURCE));
}

static void test_no_step_twice_and_none_to_itself(void **state)
{
	(void)state;
	for (size_t i = 0; i < PHASE_STEPS_COUNT; i++) {
		assert_int_not_equal(PHASE_STEPS[i].from, PHASE_STEPS[i].to);
		for (size_t k = i + 1; k < PHASE_STEPS_COUNT; k++)
			assert_memory_not_equal(&PHASE_STEPS[i], &PHASE_STEPS[k], sizeof(PHASE_STEPS[0]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_final_phases_have_no_exit),
		cmocka_unit_test(test_every_way_ends),
		cmocka_unit_test(test_only_the_destination_commits),
		cmocka_unit_test(test_aborts),
		cmocka_unit_test(test_a_move_fails_only_without_a_way_back),
		cmocka_unit_test(test_rollback_and_restart),
		cmocka_unit_test(test_no_step_twice_and_none_to_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
