/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <bosc/call_names.h>
#include <bosc/core.h>
#include <string.h>
#include <sys/syscall.h>

static void native_calls_have_the_names_of_the_headers(void **state)
{
	(void)state;
	assert_string_equal(call_name(bosc_call(SYS_read)).name, "read");
	assert_string_equal(call_name(bosc_call(SYS_execve)).name, "execve");
	assert_string_equal(call_name(bosc_call(SYS_io_uring_enter)).name, "io_uring_enter");
	assert_int_equal(call_name(bosc_call(SYS_execve)).number, SYS_execve);
	assert_string_equal(call_name(bosc_call(SYS_execve)).kind, "");
}

static void numbers_without_a_name(void **state)
{
	(void)state;
	assert_null(call_name(510).name);
	assert_int_equal(call_name(510).number, 510);
	assert_null(call_name(bosc_call((uint64_t)-1)).name);
	for (uint32_t code = 0; code < BOSC_CODES; code++)
		assert_true(!call_name(code).name || strlen(call_name(code).name) < 31);
}

static void other_kinds_have_their_own_numbers(void **state)
{
	(void)state;
	assert_string_equal(call_name(bosc_call_32bit(5)).kind, "32-bit");
	assert_int_equal(call_name(bosc_call_32bit(5)).number, 5);
	assert_string_equal(call_name(bosc_call(0x40000208)).kind, "x32");
	assert_int_equal(call_name(bosc_call(0x40000208)).number, 0x208);
#ifdef __x86_64__
	assert_string_equal(call_name(bosc_call_32bit(11)).name, "execve");
	assert_string_equal(call_name(bosc_call(0x40000208)).name, "execve");
#endif
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(native_calls_have_the_names_of_the_headers),
		cmocka_unit_test(numbers_without_a_name),
		cmocka_unit_test(other_kinds_have_their_own_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
