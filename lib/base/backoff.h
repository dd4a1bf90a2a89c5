/* SPDX-License-Identifier: Apache-2.0 */
/* Exponential back-off with full jitter (delay uniform in [base, current]), the same for watches, queues and
 * orders. */
#ifndef ESCAPE_BASE_BACKOFF_H
#define ESCAPE_BASE_BACKOFF_H

#include <stdint.h>

struct backoff {
	uint32_t base_ms;
	uint32_t max_ms;
	uint32_t failures;
	uint64_t rng; /* seed with backoff_init; deterministic for a given seed */
};

void backoff_init(struct backoff *b, uint32_t base_ms, uint32_t max_ms, uint64_t seed);
uint32_t backoff_next_ms(struct backoff *b); /* counts a failure and says how long to wait */
void backoff_reset(struct backoff *b);
/* splitmix64: the one pseudo-random generator of the project (placement, jitter, tests). */
uint64_t rng_next(uint64_t *state);

#endif
