/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include <base/cleanup.h>
#include <base/str.h>
#include <errno.h>
#include <math.h>
#include <string.h>

int metrics_new(struct metrics **ret)
{
	struct metrics *m = calloc(1, sizeof(*m));

	if (!m)
		return -ENOMEM;
	m->last = &m->first;
	*ret = m;
	return 0;
}

static void series_free(struct series *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < METRIC_LABELS_MAX; i++)
		free(s->labels[i]);
	free(s);
}

static void metric_free(struct metric *m)
{
	for (size_t i = 0; i < m->len; i++)
		series_free(m->series[i]);
	free(m->series);
	free(m);
}

void metrics_free(struct metrics *m)
{
	if (!m)
		return;
	while (m->first) {
		struct metric *next = m->first->next;

		metric_free(m->first);
		m->first = next;
	}
	free(m);
}

static bool is_name(const char *s, bool colons)
{
	size_t i = 0;

	for (; s[i]; i++) {
		char c = s[i];
		bool letter = ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_' || (colons && c == ':');

		if (!letter && (i == 0 || c < '0' || c > '9'))
			return false;
	}
	return i > 0;
}

static bool ends_with(const char *s, const char *suffix)
{
	size_t a = strlen(s), b = strlen(suffix);

	return a >= b && str_eq(s + a - b, suffix);
}

static int check_labels(const struct metric_desc *d, struct err *e)
{
	for (size_t i = 0; i < METRIC_LABELS_MAX && d->labels[i]; i++) {
		if (!is_name(d->labels[i], false) || str_starts(d->labels[i], "__"))
			return err_set(e, -EINVAL, "BadMetric", "%s: \"%s\" cannot be a label", d->name,
				d->labels[i]);
		if (d->type == METRIC_HISTOGRAM && str_eq(d->labels[i], "le"))
			return err_set(
				e, -EINVAL, "BadMetric", "%s: le is the histogram's own label", d->name);
	}
	return 0;
}

static int check_bounds(const struct metric_desc *d, struct err *e)
{
	if ((d->type == METRIC_HISTOGRAM) != (d->bounds_len > 0))
		return err_set(
			e, -EINVAL, "BadMetric", "%s: a histogram and nothing else has bounds", d->name);
	if (d->bounds_len > METRIC_BOUNDS_MAX)
		return err_set(
			e, -EINVAL, "BadMetric", "%s: more than %d bounds", d->name, METRIC_BOUNDS_MAX);
	for (size_t i = 0; i < d->bounds_len; i++) {
		if (!isfinite(d->bounds[i]) || (i && d->bounds[i] <= d->bounds[i - 1]))
			return err_set(
				e, -EINVAL, "BadMetric", "%s: bounds must be finite and ascend", d->name);
	}
	return 0;
}

static int check_desc(const struct metrics *m, const struct metric_desc *d, struct err *e)
{
	if (!d->name || !is_name(d->name, true))
		return err_set(
			e, -EINVAL, "BadMetric", "\"%s\" cannot name a metric", d->name ? d->name : "");
	if (!d->help || !*d->help)
		return err_set(e, -EINVAL, "BadMetric", "%s: there is no help text", d->name);
	if ((d->type == METRIC_COUNTER) != ends_with(d->name, "_total"))
		return err_set(
			e, -EINVAL, "BadMetric", "%s: counters and nothing else end in _total", d->name);
	for (const struct metric *other = m->first; other; other = other->next) {
		if (str_eq(other->desc->name, d->name))
			return err_set(e, -EEXIST, "BadMetric", "%s is registered already", d->name);
	}

	int r = check_labels(d, e);

	return r < 0 ? r : check_bounds(d, e);
}

static const char *value_at(const char *const *labels, size_t i)
{
	return labels && labels[i] ? labels[i] : "";
}

