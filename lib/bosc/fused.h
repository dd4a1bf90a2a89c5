/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Fused detector over recorded streams: bags (core.h) and pairs with triples (graded.h) of one container,
 * whichever is further beyond its threshold. Thresholds come from the learned streams themselves: each epoch
 * is scored by what was known before it, then learned. The exact form keeps triples one by one; the kernel
 * form is bit for bit what the BPF program keeps. No I/O. Not thread-safe: one owner. The model is borrowed
 * by its streams.
 */
#ifndef ESCAPE_BOSC_FUSED_H
#define ESCAPE_BOSC_FUSED_H

#include <bosc/bosc.h>
#include <bosc/graded.h>

/* Fewer learned epochs than this say nothing about what is rare. */
#define FUSED_EPOCHS_MIN 20
/* The first epoch that can be judged while learning. R is over GRADED_RING epochs, so an attack that rises
 * over them must not lift the limit that it is held against: the last ones do not make it. */
#define FUSED_JUDGED_FROM (FUSED_EPOCHS_MIN + GRADED_RING)
/* A score of 256 is the threshold itself. */
#define FUSED_ALARM 256

enum fused_form { FUSED_EXACT, FUSED_KERNEL };

struct fused_params {
	uint32_t window, epoch;
	enum fused_form form;
};

/* What an epoch had: R in pairs alone, R in pairs and triples, mismatches. */
struct fused_sample {
	uint32_t pair, graded, bosc;
};

struct fused_thresholds {
	uint32_t pair, graded, bosc;
};

struct fused_model {
	struct fused_params params;
	struct bosc_db *bags;
	struct graded_count *pairs; /* GRADED_PAIRS of them */
	__u64 *triples;             /* a bit for each of GRADED_TRIPLES, or graded_known.triples */
	uint64_t tasks;
	uint64_t epochs; /* learned */
	struct fused_sample *samples;
	size_t n_samples, cap_samples;
};

/* -EINVAL for parameters out of range. */
int fused_model_init(struct fused_model *m, const struct fused_params *p);
void fused_model_free(struct fused_model *m);
size_t fused_model_triple_words(const struct fused_model *m);
/* Pairs that some task showed; *ret_rare (may be NULL) of them are rare all the same. */
size_t fused_model_pairs(const struct fused_model *m, size_t *ret_rare);
/* Bits that are set: in the exact form the number of distinct triples. */
size_t fused_model_triple_bits(const struct fused_model *m);
/* From the samples of the second half of learning. -EAGAIN: fewer than FUSED_EPOCHS_MIN epochs were learned.
 */
int fused_model_calibrate(const struct fused_model *m, struct fused_thresholds *ret);

/*
 * The 99.5th percentile q of n scores, raised by half (beyond 320 scores by 160/n: few have not seen the
 * tail), or, for bags, which vary more, twice q; not below least. Sorts scores.
 */
uint32_t fused_threshold(uint32_t *scores, size_t n, uint32_t least, bool twice);
/*
 * While learning: what an epoch may have before somebody is asked whether it is normal, by the threshold that
 * would come out if learning ended now. 8 rare pairs, or 8 windows of bags, are no reason to ask anybody.
 */
uint32_t fused_limit_graded(uint32_t threshold);
uint32_t fused_limit_bosc(uint32_t threshold, uint32_t window);
/* How many of the learned epochs from number `from` on had more than that by what was learned before them.
 * -ENOMEM. */
int fused_model_outside(const struct fused_model *m, size_t from, size_t *ret);
uint64_t fused_score(const struct fused_sample *s, const struct fused_thresholds *t);

enum fused_kind { FUSED_PAIR, FUSED_TRIPLE, FUSED_BAG };

/* Something that an epoch was scored for. */
struct fused_finding {
	enum fused_kind kind;
	uint32_t task;
	uint64_t epoch, number; /* of the call that completed it, both from 0 */
	const uint16_t *calls;  /* in their order; borrowed until the callback returns */
	size_t n_calls;
};
typedef void (*fused_on_finding)(void *arg, const struct fused_finding *f);

struct fused_peak {
	uint32_t score;
	uint64_t epoch; /* the first that had it */
};

struct fused_result {
	uint64_t calls, epochs; /* the last, incomplete one included */
	struct fused_peak pair, graded, bosc;
};

/* One container whose calls are fed in the order in which they happened. */
struct fused_stream;
int fused_stream_new(struct fused_model *m, bool learn, struct fused_stream **ret);
void fused_stream_free(struct fused_stream *s);
/* From then on fused_stream_call returns 1 where R or an epoch's mismatches first exceed a threshold. */
void fused_stream_alarm(struct fused_stream *s, const struct fused_thresholds *t);
void fused_stream_observe(struct fused_stream *s, fused_on_finding cb, void *arg);
/* 1: the alarm, 0 or -ENOMEM. */
int fused_stream_call(struct fused_stream *s, uint32_t task, uint64_t nr);
/* Ends the last epoch; nothing is fed after it. */
int fused_stream_end(struct fused_stream *s);
void fused_stream_result(const struct fused_stream *s, struct fused_result *ret);

#endif
