/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence.h"

#include "text.h"

#include <base/clock.h>

#define LABEL "%-10s"

static void add_measure(const struct report_anomaly *a, struct buf *out)
{
	buf_addf(out, LABEL, "How far");
	if (a->score_percent)
		buf_addf(out, "%lld %% of what is allowed; at the alarm ", (long long)a->score_percent);
	text_addf(out, "%lld mismatches, threshold %lld, in epoch %lld", (long long)a->mismatches,
		(long long)a->threshold, (long long)a->epoch);
	if (*a->detector)
		text_addf(out, " (%s)", a->detector);
	buf_adds(out, "\n");
}

static void add_process(const struct report_anomaly *a, struct buf *out)
{
	buf_addf(out, LABEL, "Process");
	text_add(out, *a->comm ? a->comm : "not known");
	if (a->pid)
		buf_addf(out, ", pid %lld in the container", (long long)a->pid);
	text_addf(out, ", executable %s", *a->executable ? a->executable : "not known: it was gone");
	buf_adds(out, "\n");
}

static void add_since(const struct report_anomaly *a, struct buf *out)
{
	char at[CLOCK_RFC3339_MAX];

	buf_addf(out, LABEL, "Since");
	clock_format_micro(a->first_ms ? a->first_ms : a->detected_ms, at);
	buf_adds(out, at);
	if (a->first_ms)
		buf_addf(out, ", alarm after %lld ms", (long long)(a->detected_ms - a->first_ms));
	if (a->frozen_ms)
		buf_addf(out, ", frozen %lld ms later", (long long)(a->frozen_ms - a->detected_ms));
	buf_adds(out, "\n");
}

static void add_call(const struct report_call *c, struct buf *out)
{
	if (*c->name)
		text_add(out, c->name);
	else
		buf_addf(out, "call %lld", (long long)c->number);
	if (c->times > 1)
		buf_addf(out, " x%lld", (long long)c->times);
}

static void finding_row(struct table *t, const struct report_finding *f)
{
	auto_buf struct buf calls = BUF_INIT(TEXT_MAX);

	for (size_t i = 0; i < f->n_calls; i++) {
		buf_adds(&calls, i ? ", " : "");
		add_call(&f->calls[i], &calls);
	}
	table_cell(t, "%s", FINDING_KIND_NAMES[f->kind]);
	table_cell(t, "%lld", (long long)f->count);
	table_cell(t, "%s", *f->comm ? f->comm : "-");
	if (f->pid)
		table_cell(t, "%lld", (long long)f->pid);
	else
		table_cell(t, "-");
	table_cell(t, "%s", calls.data ? calls.data : "-");
}

static void add_findings(const struct report_anomaly *a, struct buf *out)
{
	static const char *const titles[] = {"UNUSUAL", "TIMES", "TASK", "PID", "CALLS", NULL};
	auto_table struct table t = {0};

	if (!a->n_findings)
		return;
	table_init(&t, titles);
	for (size_t i = 0; i < a->n_findings; i++)
		finding_row(&t, &a->findings[i]);
	table_add(out, &t);
}

void evidence_text(const struct report_anomaly *a, struct buf *out)
{
	if (!a->detected_ms)
		return;
	buf_adds(out, "\nEVIDENCE\n");
	add_measure(a, out);
	add_process(a, out);
	add_since(a, out);
	add_findings(a, out);
}
