/* SPDX-License-Identifier: Apache-2.0 */
/* Runs `kubectl-escape simulate` for the tests of what it prints. */
#ifndef ESCAPE_TESTS_MODEL_SIMULATE_H
#define ESCAPE_TESTS_MODEL_SIMULATE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <base/cleanup.h>
#include <base/str.h>
#include <string.h>

#include "tests/cli/program.h"

enum { OUTPUT_MAX = 1 << 20 };

static inline int simulate(const char *args, struct buf *out)
{
	auto_free char *all = str_dup_fmt("simulate %s", args);

	return program_run(all, out);
}

#endif
