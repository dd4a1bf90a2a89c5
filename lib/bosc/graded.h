/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * Pairs and triples of consecutive calls of one task: the second half of the Fused detector, the part that
 * runs in the kernel (see core.h for the first, and for what is not here). Per epoch of a container it counts
 * each distinct rare pair and each distinct unseen triple once; R, the score of an epoch, weighs those of the
 * last GRADED_RING epochs. That a pair or triple counts once is the caller's: a stamp map there, a table in
 * user space.
 */
#ifndef ESCAPE_BOSC_GRADED_H
#define ESCAPE_BOSC_GRADED_H

#include <bosc/core.h>

#define GRADED_RING 4
#define GRADED_PAIR_WEIGHT 32 /* of a pair; a triple weighs 1 */
/* A pair is rare when no task showed it, or, once 4 * Q tasks are learned, fewer than one in Q. */
#define GRADED_Q 256

/*
 * Pairs and triples know native calls one by one. All 32-bit calls are one, and so are all x32 calls: bags
 * tell them apart. They stand at two numbers that no 64-bit kernel has or will have (422 and 423 are the end
 * of the 32-bit time64 calls), which themselves count as calls without a place.
 */
#define GRADED_CALL_BITS 9
#define GRADED_32BIT 422
#define GRADED_X32 423
#define GRADED_OTHER 511

#define GRADED_PAIRS (1U << 2 * GRADED_CALL_BITS)
#define GRADED_TRIPLES (1U << 3 * GRADED_CALL_BITS)
/* Seen triples as the kernel keeps them: a few bits in one word, so that one look answers. */
#define GRADED_TRIPLE_WORDS 4096

_Static_assert(1 << GRADED_CALL_BITS == BOSC_CALLS, "a call is 9 bits of a pair");

/* What a profile knows, for detecting. */
struct graded_known {
	__u64 pairs[GRADED_PAIRS / 64];
	__u64 triples[GRADED_TRIPLE_WORDS];
};

/* Tasks that showed a pair, or all tasks, while it is learned. */
struct graded_count {
	__u32 tasks;
	__u32 added; /* of these, in `epoch` */
	__u32 epoch;
};

/* The pairs that one task showed, as far as 4,096 bits can tell. */
struct graded_filter {
	__u64 bits[64];
};

struct graded_cell {
	__u64 epoch;
	__u32 pairs, triples;
};

/* Of one container; all zero is its beginning. */
struct graded_tally {
	struct graded_cell cell[GRADED_RING];
};

BOSC_INLINE __u32 graded_call(__u32 code)
{
	if (code < BOSC_CALLS)
		return code >> 1 == GRADED_32BIT >> 1 ? GRADED_OTHER : code;
	return code < BOSC_X32 ? GRADED_32BIT : GRADED_X32;
}

/* The mask is the verifier's proof. */
BOSC_INLINE __u32 graded_join(__u32 before, __u32 call)
{
	return (before << GRADED_CALL_BITS | call) & (GRADED_PAIRS - 1);
}

/*
 * How many of the two, pair and triple, the next call completes: to be asked before it is pushed. A task's
 * first call completes none, its second a pair only.
 */
BOSC_INLINE int graded_steps(const struct bosc_window *w)
{
	return w->count < 2 ? w->count : 2;
}

/* Those that the call pushed last has completed. */
BOSC_INLINE __u32 graded_pair(const struct bosc_window *w)
{
	return graded_join(graded_call(w->recent >> 16 & 0xffff), graded_call(w->recent & 0xffff));
}

BOSC_INLINE __u32 graded_triple(const struct bosc_window *w)
{
	__u32 call = graded_call(w->recent & 0xffff), last = graded_call(w->recent >> 16 & 0xffff);

	return graded_join(graded_call(w->recent >> 32 & 0xffff), last) << GRADED_CALL_BITS | call;
}

BOSC_INLINE int graded_bit(const __u64 *bits, __u32 at)
{
	return bits[at / 64] >> at % 64 & 1;
}

