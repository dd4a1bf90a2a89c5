/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sets of numbers as text, for profiles: base64 of a head and of the gaps between the numbers in Rice's code
 * (a gap's upper bits in unary, its lower k as they are), which comes within half a bit per number of what
 * numbers without a pattern need. Counts, when there are any, follow in Elias's gamma code. Pure; what is
 * decoded may be hostile.
 */
#ifndef ESCAPE_API_ASCENDING_H
#define ESCAPE_API_ASCENDING_H

#include <stddef.h>
#include <stdint.h>

/* Numbers ascending, each once, below 2^63; counts (NULL: none) from 1 on. No numbers: "". NULL: out of
 * memory. Caller frees. */
char *ascending_encode(const uint64_t *numbers, const uint32_t *counts, size_t n);
/*
 * At most max numbers, each below limit. ret_counts NULL: they have no counts. Caller frees both. -EINVAL: no
 * such text; -E2BIG: more than max; -ENOMEM.
 */
int ascending_decode(
	const char *text, uint64_t limit, size_t max, uint64_t **ret, uint32_t **ret_counts, size_t *ret_n);

#endif
