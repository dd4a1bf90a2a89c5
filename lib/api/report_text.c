/* SPDX-License-Identifier: Apache-2.0 */
#include <api/report.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SHOWN_FINDINGS 3

/* What does not fit any more is left out. */
struct line {
	char *at;
	size_t size;
};

__attribute__((format(printf, 2, 3))) static void line_addf(struct line *l, const char *fmt, ...)
{
	size_t len = strlen(l->at);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(l->at + len, l->size - len, fmt, ap);
	va_end(ap);
}

static void call_add(struct line *l, const struct report_call *c)
{
	if (*c->name)
		line_addf(l, "%s", c->name);
	else
		line_addf(l, "call %lld", (long long)c->number);
	if (c->times > 1)
		line_addf(l, " x%lld", (long long)c->times);
}

static void task_add(struct line *l, const char *comm, int64_t pid)
{
	line_addf(l, "%s", *comm ? comm : "unknown task");
	if (pid)
		line_addf(l, ", pid %lld", (long long)pid);
}

static void finding_add(struct line *l, const struct report_finding *f)
{
	static const char *const names[] = {"pair", "triple", "bag"};

	line_addf(l, "%s ", names[f->kind]);
	for (size_t i = 0; i < f->n_calls; i++) {
		line_addf(l, "%s", i ? ", " : "");
		call_add(l, &f->calls[i]);
	}
	line_addf(l, " (");
	task_add(l, f->comm, f->pid);
	if (f->count > 1)
		line_addf(l, ", %lld times", (long long)f->count);
	line_addf(l, ")");
}

void report_finding_text(const struct report_finding *f, char *dst, size_t size)
{
	struct line l = {dst, size};

	dst[0] = '\0';
	finding_add(&l, f);
}

static void measure_add(struct line *l, const struct report_anomaly *a)
{
	if (a->score_percent)
		line_addf(l, "%lld %% of what is allowed, ", (long long)a->score_percent);
	line_addf(l, "%lld mismatches (threshold %lld) in epoch %lld", (long long)a->mismatches,
		(long long)a->threshold, (long long)a->epoch);
}

void report_anomaly_text(const struct report_anomaly *a, char *dst, size_t size)
{
	struct line l = {dst, size};

	dst[0] = '\0';
	measure_add(&l, a);
	line_addf(&l, ", by ");
	task_add(&l, a->comm, a->pid);
	if (*a->executable)
		line_addf(&l, ", %s", a->executable);
	if (a->first_ms && a->detected_ms >= a->first_ms)
		line_addf(&l, ", since %lld ms before the alarm", (long long)(a->detected_ms - a->first_ms));
	for (size_t i = 0; i < a->n_findings && i < SHOWN_FINDINGS; i++) {
		line_addf(&l, i ? "; " : ": ");
		finding_add(&l, &a->findings[i]);
	}
	if (a->n_findings > SHOWN_FINDINGS)
		line_addf(&l, "; and %zu more", a->n_findings - SHOWN_FINDINGS);
}