/* Its word in graded_known.triples, and its bits there. */
BOSC_INLINE __u32 graded_triple_at(__u32 triple, __u64 *bits)
{
	__u64 mark = bosc_mark(triple);

	*bits = 1ULL << (mark & 63) | 1ULL << (mark >> 6 & 63) | 1ULL << (mark >> 12 & 63) |
		1ULL << (mark >> 18 & 63);
	return mark >> 32 & (GRADED_TRIPLE_WORDS - 1);
}

BOSC_INLINE int graded_triple_seen(const __u64 *triples, __u32 triple)
{
	__u64 bits;
	__u32 at = graded_triple_at(triple, &bits);

	return (triples[at] & bits) == bits;
}

/* A full window's bag and the three calls at its end, for remembering that all of it is known. */
BOSC_INLINE __u64 graded_path(const struct bosc_window *w)
{
	return w->bag ^ ((w->recent & 0xffffffffffffULL) + 1) * 0x9e3779b97f4a7c15ULL;
}

/* Returns 1 when it was not seen before. Many CPUs may learn at once. */
BOSC_INLINE int graded_triple_learn(__u64 *triples, __u32 triple)
{
	__u64 bits;
	__u32 at = graded_triple_at(triple, &bits);

	if ((triples[at] & bits) == bits)
		return 0;
	__sync_fetch_and_or(&triples[at], bits);
	return 1;
}

BOSC_INLINE __u32 graded_filter_at(__u32 pair)
{
	return (pair + 1) * 0x9e3779b1U >> 20;
}

BOSC_INLINE int graded_filter_has(const struct graded_filter *f, __u32 pair)
{
	return graded_bit(f->bits, graded_filter_at(pair));
}

/* Returns 1 when the task shows this pair for the first time. */
BOSC_INLINE int graded_filter_take(struct graded_filter *f, __u32 pair)
{
	__u32 at = graded_filter_at(pair);

	if (graded_bit(f->bits, at))
		return 0;
	f->bits[at / 64] |= 1ULL << at % 64;
	return 1;
}

BOSC_INLINE int graded_rare(__u32 tasks_of_pair, __u64 tasks)
{
	return tasks_of_pair == 0 || (tasks >= 4ULL * GRADED_Q && (__u64)tasks_of_pair * GRADED_Q < tasks);
}

/* How many there were before this epoch, which is what the epoch is judged by. */
BOSC_INLINE __u32 graded_count_before(const struct graded_count *c, __u32 epoch)
{
	return c->epoch == epoch ? c->tasks - c->added : c->tasks;
}

BOSC_INLINE void graded_count_add(struct graded_count *c, __u32 epoch)
{
	if (c->epoch != epoch) {
		c->epoch = epoch;
		c->added = 0;
	}
	c->tasks++;
	c->added++;
}

/* R of an epoch, as far as it has come. */
BOSC_INLINE __u32 graded_tally_score(const struct graded_tally *t, __u64 epoch)
{
	__u32 score = 0;

	for (int i = 0; i < GRADED_RING; i++) {
		const struct graded_cell *c = &t->cell[i];

		if (c->epoch <= epoch && c->epoch + GRADED_RING > epoch)
			score += c->pairs * GRADED_PAIR_WEIGHT + c->triples;
	}
	return score;
}

/* Counts for an epoch and returns its R. A CPU so late that its epoch has left the ring counts for none: 0.
 */
BOSC_INLINE __u32 graded_tally_add(struct graded_tally *t, __u64 epoch, __u32 pairs, __u32 triples)
{
	struct graded_cell *c = &t->cell[epoch % GRADED_RING];

	if (c->epoch > epoch)
		return 0;
	if (c->epoch < epoch) {
		c->epoch = epoch;
		c->pairs = c->triples = 0;
	}
	c->pairs += pairs;
	c->triples += triples;
	return graded_tally_score(t, epoch);
}

#endif
