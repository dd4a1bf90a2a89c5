/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/agent/reflex/explain.h"

#include <base/str.h>
#include <string.h>

#include "node-agent/agent/guard/calls.h"

#define KINDS 3 /* of findings */

/* Which kinds come first, and how many of each when there are more of all than there is room. */
struct share {
	enum monitor_finding_kind kind;
	size_t least;
};

static const struct share GRADED[KINDS] = {{MONITOR_PAIR, 5}, {MONITOR_TRIPLE, 2}, {MONITOR_BAG, 1}};
static const struct share BAGS[KINDS] = {{MONITOR_BAG, 4}, {MONITOR_PAIR, 3}, {MONITOR_TRIPLE, 1}};

void explain_comm(char dst[static 32], const struct monitor_task *t)
{
	size_t i;

	for (i = 0; i < sizeof(t->comm) && t->comm[i]; i++)
		dst[i] = t->comm[i] >= 0x20 && t->comm[i] < 0x7f ? t->comm[i] : '?';
	dst[i] = '\0';
}

/* The most frequent first; of equals the one that came first. */
static void bag_sort(struct report_call *calls, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct report_call one = calls[i];
		size_t at = i;

		for (; at && calls[at - 1].times < one.times; at--)
			calls[at] = calls[at - 1];
		calls[at] = one;
	}
}

static void bag_fill(struct report_finding *dst, const struct monitor_finding *src)
{
	struct report_call all[MONITOR_FINDING_CALLS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < src->n_calls; i++) {
		struct report_call one;
		size_t at = 0;

		call_fill(&one, src->calls[i]);
		while (at < n && (all[at].number != one.number || !str_eq(all[at].name, one.name)))
			at++;
		if (at == n)
			all[n++] = one;
		all[at].times++;
	}
	bag_sort(all, n);
	dst->n_calls = n < REPORT_CALLS_MAX ? n : REPORT_CALLS_MAX;
	memcpy(dst->calls, all, dst->n_calls * sizeof(all[0]));
}

static void finding_fill(struct report_finding *dst, const struct monitor_finding *src)
{
	static const enum finding_kind kinds[] = {
		[MONITOR_PAIR] = FINDING_PAIR,
		[MONITOR_TRIPLE] = FINDING_TRIPLE,
		[MONITOR_BAG] = FINDING_BAG,
	};

	memset(dst, 0, sizeof(*dst));
	dst->kind = kinds[src->kind];
	dst->count = src->count;
	dst->pid = src->task.pid;
	explain_comm(dst->comm, &src->task);
	if (src->kind == MONITOR_BAG) {
		bag_fill(dst, src);
		return;
	}
	dst->n_calls = src->n_calls < REPORT_CALLS_MAX ? src->n_calls : REPORT_CALLS_MAX;
	for (size_t i = 0; i < dst->n_calls; i++)
		call_fill(&dst->calls[i], src->calls[i]);
}

static bool is_same(const struct report_finding *a, const struct report_finding *b)
{
	return a->kind == b->kind && a->n_calls == b->n_calls && a->pid == b->pid &&
	       str_eq(a->comm, b->comm) && memcmp(a->calls, b->calls, a->n_calls * sizeof(a->calls[0])) == 0;
}

/* What was found in several epochs, or by a bag in another order, is one. */
static bool finding_merge(struct report_anomaly *a, const struct report_finding *f)
{
	for (size_t i = 0; i < a->n_findings; i++)
		if (is_same(&a->findings[i], f)) {
			a->findings[i].count += f->count;
			return true;
		}
	return false;
}

static size_t kind_count(const struct monitor_evidence *e, enum monitor_finding_kind kind)
{
	size_t n = 0;

	for (size_t i = 0; i < e->n; i++)
		n += e->at[i].kind == kind;
	return n;
}

static size_t at_most(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Up to max findings of a kind. */
static void kind_add(struct report_anomaly *a, const struct monitor_evidence *e,
	enum monitor_finding_kind kind, size_t max)
{
	size_t until = at_most(a->n_findings + max, REPORT_FINDINGS_MAX);
	struct report_finding one;

	for (size_t i = 0; i < e->n && a->n_findings < until; i++) {
		if (e->at[i].kind != kind)
			continue;
		finding_fill(&one, &e->at[i]);
		if (!finding_merge(a, &one))
			a->findings[a->n_findings++] = one;
	}
}

static int64_t percent(uint32_t score, uint32_t threshold)
{
	return (int64_t)score * 100 / (threshold ? threshold : 1);
}

static int64_t score_percent(const struct monitor_evidence *e)
{
	int64_t bags = percent(e->bags, e->bags_threshold);
	int64_t graded = e->graded_threshold ? percent(e->graded, e->graded_threshold) : 0;

	return bags > graded ? bags : graded;
}

void explain_fill(struct report_anomaly *a, const struct monitor_evidence *e, bool graded)
{
	const struct share *order = graded ? GRADED : BAGS;
	size_t spare = REPORT_FINDINGS_MAX;

	a->score_percent = score_percent(e);
	a->n_findings = 0;
	for (size_t i = 0; i < KINDS; i++)
		spare -= at_most(kind_count(e, order[i].kind), order[i].least);
	for (size_t i = 0; i < KINDS; i++) {
		size_t n = kind_count(e, order[i].kind), share = at_most(n, order[i].least);
		size_t more = at_most(n - share, spare);

		spare -= more;
		kind_add(a, e, order[i].kind, share + more);
	}
}
