/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's decisions, without any I/O: watching, freezing, held starts, safe snapshots. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <base/cleanup.h>
#include <base/str.h>
#include <string.h>

#include "node-agent/agent/guard/decide.h"

static void test_mode(void **state)
{
	struct policy p = {0};
	const struct {
		const char *what;
		struct watch_input in;
		enum monitor_mode want;
	} cases[] = {
		{"no policy", {NULL, true, false, KEEPER_RUNNING, false, false, false}, MONITOR_OFF},
		{"no kernel", {&p, false, false, KEEPER_RUNNING, false, true, false}, MONITOR_OFF},
		{"init container", {&p, true, true, KEEPER_RUNNING, false, true, false}, MONITOR_OFF},
		{"nothing known: learn from the first call",
			{&p, true, false, KEEPER_CREATED, false, false, false}, MONITOR_LEARN},
		{"known: detect from the first call", {&p, true, false, KEEPER_CREATED, false, true, false},
			MONITOR_DETECT},
		{"held: nothing is learned", {&p, true, false, KEEPER_RUNNING, false, false, true},
			MONITOR_OFF},
		{"held, but there is a profile", {&p, true, false, KEEPER_RUNNING, false, true, true},
			MONITOR_DETECT},
		{"running", {&p, true, false, KEEPER_RUNNING, false, true, false}, MONITOR_DETECT},
		{"frozen keeps its mode", {&p, true, false, KEEPER_FROZEN, false, true, false},
			MONITOR_DETECT},
		{"CRIU is in there", {&p, true, false, KEEPER_RUNNING, true, true, false}, MONITOR_OFF},
		{"busy", {&p, true, false, KEEPER_BUSY, false, true, false}, MONITOR_OFF},
		{"held: nothing of it runs", {&p, true, false, KEEPER_HELD, false, true, false}, MONITOR_OFF},
		{"ended", {&p, true, false, KEEPER_ENDED, false, true, false}, MONITOR_OFF},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (decide_mode(&cases[i].in) != cases[i].want)
			fail_msg("%s", cases[i].what);
}

static void test_freezes(void **state)
{
	struct policy p = {.detection.mode = MODE_LEARN};

	(void)state;
	assert_false(decide_freezes(NULL));
	assert_true(decide_freezes(&p));
	p.detection.mode = MODE_ENFORCE;
	assert_true(decide_freezes(&p));
	p.response.dry_run = true;
	assert_false(decide_freezes(&p));
	p.response.dry_run = false;
	p.detection.mode = MODE_OBSERVE;
	assert_false(decide_freezes(&p));
}

struct held_case {
	const char *what;
	const char *successor, *destination;
	enum escape_phase phase;
	enum escape_kind kind;
	bool init_known, init;
	enum held_action want;
};

static void test_held(void **state)
{
	static const struct held_case cases[] = {
		{"staged", "me-uid", "node-b", PHASE_STAGING, ESCAPE_MOVE, true, false, HELD_STAGE},
		{"sealed", "me-uid", "node-b", PHASE_SEALED, ESCAPE_MOVE, true, false, HELD_STAGE},
		{"restoring", "me-uid", "node-b", PHASE_RESTORING, ESCAPE_MOVE, true, false, HELD_STAGE},
		{"init containers ran in the source", "me-uid", "node-b", PHASE_STAGING, ESCAPE_MOVE, true,
			true, HELD_SKIP},
		{"not known yet what it is", "me-uid", "node-b", PHASE_STAGING, ESCAPE_MOVE, false, false,
			HELD_WAIT},
		{"not named yet", "", "node-b", PHASE_PENDING, ESCAPE_MOVE, true, false, HELD_WAIT},
		{"another pod is named: forged", "other-uid", "node-b", PHASE_STAGING, ESCAPE_MOVE, true,
			false, HELD_RELEASE},
		{"another pod is named, in an aborted one", "other-uid", "node-b", PHASE_ABORTED, ESCAPE_MOVE,
			true, false, HELD_RELEASE},
		{"never named, and over", "", "node-b", PHASE_ABORTED, ESCAPE_MOVE, true, false,
			HELD_RELEASE},
		{"another node", "me-uid", "node-c", PHASE_STAGING, ESCAPE_MOVE, true, false, HELD_RELEASE},
		{"a rollback has no successor", "", "", PHASE_PENDING, ESCAPE_ROLLBACK, true, false,
			HELD_RELEASE},
		{"aborting", "me-uid", "node-b", PHASE_ABORTING, ESCAPE_MOVE, true, false, HELD_REFUSE},
		{"aborted", "me-uid", "node-b", PHASE_ABORTED, ESCAPE_MOVE, true, true, HELD_REFUSE},
		{"failed", "me-uid", "node-b", PHASE_FAILED, ESCAPE_MOVE, true, false, HELD_REFUSE},
		{"restored: kubelet starts it again", "me-uid", "node-b", PHASE_RESTORED, ESCAPE_MOVE, true,
			false, HELD_RELEASE},
		{"long over", "me-uid", "node-b", PHASE_SUCCEEDED, ESCAPE_MOVE, true, true, HELD_RELEASE},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct held_case *c = &cases[i];
		static struct escape x;
		struct held_input in = {"node-b", "me-uid", c->init_known, c->init, &x, false};

		memset(&x, 0, sizeof(x));
		x.spec.kind = c->kind;
		x.status.phase = c->phase;
		str_copy(x.spec.destination_node, sizeof(x.spec.destination_node), c->destination);
		str_copy(x.status.successor_uid, sizeof(x.status.successor_uid), c->successor);
		if (decide_held(&in) != c->want)
			fail_msg("%s: %d", c->what, decide_held(&in));
	}
}

static void test_held_without_escape(void **state)
{
	struct held_input in = {"node-b", "me-uid", true, false, NULL, false};

	(void)state;
	/* The cache may lag behind the pod: only the API server's own word frees it. */
	assert_int_equal(decide_held(&in), HELD_LOOKUP);
	in.absent = true;
	assert_int_equal(decide_held(&in), HELD_RELEASE);
}

static void test_locally(void **state)
{
	(void)state;
	assert_false(decide_locally(false, 1000, 1000 + DECIDE_UNTOLD_MS - 1));
	assert_true(decide_locally(false, 1000, 1000 + DECIDE_UNTOLD_MS));
	assert_false(decide_locally(true, 1000, 1000 + DECIDE_UNTOLD_MS));
	assert_true(decide_locally(true, 1000, 1000 + DECIDE_TOLD_MS));
}

static bool suspect(int64_t taken_ms, int64_t detected_ms, int64_t cleared_ms)
{
	const struct alarm_span alarm = {.detected_ms = detected_ms, .cleared_ms = cleared_ms};

	return decide_suspect(taken_ms, &alarm, 5000);
}

static void test_suspect(void **state)
{
	(void)state;
	assert_false(suspect(1000, 0, 0));
	assert_true(suspect(10000, 10000, 0));
	assert_true(suspect(5000, 10000, 0));
	assert_false(suspect(4999, 10000, 0));
	assert_true(suspect(20000, 10000, 0));
	/* What was taken after the pod was given a safe state is as good as any. */
	assert_true(suspect(10999, 10000, 11000));
	assert_false(suspect(11000, 10000, 11000));
	assert_false(suspect(4999, 10000, 11000));
}

static size_t safe(
	const int64_t *taken, size_t n, size_t below, int64_t now_ms, int64_t detected_ms, int64_t cleared_ms)
{
	const struct alarm_span alarm = {.detected_ms = detected_ms, .cleared_ms = cleared_ms};

	return decide_safe(taken, n, below, now_ms, &alarm, 5000);
}

static void test_safe(void **state)
{
	const int64_t taken[] = {1000, 2000, 3000, 8000};

	(void)state;
	/* Time has passed behind three of them. */
	assert_int_equal(safe(taken, 4, 4, 10000, 0, 0), 2);
	assert_int_equal(safe(taken, 4, 4, 13000, 0, 0), 3);
	/* An alarm casts its shadow back. */
	assert_int_equal(safe(taken, 4, 4, 13000, 7500, 0), 1);
	assert_int_equal(safe(taken, 4, 4, 13000, 6000, 0), 4);
	/* And no further forward than to its end. */
	assert_int_equal(safe(taken, 4, 4, 13000, 7500, 7900), 3);
	/* Older than one that proved bad. */
	assert_int_equal(safe(taken, 4, 2, 13000, 0, 0), 1);
	assert_int_equal(safe(taken, 4, 0, 13000, 0, 0), 4);
	assert_int_equal(safe(NULL, 0, 0, 13000, 0, 0), 0);
}

static void test_expired(void **state)
{
	const int64_t taken[] = {1000, 2000, 3000, 4000, 5000};

	(void)state;
	assert_int_equal(decide_expired(taken, 5, 3, 100000, 5000), 2);
	assert_int_equal(decide_expired(taken, 5, 9, 100000, 5000), 0);
	/* Short interval, long doubt: the only safe one and those on their way to be safe stay. */
	assert_int_equal(decide_expired(taken, 5, 1, 6000, 5000), 0);
	assert_int_equal(decide_expired(taken, 5, 1, 8000, 5000), 2);
	assert_int_equal(decide_expired(taken, 5, 1, 5500, 5000), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mode),
		cmocka_unit_test(test_freezes),
		cmocka_unit_test(test_held),
		cmocka_unit_test(test_held_without_escape),
		cmocka_unit_test(test_locally),
		cmocka_unit_test(test_suspect),
		cmocka_unit_test(test_safe),
		cmocka_unit_test(test_expired),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
