/* SPDX-License-Identifier: Apache-2.0 */
/* Inputs and expected outputs of the tests, in files. Failures end the test. */
#ifndef ESCAPE_TESTS_CLI_GOLDEN_H
#define ESCAPE_TESTS_CLI_GOLDEN_H

#include <base/buf.h>
#include <doc/json.h>

/* 2026-11-24T23:00:00Z, the present of all tests. */
#define GOLDEN_NOW_MS 1795561200000

/* data/NAME; caller frees. */
struct json *golden_input(const char *name);
/* out is what golden/NAME says. */
void golden_check(const char *name, const struct buf *out);

#endif
