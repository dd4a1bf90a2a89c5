/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stream is run twice: to find the epoch with the highest score, then to collect what that epoch (for pairs
 * and triples: and the three before it) was scored for.
 */
#include "score.h"

#include <base/cleanup.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN_MAX 10 /* of each kind */

struct item {
	enum fused_kind kind;
	uint32_t task;
	uint64_t number; /* of the first call that completed it */
	uint64_t times;
	size_t n_calls;
	uint16_t calls[BOSC_WINDOW_MAX];
};

struct collection {
	uint64_t last_graded, last_bosc; /* epochs */
	struct item *items;
	size_t n, cap;
	bool failed;
};

static bool wanted(const struct collection *c, const struct fused_finding *f)
{
	if (f->kind == FUSED_BAG)
		return f->epoch == c->last_bosc;
	return f->epoch <= c->last_graded && f->epoch + GRADED_RING > c->last_graded;
}

static int compare_call(const void *a, const void *b)
{
	return *(const uint16_t *)a - *(const uint16_t *)b;
}

static bool item_is(const struct item *i, const struct item *x)
{
	return i->kind == x->kind && i->n_calls == x->n_calls &&
	       memcmp(i->calls, x->calls, x->n_calls * sizeof(*x->calls)) == 0;
}

static void item_add(struct collection *c, const struct item *x)
{
	for (size_t i = 0; i < c->n; i++) {
		if (!item_is(&c->items[i], x))
			continue;
		c->items[i].times++;
		return;
	}
	if (c->n == c->cap) {
		size_t cap = c->cap ? c->cap * 2 : 64;
		void *items = reallocarray(c->items, cap, sizeof(*c->items));

		c->failed |= !items;
		if (!items)
			return;
		c->items = items;
		c->cap = cap;
	}
	c->items[c->n++] = *x;
}

static void on_finding(void *arg, const struct fused_finding *f)
{
	struct collection *c = arg;
	struct item x = {
		.kind = f->kind, .task = f->task, .number = f->number, .times = 1, .n_calls = f->n_calls};

	if (!wanted(c, f))
		return;
	memcpy(x.calls, f->calls, f->n_calls * sizeof(*f->calls));
	if (f->kind == FUSED_BAG)
		qsort(x.calls, x.n_calls, sizeof(*x.calls), compare_call);
	item_add(c, &x);
}

static int compare_times(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	if (x->times != y->times)
		return x->times < y->times ? 1 : -1;
	return (x->number > y->number) - (x->number < y->number);
}

static void item_print(const struct fused_model *m, const struct item *i, FILE *out)
{
	static const char *const names[] = {"pair", "triple", "bag"};
	uint32_t pair = (uint32_t)i->calls[0] << GRADED_CALL_BITS | i->calls[1];

	fprintf(out, "    %s", names[i->kind]);
	for (size_t k = 0; k < i->n_calls; k++)
		fprintf(out, " %u", i->calls[k]);
	fprintf(out, ": task %u, call %llu", i->task, (unsigned long long)i->number);
	if (i->times > 1)
		fprintf(out, i->kind == FUSED_BAG ? ", %llu times" : ", in %llu epochs",
			(unsigned long long)i->times);
	if (i->kind == FUSED_PAIR && m->pairs[pair].tasks)
		fprintf(out, ", shown by %u of %llu learned tasks", m->pairs[pair].tasks,
			(unsigned long long)m->tasks);
	fputc('\n', out);
}

static void kind_print(
	const struct fused_model *m, const struct collection *c, enum fused_kind kind, FILE *out)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++)
		if (c->items[i].kind == kind && n++ < SHOWN_MAX)
			item_print(m, &c->items[i], out);
	if (n > SHOWN_MAX)
		fprintf(out, "    and %zu more\n", n - SHOWN_MAX);
}

static void part_print(const struct replay_profile *p, const char *name, const struct fused_peak *peak,
	uint64_t first_epoch, uint32_t threshold, FILE *out)
{
	unsigned long long epoch = p->model.params.epoch;

	fprintf(out, "  %s %u", name, peak->score);
	if (p->ready)
		fprintf(out, " of %u", threshold);
	fprintf(out, " in calls %llu to %llu\n", first_epoch * epoch, (peak->epoch + 1) * epoch - 1);
}

static void explain_print(const struct replay_profile *p, enum replay_detector d,
	const struct fused_result *r, const struct collection *c, FILE *out)
{
	const struct fused_peak *steps = d == REPLAY_PAIR ? &r->pair : &r->graded;
	uint64_t first = steps->epoch < GRADED_RING ? 0 : steps->epoch - GRADED_RING + 1;

	if (d != REPLAY_BOSC) {
		part_print(p, d == REPLAY_PAIR ? "pair" : "graded", steps, first,
			d == REPLAY_PAIR ? p->thresholds.pair : p->thresholds.graded, out);
		kind_print(&p->model, c, FUSED_PAIR, out);
		if (d != REPLAY_PAIR)
			kind_print(&p->model, c, FUSED_TRIPLE, out);
	}
	if (d == REPLAY_FUSED || d == REPLAY_BOSC) {
		part_print(p, "bosc", &r->bosc, r->bosc.epoch, p->thresholds.bosc, out);
		kind_print(&p->model, c, FUSED_BAG, out);
	}
}

static int explain_stream(
	struct replay_profile *p, enum replay_detector d, const char *path, FILE *out, struct err *e)
{
	struct collection c = {0};
	struct fused_result r = {0};
	int rc = score_stream(p, path, NULL, NULL, &r, e);

	if (rc)
		return rc;
	c.last_graded = d == REPLAY_PAIR ? r.pair.epoch : r.graded.epoch;
	c.last_bosc = r.bosc.epoch;
	rc = score_stream(p, path, on_finding, &c, &r, e);
	if (rc == 0 && c.failed)
		rc = err_set(e, -ENOMEM, "OutOfMemory", "no memory for what was found in %s", path);
	if (rc == 0) {
		if (c.n)
			qsort(c.items, c.n, sizeof(*c.items), compare_times);
		fprintf(out, "%s %llu", stream_name(path), (unsigned long long)score_of(p, d, &r));
		if (p->ready)
			fprintf(out, " (alarm above %u)", score_alarm(p, d));
		fputc('\n', out);
		explain_print(p, d, &r, &c, out);
	}
	free(c.items);
	return rc;
}

int explain_run(const struct replay_options *o, FILE *out, struct err *e)
{
	struct replay_profile p;
	struct stream_list l = {0};
	int rc = score_open(o, &p, e);

	if (rc)
		return rc;
	for (size_t i = 0; rc == 0 && i < o->n_paths; i++)
		rc = streams_find(&l, o->paths[i], e);
	for (size_t i = 0; rc == 0 && i < l.n; i++)
		rc = explain_stream(&p, o->detector, l.paths[i], out, e);
	streams_free(&l);
	replay_profile_free(&p);
	return rc;
}
