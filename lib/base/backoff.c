/* SPDX-License-Identifier: Apache-2.0 */
#include <base/backoff.h>

uint64_t rng_next(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

void backoff_init(struct backoff *b, uint32_t base_ms, uint32_t max_ms, uint64_t seed)
{
	*b = (struct backoff){
		.base_ms = base_ms,
		.max_ms = max_ms < base_ms ? base_ms : max_ms,
		.rng = seed,
	};
}

void backoff_reset(struct backoff *b)
{
	b->failures = 0;
}

uint32_t backoff_next_ms(struct backoff *b)
{
	uint64_t ceiling = b->max_ms;

	if (b->failures < UINT32_MAX)
		b->failures++;
	if (b->failures < 32 && ((uint64_t)b->base_ms << b->failures) < ceiling)
		ceiling = (uint64_t)b->base_ms << b->failures;
	return (uint32_t)(b->base_ms + rng_next(&b->rng) % (ceiling - b->base_ms + 1));
}
