/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Metrics and their Prometheus text form. It keeps and prints numbers; serving them is lib/http's.
 * One registry per process, made by main and passed on; it owns its metrics, a metric its series.
 * Descriptions are borrowed for the life of the registry: make them static const. Label values may come from
 * outside: each metric has a limit on its series, and what is over it is counted and dropped. Threads: the
 * loop's only.
 */
#ifndef ESCAPE_OBS_METRICS_H
#define ESCAPE_OBS_METRICS_H

#include <base/buf.h>
#include <base/err.h>
#include <stddef.h>

#define METRIC_LABELS_MAX 4
#define METRIC_BOUNDS_MAX 32
#define METRIC_SERIES_DEFAULT 1000

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

struct metric_desc {
	const char *name; /* with its base unit: escape_restore_seconds, escape_dump_bytes; counters end in
			     _total */
	const char *help;
	enum metric_type type;
	const char *labels[METRIC_LABELS_MAX]; /* names, up to the first NULL */
	const double *bounds;                  /* HISTOGRAM: upper bounds, ascending, without +Inf */
	size_t bounds_len;
	size_t max_series; /* 0: METRIC_SERIES_DEFAULT */
};

struct metrics;
struct metric;

int metrics_new(struct metrics **ret);
void metrics_free(struct metrics *m); /* takes NULL; with all its metrics */
/* -EINVAL for what Prometheus would refuse, -EEXIST for a name that is taken. *ret lives as long as m. */
int metrics_register(struct metrics *m, const struct metric_desc *desc, struct metric **ret, struct err *e);
/* Appends the whole exposition (text format 0.0.4), sorted by labels within a metric. */
int metrics_render(const struct metrics *m, struct buf *out);
#define METRICS_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

/*
 * Values in the order of desc.labels, NULL for "": metric_add(m, METRIC_LABELS("shop", "Rollback"), 1). A
 * metric without labels takes NULL and is there with 0 from the start.
 */
#define METRIC_LABELS(...) ((const char *const[METRIC_LABELS_MAX]){__VA_ARGS__})

/* 0, -EINVAL (wrong type, a counter going down, not a number), -ENOSPC (series limit), -ENOMEM. Callers may
 * ignore it. */
int metric_add(struct metric *m, const char *const *labels, double by);        /* COUNTER, GAUGE */
int metric_set(struct metric *m, const char *const *labels, double value);     /* GAUGE */
int metric_observe(struct metric *m, const char *const *labels, double value); /* HISTOGRAM */
/* Forgets one series, when what it told about is gone. */
void metric_remove(struct metric *m, const char *const *labels);

#endif
