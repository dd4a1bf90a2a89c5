/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of lib/obs share; nobody else includes it. */
#ifndef ESCAPE_OBS_INTERNAL_H
#define ESCAPE_OBS_INTERNAL_H

#include <obs/metrics.h>
#include <stdint.h>

struct series {
	char *labels[METRIC_LABELS_MAX];
	double value;       /* HISTOGRAM: the sum */
	uint64_t count;     /* HISTOGRAM */
	uint64_t buckets[]; /* HISTOGRAM: per bound, not yet cumulated */
};

struct metric {
	struct metric *next;
	struct metrics *owner;
	const struct metric_desc *desc;
	size_t labels_len;
	struct series **series; /* sorted by labels */
	size_t len;
	size_t cap;
};

struct metrics {
	struct metric *first; /* in the order of registration */
	struct metric **last;
	uint64_t dropped;
};

#endif
