/* SPDX-License-Identifier: Apache-2.0 */
/* JSON for the tests of this folder, written with single quotes: Q("{'a': 1}"). */
#ifndef ESCAPE_TESTS_API_HELPER_H
#define ESCAPE_TESTS_API_HELPER_H

#include <doc/json.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static inline struct json *q(const char *text)
{
	char *copy = strdup(text);
	struct json *j = NULL;
	struct err e = {0};

	assert_non_null(copy);
	for (char *p = copy; *p; p++)
		if (*p == '\'')
			*p = '"';
	if (json_parse(copy, strlen(copy), 1 << 20, &j, &e))
		fail_msg("%s in %s", e.message, copy);
	free(copy);
	return j;
}

#endif
