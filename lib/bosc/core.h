/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * Bags of system calls, the part that runs in the kernel: integers only, no libc, every function inline, so
 * that the BPF program and user space count with the same lines. A window holds the last N calls of one task
 * and the hash of their bag; a tally holds the epochs of one container. Not here: the database of known bags
 * (a BPF map there, bosc.h here), locking (the caller holds the tally alone), clocks (time is an argument).
 */
#ifndef ESCAPE_BOSC_CORE_H
#define ESCAPE_BOSC_CORE_H

#include <linux/types.h>

#define BOSC_WINDOW_MIN 2
#define BOSC_WINDOW_MAX 64
/*
 * A call's code is what bags are made of; calls of different kinds never have the same. Native numbers 0..510
 * stand for themselves, 511 for all from there on (numbers no kernel has, -1 of a skipped call). A 32-bit
 * call follows at BOSC_32BIT, an x32 call at BOSC_X32, each by its own kind's number.
 */
#define BOSC_CALLS 512
#define BOSC_32BIT 512
#define BOSC_X32 1024
#define BOSC_CODES 2048

#define BOSC_INLINE static inline __attribute__((always_inline, unused))

/*
 * What databases keep of a bag. 38 bits are what makes a profile small: of 50,000 known bags one unknown bag
 * in 5 million is taken for a known one (docs/adr/008).
 */
#define BOSC_KEY_BITS 38

BOSC_INLINE __u64 bosc_key(__u64 bag)
{
	return bag & ((1ULL << BOSC_KEY_BITS) - 1);
}

struct bosc_params {
	__u32 window;    /* N, calls of one task */
	__u32 epoch;     /* E, calls of the container, >= 1 */
	__u32 threshold; /* T: anomalous as soon as one epoch has more mismatches */
};

struct bosc_window {
	__u64 bag;    /* sum of the marks of the codes in the ring */
	__u64 recent; /* the last four codes, 16 bits each, the last of all lowest */
	__u16 ring[BOSC_WINDOW_MAX];
	__u8 next;
	__u8 count;
};

/* The code of a native call, or of an x32 call: x86-64 knows that by a bit in its number. */
BOSC_INLINE __u32 bosc_call(__u64 nr)
{
	if (nr < BOSC_CALLS)
		return (__u32)nr;
	return nr >> 10 == 0x40000000 >> 10 ? BOSC_X32 | (nr & 1023) : BOSC_CALLS - 1;
}

/* The code of a call by a 32-bit program, or through the 32-bit gate (int 0x80). */
BOSC_INLINE __u32 bosc_call_32bit(__u64 nr)
{
	return BOSC_32BIT | (nr < BOSC_CALLS ? (__u32)nr : BOSC_CALLS - 1);
}

/* A bijective mix of 64 bits (splitmix64's finaliser): what differs stays different, and spreads. */
BOSC_INLINE __u64 bosc_mix(__u64 z)
{
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

/*
 * The 64-bit mark of a code, the same on every node, so that profiles travel. Marks are added, hence equal
 * bags have equal sums in any order, and one leaves the sum as it came. No key: a readable profile is an
 * evasion manual with or without it.
 */
BOSC_INLINE __u64 bosc_mark(__u32 code)
{
	return bosc_mix((code + 1) * 0x9e3779b97f4a7c15ULL);
}

BOSC_INLINE void bosc_window_reset(struct bosc_window *w)
{
	w->bag = 0;
	w->next = 0;
	w->count = 0;
}

/* Takes one call in. Returns 1 when the window is full, that is w->bag is the bag of the last n calls. n must
 * not change between resets. */
BOSC_INLINE int bosc_window_push(struct bosc_window *w, __u32 n, __u32 code)
{
	__u32 at = w->next & (BOSC_WINDOW_MAX - 1);

	if (w->count >= n)
		w->bag -= bosc_mark(w->ring[at]);
	else
		w->count++;
	w->ring[at] = (__u16)code;
	w->bag += bosc_mark(code);
	w->recent = w->recent << 16 | code;
	w->next = at + 1 >= n ? 0 : (__u8)(at + 1);
	return w->count >= n;
}

struct bosc_cell {
	__u64 epoch;
	__u64 first_ns; /* when its first mismatch was */
	__u64 mismatches;
};

/*
 * The epochs of one container. All zero is its beginning. Calls are numbered from 0 by whoever counts `calls`
 * up (atomically, where many CPUs do); a call's epoch follows from its number, so a bag that is known costs
 * nothing here.
 */
struct bosc_tally {
	__u64 calls;
	__u64 base;       /* number of the first call of the present row of epochs */
	__u64 row;        /* complete epochs before that row */
	__u64 quiet_from; /* the first epoch after the last one that brought a new bag */
	__u64 mismatches;
	struct bosc_cell cell[2]; /* by epoch & 1: a CPU that is late still finds its epoch */
	__u32 fired;              /* a verdict is out: none until the next row */
	__u32 unused;
};

/* Complete epochs so far; the epoch that runs now has this number. */
BOSC_INLINE __u64 bosc_tally_epochs(const struct bosc_tally *t, __u32 epoch)
{
	return t->row + (t->calls - t->base) / epoch;
}

BOSC_INLINE __u64 bosc_tally_quiet(const struct bosc_tally *t, __u32 epoch)
{
	__u64 now = bosc_tally_epochs(t, epoch);

	return now > t->quiet_from ? now - t->quiet_from : 0;
}

/* A fresh epoch begins with the next call; the one that was under way is not judged and not counted. Verdicts
 * are possible again. */
BOSC_INLINE void bosc_tally_restart(struct bosc_tally *t, __u32 epoch)
{
	t->row = bosc_tally_epochs(t, epoch);
	t->base = t->calls;
	t->cell[0].epoch = t->cell[1].epoch = 0;
	t->cell[0].mismatches = t->cell[1].mismatches = 0;
	t->fired = 0;
}

/* The epoch of a call that is numbered base or later. */
BOSC_INLINE __u64 bosc_tally_epoch(const struct bosc_tally *t, __u32 epoch, __u64 number)
{
	return t->row + (number - t->base) / epoch;
}

/* Learning: call number nr brought a bag that was not known. */
BOSC_INLINE void bosc_tally_new_bag(struct bosc_tally *t, __u32 epoch, __u64 number)
{
	__u64 after;

	if (number < t->base)
		return;
	after = bosc_tally_epoch(t, epoch, number) + 1;
	if (t->quiet_from < after)
		t->quiet_from = after;
}

/*
 * Detecting: call `number` completed a bag that is not in the database. Returns the cell of its epoch when
 * this makes the epoch anomalous (more than T mismatches) and no verdict is out, else a null pointer.
 */
BOSC_INLINE struct bosc_cell *bosc_tally_mismatch(
	struct bosc_tally *t, const struct bosc_params *p, __u64 number, __u64 now_ns)
{
	struct bosc_cell *c;
	__u64 e;

	t->mismatches++;
	if (number < t->base)
		return 0;
	e = bosc_tally_epoch(t, p->epoch, number);
	c = &t->cell[e & 1];
	if (c->mismatches == 0 || c->epoch < e) {
		c->epoch = e;
		c->first_ns = now_ns;
		c->mismatches = 0;
	} else if (c->epoch > e) {
		return 0;
	}
	c->mismatches++;
	if (t->fired || c->mismatches <= p->threshold)
		return 0;
	t->fired = 1;
	return c;
}

#endif
