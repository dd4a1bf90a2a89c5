/* SPDX-License-Identifier: Apache-2.0 */
/* Which pairs and triples have counted in the epoch under way; what an older epoch left is as good as empty.
 * One owner. */
#ifndef ESCAPE_BOSC_STAMPS_H
#define ESCAPE_BOSC_STAMPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stamp {
	uint32_t key;
	uint32_t era; /* 0: never used */
};

struct stamps {
	struct stamp *at;
	size_t n; /* a power of two */
	uint32_t era;
};

/* Room for max keys in one epoch. */
int stamps_init(struct stamps *s, size_t max);
void stamps_free(struct stamps *s);
void stamps_next_epoch(struct stamps *s);
/* True for the first time in this epoch. */
bool stamps_take(struct stamps *s, uint32_t key);

#endif