/* Where the series is, or where it would go. */
static size_t find(const struct metric *m, const char *const *labels, bool *ret_found)
{
	size_t low = 0, high = m->len;

	*ret_found = false;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = 0;

		for (size_t i = 0; i < m->labels_len && order == 0; i++)
			order = strcmp(m->series[mid]->labels[i], value_at(labels, i));
		if (order == 0) {
			*ret_found = true;
			return mid;
		}
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static struct series *series_new(const struct metric *m, const char *const *labels)
{
	struct series *s = calloc(1, sizeof(*s) + m->desc->bounds_len * sizeof(s->buckets[0]));

	for (size_t i = 0; s && i < m->labels_len; i++) {
		s->labels[i] = strdup(value_at(labels, i));
		if (!s->labels[i]) {
			series_free(s);
			return NULL;
		}
	}
	return s;
}

static int grow(struct metric *m)
{
	size_t cap = m->cap ? m->cap * 2 : 4;
	struct series **series = reallocarray(m->series, cap, sizeof(struct series *));

	if (!series)
		return -ENOMEM;
	m->series = series;
	m->cap = cap;
	return 0;
}

static int series_insert(struct metric *m, size_t at, const char *const *labels, struct series **ret)
{
	if (m->len == m->cap && grow(m) < 0)
		return -ENOMEM;

	struct series *s = series_new(m, labels);

	if (!s)
		return -ENOMEM;
	memmove(m->series + at + 1, m->series + at, (m->len - at) * sizeof(struct series *));
	m->series[at] = s;
	m->len++;
	*ret = s;
	return 0;
}

static int series_get(struct metric *m, const char *const *labels, struct series **ret)
{
	size_t max = m->desc->max_series ? m->desc->max_series : METRIC_SERIES_DEFAULT;
	bool found;
	size_t at = find(m, labels, &found);

	if (found) {
		*ret = m->series[at];
		return 0;
	}
	if (m->len >= max) {
		m->owner->dropped++;
		return -ENOSPC;
	}
	return series_insert(m, at, labels, ret);
}

int metrics_register(struct metrics *m, const struct metric_desc *desc, struct metric **ret, struct err *e)
{
	int r = check_desc(m, desc, e);

	if (r < 0)
		return r;

	struct metric *metric = calloc(1, sizeof(*metric));
	struct series *first;

	if (!metric)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for the metric %s", desc->name);
	metric->owner = m;
	metric->desc = desc;
	while (metric->labels_len < METRIC_LABELS_MAX && desc->labels[metric->labels_len])
		metric->labels_len++;
	if (metric->labels_len == 0 && series_insert(metric, 0, NULL, &first) < 0) {
		metric_free(metric);
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for the metric %s", desc->name);
	}
	*m->last = metric;
	m->last = &metric->next;
	*ret = metric;
	return 0;
}

int metric_add(struct metric *m, const char *const *labels, double by)
{
	struct series *s;

	if (m->desc->type == METRIC_HISTOGRAM || isnan(by) || (m->desc->type == METRIC_COUNTER && by < 0))
		return -EINVAL;

	int r = series_get(m, labels, &s);

	if (r == 0)
		s->value += by;
	return r;
}

int metric_set(struct metric *m, const char *const *labels, double value)
{
	struct series *s;

	if (m->desc->type != METRIC_GAUGE)
		return -EINVAL;

	int r = series_get(m, labels, &s);

	if (r == 0)
		s->value = value;
	return r;
}

int metric_observe(struct metric *m, const char *const *labels, double value)
{
	struct series *s;

	if (m->desc->type != METRIC_HISTOGRAM || isnan(value))
		return -EINVAL;

	int r = series_get(m, labels, &s);

	if (r < 0)
		return r;
	s->value += value;
	s->count++;
	for (size_t i = 0; i < m->desc->bounds_len; i++) {
		if (value <= m->desc->bounds[i]) {
			s->buckets[i]++;
			break;
		}
	}
	return 0;
}

void metric_remove(struct metric *m, const char *const *labels)
{
	bool found;
	size_t at = find(m, labels, &found);

	if (!found)
		return;
	series_free(m->series[at]);
	m->len--;
	memmove(m->series + at, m->series + at + 1, (m->len - at) * sizeof(struct series *));
}
