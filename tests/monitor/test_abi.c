/* SPDX-License-Identifier: Apache-2.0 */
/* Calls of all kinds: by whatever way and number a task enters the kernel, it passes for no known native
 * call. */
#include "subject.h"

#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

#define CALL 480
#define X32 0x40000000U

static const struct monitor_params params = {.window = 10, .epoch = 100, .threshold = 5};

/* The number alone, then 40 calls of it: what was learned of them. */
static void learned_of(void **state, enum subject_op op, uint32_t number, uint32_t code)
{
	struct monitor_watch *w = fixture_watch(*state, &params, NULL, NULL);
	struct subject s;

	subject_start(&s, 0);
	subject_mark(&s, w);
	assert_int_equal(monitor_watch_mode(w, MONITOR_LEARN), 0);
	subject_run(&s, op, 0, 40, number);
	assert_int_equal(fixture_stats(w).calls, 41);
	assert_int_equal(fixture_stats(w).bags, 2);
	assert_true(fixture_knows(w, 10 * bosc_mark(code)));
	assert_true(fixture_knows(w, 9 * bosc_mark(code) + bosc_mark(SYS_kill)));
	subject_stop(&s);
	monitor_watch_free(w);
}

static void native_numbers_stand_for_themselves(void **state)
{
	learned_of(state, SUBJECT_NUMBER, CALL, CALL);
	learned_of(state, SUBJECT_NUMBER, 510, 510);
}

static void numbers_beyond_share_one_place(void **state)
{
	learned_of(state, SUBJECT_NUMBER, 511, 511);
	learned_of(state, SUBJECT_NUMBER, 512, 511);
	learned_of(state, SUBJECT_NUMBER, 512 + CALL, 511);
	learned_of(state, SUBJECT_NUMBER, 100000, 511);
	learned_of(state, SUBJECT_NUMBER, (uint32_t)-1, 511);
	learned_of(state, SUBJECT_NUMBER, (uint32_t)-100, 511);
}

static void x32_calls_have_places_of_their_own(void **state)
{
#ifndef __x86_64__
	(void)state;
	skip();
#else
	learned_of(state, SUBJECT_NUMBER, X32 | SYS_getppid, BOSC_X32 | SYS_getppid);
	learned_of(state, SUBJECT_NUMBER, X32 | 520, BOSC_X32 | 520);
	learned_of(state, SUBJECT_NUMBER, X32 | 1023, BOSC_X32 | 1023);
	learned_of(state, SUBJECT_NUMBER, X32 | 1024, 511);
#endif
}

/* A kernel may have no 32-bit gate, or have it switched off. */
static bool gate_is_open(void)
{
	struct subject s;
	int status;
	bool open;

	subject_start(&s, 0);
	subject_go(&s, SUBJECT_INT80, 0, 1, CALL);
	assert_int_equal(waitpid(s.pid, &status, WUNTRACED), s.pid);
	open = WIFSTOPPED(status);
	subject_stop(&s);
	return open;
}

static void calls_by_the_32bit_gate_have_places_of_their_own(void **state)
{
	if (!gate_is_open())
		skip();
	learned_of(state, SUBJECT_INT80, CALL, BOSC_32BIT | CALL);
	learned_of(state, SUBJECT_INT80, 20, BOSC_32BIT | 20); /* getpid there, writev here */
	learned_of(state, SUBJECT_INT80, 511, BOSC_32BIT | 511);
	learned_of(state, SUBJECT_INT80, 5000, BOSC_32BIT | 511);
}

static void restarted_sleeps_are_no_calls_whatever_their_kind(void **state)
{
	struct monitor_watch *w = fixture_watch(*state, &params, NULL, NULL);
	struct subject s;

	subject_start(&s, 0);
	subject_mark(&s, w);
	assert_int_equal(monitor_watch_mode(w, MONITOR_LEARN), 0);
	subject_run(&s, SUBJECT_NUMBER, 0, 40, SYS_restart_syscall);
	subject_run(&s, SUBJECT_NUMBER, 0, 40, X32 | SYS_restart_syscall);
	assert_int_equal(fixture_stats(w).calls, 2);
	if (gate_is_open())
		subject_run(&s, SUBJECT_INT80, 0, 40, 0);
	assert_int_equal(fixture_stats(w).calls, gate_is_open() ? 3 : 2);
	/* The same number is another call here. */
	subject_run(&s, SUBJECT_NUMBER, 0, 40, CALL);
	assert_int_equal(fixture_stats(w).calls, gate_is_open() ? 44 : 43);
	subject_stop(&s);
	monitor_watch_free(w);
}

/* A profile that knows a native call takes the same number of another kind for strange. */
static void known_native_call_does_not_cover_for_others(void **state)
{
	struct monitor_params p = {.window = 10, .epoch = 100000, .threshold = 99999};
	struct monitor_watch *w = fixture_watch(*state, &p, NULL, NULL);
	struct subject s;

	subject_start(&s, 0);
	subject_mark(&s, w);
	assert_int_equal(monitor_watch_mode(w, MONITOR_LEARN), 0);
	subject_run(&s, SUBJECT_NUMBER, 0, 40, SYS_getppid);
	subject_run(&s, SUBJECT_NUMBER, 0, 40, SYS_getppid);
	assert_int_equal(monitor_watch_mode(w, MONITOR_DETECT), 0);
	subject_run(&s, SUBJECT_NUMBER, 0, 40, SYS_getppid);
	assert_int_equal(fixture_stats(w).mismatches, 0);
	subject_run(&s, SUBJECT_NUMBER, 0, 40, X32 | SYS_getppid);
	assert_true(fixture_stats(w).mismatches >= 40);
	if (gate_is_open()) {
		uint64_t before = fixture_stats(w).mismatches;

		subject_run(&s, SUBJECT_INT80, 0, 40, SYS_getppid);
		assert_true(fixture_stats(w).mismatches - before >= 40);
	}
	subject_stop(&s);
	monitor_watch_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			native_numbers_stand_for_themselves, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(numbers_beyond_share_one_place, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(x32_calls_have_places_of_their_own, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(
			calls_by_the_32bit_gate_have_places_of_their_own, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(
			restarted_sleeps_are_no_calls_whatever_their_kind, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(
			known_native_call_does_not_cover_for_others, fixture_up, fixture_down),
	};

	fixture_need_bpf();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
