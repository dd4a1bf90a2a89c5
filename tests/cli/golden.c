/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "golden.h"

#include <base/cleanup.h>
#include <base/io.h>
#include <base/str.h>

struct json *golden_input(const char *name)
{
	auto_free char *path = str_dup_fmt("%s/data/%s", CLI_TESTS, name);
	auto_free char *text = NULL;
	struct json *j = NULL;
	struct err e = {0};
	size_t len;

	assert_non_null(path);
	assert_int_equal(io_read_file(path, 1 << 20, &text, &len), 0);
	if (json_parse(text, len, 1 << 20, &j, &e))
		fail_msg("%s: %s", path, e.message);
	return j;
}

void golden_check(const char *name, const struct buf *out)
{
	auto_free char *path = str_dup_fmt("%s/golden/%s", CLI_TESTS, name);
	auto_free char *text = NULL;

	assert_non_null(path);
	assert_false(out->failed);
	if (getenv("WRITE_GOLDEN"))
		assert_int_equal(io_write_file_atomic(path, out->data, out->len, 0644), 0);
	assert_int_equal(io_read_file(path, 1 << 20, &text, NULL), 0);
	assert_string_equal(out->data, text);
}
