/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include <base/str.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DROPPED "escape_metrics_dropped_updates_total"

static void add_number(struct buf *out, double v)
{
	char text[32];

	if (isnan(v)) {
		buf_adds(out, "NaN");
		return;
	}
	if (isinf(v)) {
		buf_adds(out, v > 0 ? "+Inf" : "-Inf");
		return;
	}
	str_fmt(text, sizeof(text), "%.15g", v);
	if (strtod(text, NULL) != v)
		str_fmt(text, sizeof(text), "%.17g", v);
	buf_adds(out, text);
}

/* quotes: in a label value, where they end the value; in HELP they are plain. */
static void add_escaped(struct buf *out, const char *s, bool quotes)
{
	size_t left = strlen(s), n;

	for (; left; s += n, left -= n) {
		n = str_utf8_len(s, left, NULL);
		if (n == 0) {
			n = 1;
			buf_adds(out, "\xef\xbf\xbd"); /* the format is UTF-8; a scrape must not fail for one
							  value */
		} else if (*s == '\\') {
			buf_adds(out, "\\\\");
		} else if (*s == '\n') {
			buf_adds(out, "\\n");
		} else if (*s == '"' && quotes) {
			buf_adds(out, "\\\"");
		} else {
			buf_add(out, s, n);
		}
	}
}

/* le: the bound of a histogram's bucket, or NULL. */
static void add_labels(struct buf *out, const struct metric *m, const struct series *s, const double *le)
{
	const char *before = "{";

	for (size_t i = 0; i < m->labels_len; i++) {
		buf_addf(out, "%s%s=\"", before, m->desc->labels[i]);
		add_escaped(out, s->labels[i], true);
		buf_adds(out, "\"");
		before = ",";
	}
	if (le) {
		buf_addf(out, "%sle=\"", before);
		add_number(out, *le);
		buf_adds(out, "\"");
		before = ",";
	}
	if (*before == ',')
		buf_adds(out, "}");
}

static void add_sample(struct buf *out, const struct metric *m, const struct series *s, const char *suffix,
	const double *le, double value)
{
	buf_addf(out, "%s%s", m->desc->name, suffix);
	add_labels(out, m, s, le);
	buf_adds(out, " ");
	add_number(out, value);
	buf_adds(out, "\n");
}

static void add_histogram(struct buf *out, const struct metric *m, const struct series *s)
{
	const double inf = INFINITY;
	uint64_t below = 0;

	for (size_t i = 0; i < m->desc->bounds_len; i++) {
		below += s->buckets[i];
		add_sample(out, m, s, "_bucket", &m->desc->bounds[i], (double)below);
	}
	add_sample(out, m, s, "_bucket", &inf, (double)s->count);
	add_sample(out, m, s, "_sum", NULL, s->value);
	add_sample(out, m, s, "_count", NULL, (double)s->count);
}

static void add_metric(struct buf *out, const struct metric *m)
{
	static const char *const types[] = {"counter", "gauge", "histogram"};

	/* A head with no samples under it would only puzzle the reader. */
	if (m->len == 0)
		return;
	buf_addf(out, "# HELP %s ", m->desc->name);
	add_escaped(out, m->desc->help, false);
	buf_addf(out, "\n# TYPE %s %s\n", m->desc->name, types[m->desc->type]);
	for (size_t i = 0; i < m->len; i++) {
		if (m->desc->type == METRIC_HISTOGRAM)
			add_histogram(out, m, m->series[i]);
		else
			add_sample(out, m, m->series[i], "", NULL, m->series[i]->value);
	}
}

int metrics_render(const struct metrics *m, struct buf *out)
{
	for (const struct metric *metric = m->first; metric; metric = metric->next)
		add_metric(out, metric);
	buf_addf(out,
		"# HELP " DROPPED " Updates dropped because a metric was at its limit of series.\n"
		"# TYPE " DROPPED " counter\n" DROPPED " %" PRIu64 "\n",
		m->dropped);
	return out->failed ? -ENOBUFS : 0;
}
