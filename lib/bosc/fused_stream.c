/* SPDX-License-Identifier: Apache-2.0 */
#include "stamps.h"

#include <bosc/fused.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(element) ((element)->lost = true)
#include <uthash.h>

/* Pairs and triples share the stamps. */
#define STAMP_PAIR GRADED_TRIPLES

struct task {
	uint32_t id;
	bool lost; /* no memory for the table: not in it */
	uint32_t index;
	struct bosc_window window;
	struct graded_filter filter;
	UT_hash_handle hh;
};

struct fused_stream {
	struct fused_model *model;
	bool learn;
	struct task *tasks;
	uint32_t n_tasks;
	uint64_t born;         /* tasks of the epoch under way */
	struct bosc_db *shown; /* exact form: which task showed which pair */
	struct stamps stamps;
	struct bosc_tally bosc;
	struct graded_tally graded;
	struct fused_result result;
	struct fused_thresholds alarm;
	bool fired;
	fused_on_finding on_finding;
	void *arg;
};

int fused_stream_new(struct fused_model *m, bool learn, struct fused_stream **ret)
{
	struct fused_stream *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->model = m;
	s->learn = learn;
	s->alarm.graded = s->alarm.bosc = UINT32_MAX;
	if (stamps_init(&s->stamps, 2 * (size_t)m->params.epoch) < 0 || bosc_db_new(&s->shown) < 0) {
		fused_stream_free(s);
		return -ENOMEM;
	}
	*ret = s;
	return 0;
}

void fused_stream_free(struct fused_stream *s)
{
	struct task *t, *next;

	if (!s)
		return;
	HASH_ITER(hh, s->tasks, t, next)
	{
		HASH_DEL(s->tasks, t);
		free(t);
	}
	stamps_free(&s->stamps);
	bosc_db_free(s->shown);
	free(s);
}

void fused_stream_alarm(struct fused_stream *s, const struct fused_thresholds *t)
{
	s->alarm = *t;
}

void fused_stream_observe(struct fused_stream *s, fused_on_finding cb, void *arg)
{
	s->on_finding = cb;
	s->arg = arg;
}

static struct task *task_get(struct fused_stream *s, uint32_t id)
{
	struct task *t;

	HASH_FIND(hh, s->tasks, &id, sizeof(id), t);
	if (t)
		return t;
	t = calloc(1, sizeof(*t));
	if (!t)
		return NULL;
	t->id = id;
	t->index = s->n_tasks;
	HASH_ADD(hh, s->tasks, id, sizeof(t->id), t);
	if (t->lost) {
		free(t);
		return NULL;
	}
	s->n_tasks++;
	s->born++;
	return t;
}

static uint64_t epoch_of(const struct fused_stream *s, uint64_t number)
{
	return number / s->model->params.epoch;
}

static void find(struct fused_stream *s, const struct task *t, enum fused_kind kind, const uint16_t *calls,
	size_t n_calls)
{
	const struct fused_finding f = {
		.kind = kind,
		.task = t->id,
		.number = s->result.calls,
		.epoch = epoch_of(s, s->result.calls),
		.calls = calls,
		.n_calls = n_calls,
	};

	if (s->on_finding)
		s->on_finding(s->arg, &f);
}

static void find_steps(struct fused_stream *s, const struct task *t, enum fused_kind kind, uint32_t key)
{
	const uint16_t calls[] = {
		(uint16_t)(key >> 2 * GRADED_CALL_BITS),
		(uint16_t)(key >> GRADED_CALL_BITS & (BOSC_CALLS - 1)),
		(uint16_t)(key & (BOSC_CALLS - 1)),
	};
	size_t n = kind == FUSED_PAIR ? 2 : 3;

	find(s, t, kind, calls + 3 - n, n);
}

static void find_bag(struct fused_stream *s, const struct task *t)
{
	uint16_t calls[BOSC_WINDOW_MAX];
	size_t n = s->model->params.window;

	for (size_t i = 0; i < n; i++)
		calls[i] = t->window.ring[(t->window.next + i) % n];
	find(s, t, FUSED_BAG, calls, n);
}

static void count(struct fused_stream *s, const struct task *t, enum fused_kind kind, uint32_t key)
{
	uint32_t score = graded_tally_add(
		&s->graded, epoch_of(s, s->result.calls), kind == FUSED_PAIR, kind == FUSED_TRIPLE);

	s->fired |= score > s->alarm.graded;
	find_steps(s, t, kind, key);
}

static int pair_first_of_task(struct fused_stream *s, struct task *t, uint32_t pair, bool *ret)
{
	uint64_t key = (uint64_t)t->index * GRADED_PAIRS + pair;

	if (s->model->params.form == FUSED_EXACT)
		return bosc_db_add(s->shown, bosc_mix(key), ret);
	*ret = graded_filter_take(&t->filter, pair);
	return 0;
}

static int pair_learn(struct fused_stream *s, struct task *t, uint32_t pair)
{
	struct graded_count *p = &s->model->pairs[pair];
	bool first;
	int r = pair_first_of_task(s, t, pair, &first);

	/* What the filter takes for shown by mistake must not stay unknown. */
	if (r == 0 && (first || p->tasks == 0))
		graded_count_add(p, (uint32_t)s->model->epochs);
	return r;
}

