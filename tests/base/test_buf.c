/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <base/buf.h>
#include <base/err.h>
#include <errno.h>
#include <string.h>

static void appends_and_terminates(void **state)
{
	auto_buf struct buf b = BUF_INIT(100);

	(void)state;
	assert_int_equal(buf_add(&b, "", 0), 0);
	assert_non_null(b.data);
	assert_string_equal(b.data, "");
	assert_int_equal(buf_adds(&b, "one"), 0);
	assert_int_equal(buf_addf(&b, " %d %s", 2, "three"), 0);
	assert_int_equal(buf_add(&b, "\0x", 2), 0);
	assert_int_equal(b.len, 13);
	assert_memory_equal(b.data, "one 2 three\0x", 14);
	assert_false(b.failed);
}

static void maximum_is_exact(void **state)
{
	auto_buf struct buf b = BUF_INIT(5);

	(void)state;
	assert_int_equal(buf_adds(&b, "12345"), 0);
	assert_int_equal(buf_adds(&b, "6"), -EMSGSIZE);
	assert_true(b.failed);
	assert_string_equal(b.data, "12345");
	assert_int_equal(buf_addf(&b, "%d", 7), -EMSGSIZE);
	assert_string_equal(b.data, "12345");
	buf_reset(&b);
	assert_false(b.failed);
	assert_string_equal(b.data, "");
	assert_int_equal(buf_addf(&b, "%s", "abcde"), 0);
	assert_int_equal(b.len, 5);
	assert_true(b.cap <= 6);
}

static void nothing_fits_in_nothing(void **state)
{
	auto_buf struct buf b = BUF_INIT(0);

	(void)state;
	assert_int_equal(buf_adds(&b, "a"), -EMSGSIZE);
	assert_int_equal(buf_add(&b, "a", 0), 0);
	assert_string_equal(b.data, "");
}

static void absurd_sizes_are_refused(void **state)
{
	auto_buf struct buf b = BUF_INIT(SIZE_MAX - 1);

	(void)state;
	assert_int_equal(buf_adds(&b, "x"), 0);
	assert_int_equal(buf_add(&b, "x", SIZE_MAX), -EMSGSIZE);
	assert_int_equal(buf_add(&b, "x", SIZE_MAX - 1), -EMSGSIZE);
	assert_int_equal(buf_add(&b, "x", SIZE_MAX / 2), -ENOMEM);
	assert_string_equal(b.data, "x");
}

static void grows_over_many_appends(void **state)
{
	auto_buf struct buf b = BUF_INIT(1 << 20);

	(void)state;
	for (int i = 0; i < 10000; i++)
		assert_int_equal(buf_addf(&b, "%05d,", i), 0);
	assert_int_equal(b.len, 60000);
	assert_memory_equal(b.data + 59994, "09999,", 7);
}

static void consumes_from_the_front(void **state)
{
	auto_buf struct buf b = BUF_INIT(100);

	(void)state;
	buf_consume(&b, 3);
	buf_adds(&b, "abcdef");
	buf_consume(&b, 2);
	assert_string_equal(b.data, "cdef");
	buf_consume(&b, 0);
	assert_string_equal(b.data, "cdef");
	buf_consume(&b, 99);
	assert_string_equal(b.data, "");
	assert_int_equal(b.len, 0);
}

static void free_leaves_it_usable(void **state)
{
	struct buf b = BUF_INIT(10);

	(void)state;
	buf_free(NULL);
	buf_free(&b);
	buf_adds(&b, "x");
	buf_free(&b);
	assert_null(b.data);
	assert_int_equal(b.max, 10);
	assert_int_equal(buf_adds(&b, "again"), 0);
	buf_free(&b);
}

static void err_is_filled_and_returned(void **state)
{
	struct err e = {0};

	(void)state;
	assert_int_equal(err_set(&e, -EINVAL, "BadPath", "%s is %d", "x", 3), -EINVAL);
	assert_int_equal(e.code, -EINVAL);
	assert_string_equal(e.reason, "BadPath");
	assert_string_equal(e.message, "x is 3");
	assert_int_equal(err_wrap(&e, "reading %s", "conf"), -EINVAL);
	assert_string_equal(e.message, "reading conf: x is 3");
	assert_int_equal(err_set(&e, -EIO, "BadPath", "after %s", e.message), -EIO);
	assert_string_equal(e.message, "after reading conf: x is 3");
	err_clear(&e);
	assert_int_equal(e.code, 0);
	assert_string_equal(e.message, "");
}

static void err_may_be_null(void **state)
{
	(void)state;
	assert_int_equal(err_set(NULL, -ENOENT, "X", "y"), -ENOENT);
	assert_int_equal(err_wrap(NULL, "x"), -EIO);
	err_clear(NULL);
}

static void long_messages_say_that_they_are_cut(void **state)
{
	struct err e;
	char big[2000];

	(void)state;
	memset(big, 'a', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	err_set(&e, -EINVAL, big, "%s", big);
	assert_int_equal(strlen(e.reason), ERR_REASON_MAX - 1);
	assert_int_equal(strlen(e.message), ERR_MESSAGE_MAX - 1);
	assert_string_equal(e.message + ERR_MESSAGE_MAX - 5, "a...");
	err_wrap(&e, "ctx");
	assert_int_equal(strlen(e.message), ERR_MESSAGE_MAX - 1);
	assert_memory_equal(e.message, "ctx: aaa", 8);
	assert_string_equal(e.message + ERR_MESSAGE_MAX - 4, "...");
	err_wrap(&e, "%s", big);
	assert_string_equal(e.message + ERR_MESSAGE_MAX - 5, "a...");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(appends_and_terminates),
		cmocka_unit_test(maximum_is_exact),
		cmocka_unit_test(nothing_fits_in_nothing),
		cmocka_unit_test(absurd_sizes_are_refused),
		cmocka_unit_test(grows_over_many_appends),
		cmocka_unit_test(consumes_from_the_front),
		cmocka_unit_test(free_leaves_it_usable),
		cmocka_unit_test(err_is_filled_and_returned),
		cmocka_unit_test(err_may_be_null),
		cmocka_unit_test(long_messages_say_that_they_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
