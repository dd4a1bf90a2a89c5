/* SPDX-License-Identifier: Apache-2.0 */
/* The one function of every fuzz target. It never fails by its result: a crash, a leak or a sanitizer does.
 */
#ifndef ESCAPE_TESTS_FUZZ_H
#define ESCAPE_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