static int pair_feed(struct fused_stream *s, struct task *t, uint32_t pair)
{
	const struct graded_count *p = &s->model->pairs[pair];
	uint32_t tasks = s->learn ? graded_count_before(p, (uint32_t)s->model->epochs) : p->tasks;

	if (graded_rare(tasks, s->model->tasks) && stamps_take(&s->stamps, STAMP_PAIR | pair))
		count(s, t, FUSED_PAIR, pair);
	return s->learn ? pair_learn(s, t, pair) : 0;
}

static bool triple_learn(struct fused_model *m, uint32_t triple)
{
	__u64 bit = 1ULL << triple % 64, *word;

	if (m->params.form == FUSED_KERNEL)
		return graded_triple_learn(m->triples, triple);
	word = &m->triples[triple / 64];
	if (*word & bit)
		return false;
	*word |= bit;
	return true;
}

static bool triple_seen(const struct fused_model *m, uint32_t triple)
{
	if (m->params.form == FUSED_KERNEL)
		return graded_triple_seen(m->triples, triple);
	return graded_bit(m->triples, triple);
}

static void triple_feed(struct fused_stream *s, struct task *t, uint32_t triple)
{
	/* A triple that is learned is seen from then on: it counts once without a stamp. */
	if (s->learn ? triple_learn(s->model, triple)
		     : !triple_seen(s->model, triple) && stamps_take(&s->stamps, triple))
		count(s, t, FUSED_TRIPLE, triple);
}

static int bag_feed(struct fused_stream *s, struct task *t)
{
	const struct bosc_params p = {.epoch = s->model->params.epoch, .threshold = s->alarm.bosc};
	bool known;
	int r = 0;

	if (s->learn)
		r = bosc_db_learn(s->model->bags, t->window.bag, (uint32_t)s->model->epochs, &known);
	else
		known = bosc_db_frequency(s->model->bags, t->window.bag) > 0;
	if (r < 0 || known)
		return r;
	s->fired |= bosc_tally_mismatch(&s->bosc, &p, s->result.calls, 0) != NULL;
	find_bag(s, t);
	return 0;
}

static void peak_raise(struct fused_peak *p, uint32_t score, uint64_t epoch)
{
	if (score > p->score)
		*p = (struct fused_peak){.score = score, .epoch = epoch};
}

static uint32_t mismatches_of(const struct bosc_tally *t, uint64_t epoch)
{
	const struct bosc_cell *c = &t->cell[epoch & 1];

	return c->epoch == epoch ? (uint32_t)c->mismatches : 0;
}

static uint32_t pairs_of(const struct graded_tally *t, uint64_t epoch)
{
	uint32_t n = 0;

	for (int i = 0; i < GRADED_RING; i++)
		if (t->cell[i].epoch <= epoch && t->cell[i].epoch + GRADED_RING > epoch)
			n += t->cell[i].pairs;
	return n;
}

static int sample_keep(struct fused_model *m, const struct fused_sample *sample)
{
	if (m->n_samples == m->cap_samples) {
		size_t cap = m->cap_samples ? m->cap_samples * 2 : 256;
		void *at = reallocarray(m->samples, cap, sizeof(*m->samples));

		if (!at)
			return -ENOMEM;
		m->samples = at;
		m->cap_samples = cap;
	}
	m->samples[m->n_samples++] = *sample;
	return 0;
}

static int epoch_end(struct fused_stream *s)
{
	uint64_t epoch = s->result.epochs++;
	const struct fused_sample sample = {
		.pair = pairs_of(&s->graded, epoch),
		.graded = graded_tally_score(&s->graded, epoch),
		.bosc = mismatches_of(&s->bosc, epoch),
	};

	peak_raise(&s->result.pair, sample.pair, epoch);
	peak_raise(&s->result.graded, sample.graded, epoch);
	peak_raise(&s->result.bosc, sample.bosc, epoch);
	stamps_next_epoch(&s->stamps);
	if (!s->learn)
		return 0;
	s->model->tasks += s->born;
	s->model->epochs++;
	s->born = 0;
	return sample_keep(s->model, &sample);
}

static int step_feed(struct fused_stream *s, struct task *t, int steps)
{
	int r = 0;

	if (steps >= 1)
		r = pair_feed(s, t, graded_pair(&t->window));
	if (steps == 2)
		triple_feed(s, t, graded_triple(&t->window));
	return r;
}

int fused_stream_call(struct fused_stream *s, uint32_t task, uint64_t nr)
{
	uint64_t number = s->result.calls;
	bool fired = s->fired, full;
	struct task *t;
	int steps;
	int r = number && number % s->model->params.epoch == 0 ? epoch_end(s) : 0;

	t = r == 0 ? task_get(s, task) : NULL;
	if (!t)
		return r < 0 ? r : -ENOMEM;
	steps = graded_steps(&t->window);
	full = bosc_window_push(&t->window, s->model->params.window, bosc_call(nr));
	r = step_feed(s, t, steps);
	if (r == 0 && full)
		r = bag_feed(s, t);
	s->result.calls++;
	return r < 0 ? r : s->fired && !fired;
}

int fused_stream_end(struct fused_stream *s)
{
	return epoch_end(s);
}

void fused_stream_result(const struct fused_stream *s, struct fused_result *ret)
{
	*ret = s->result;
}
