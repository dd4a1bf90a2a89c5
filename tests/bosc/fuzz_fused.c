/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Streams against a second, plain account of Fused: sets as lists, each epoch scored and then learned as a
 * whole. Input: window, epoch, then two bytes a call (task and number); 0xff 0xff ends a stream, and the one
 * after it is scored instead of learned, in turns.
 */
#include <bosc/fused.h>
#include <stdlib.h>
#include <string.h>
#include <tests/fuzz/fuzz.h>

#define CALLS_MAX 600
#define TASKS 4

struct key {
	uint32_t n; /* calls */
	uint16_t calls[BOSC_WINDOW_MAX];
};

struct set {
	struct key keys[CALLS_MAX];
	size_t n;
};

struct plain {
	struct set pairs, triples, bags; /* learned */
	struct set epoch[3], learn[3];   /* of the epoch under way: counted, to be learned */
	uint32_t ring[CALLS_MAX][2];     /* pairs and triples of each epoch of the stream */
	size_t epochs;
	uint32_t mismatches;
	uint16_t calls[TASKS][CALLS_MAX];
	size_t n_calls[TASKS], n;
};

static void expect(bool ok)
{
	if (!ok)
		abort();
}

static bool set_has(const struct set *s, const struct key *k)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->keys[i].n == k->n && !memcmp(s->keys[i].calls, k->calls, k->n * sizeof(*k->calls)))
			return true;
	return false;
}

static bool set_add(struct set *s, const struct key *k)
{
	if (set_has(s, k))
		return false;
	s->keys[s->n++] = *k;
	return true;
}

static void set_merge(struct set *to, struct set *from)
{
	for (size_t i = 0; i < from->n; i++)
		set_add(to, &from->keys[i]);
	from->n = 0;
}

static struct key last_calls(const struct plain *p, size_t task, uint32_t n)
{
	struct key k = {.n = n};

	memcpy(k.calls, p->calls[task] + p->n_calls[task] - n, n * sizeof(*k.calls));
	return k;
}

/* As pairs and triples see them. */
static struct key last_steps(const struct plain *p, size_t task, uint32_t n)
{
	struct key k = last_calls(p, task, n);

	for (uint32_t i = 0; i < n; i++)
		k.calls[i] = (uint16_t)graded_call(k.calls[i]);
	return k;
}

static int compare_call(const void *a, const void *b)
{
	return *(const uint16_t *)a - *(const uint16_t *)b;
}

static struct fused_sample plain_end(struct plain *p, bool learn)
{
	struct fused_sample s = {.bosc = p->mismatches};

	p->ring[p->epochs][0] = (uint32_t)p->epoch[0].n;
	p->ring[p->epochs][1] = (uint32_t)p->epoch[1].n;
	p->epochs++;
	for (size_t i = p->epochs < 4 ? 0 : p->epochs - 4; i < p->epochs; i++) {
		s.pair += p->ring[i][0];
		s.graded += p->ring[i][0] * 32 + p->ring[i][1];
	}
	p->epoch[0].n = p->epoch[1].n = 0;
	p->mismatches = 0;
	if (learn) {
		set_merge(&p->pairs, &p->learn[0]);
		set_merge(&p->triples, &p->learn[1]);
		set_merge(&p->bags, &p->learn[2]);
	}
	for (int i = 0; i < 3; i++)
		p->learn[i].n = 0;
	return s;
}

static void plain_call(struct plain *p, size_t task, uint32_t nr, uint32_t window)
{
	struct key k;

	p->calls[task][p->n_calls[task]++] = (uint16_t)bosc_call(nr);
	if (p->n_calls[task] >= 2) {
		k = last_steps(p, task, 2);
		if (!set_has(&p->pairs, &k))
			set_add(&p->epoch[0], &k);
		set_add(&p->learn[0], &k);
	}
	if (p->n_calls[task] >= 3) {
		k = last_steps(p, task, 3);
		if (!set_has(&p->triples, &k))
			set_add(&p->epoch[1], &k);
		set_add(&p->learn[1], &k);
	}
	if (p->n_calls[task] >= window) {
		k = last_calls(p, task, window);
		qsort(k.calls, window, sizeof(*k.calls), compare_call);
		p->mismatches += !set_has(&p->bags, &k);
		set_add(&p->learn[2], &k);
	}
}

static uint32_t max(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* Feeds one stream to both; returns how many bytes it took. */
static size_t run_both(struct fused_model *m, struct plain *p, const uint8_t *data, size_t size, bool learn)
{
	struct fused_sample want = {0}, s;
	struct fused_result got;
	struct fused_stream *f;
	size_t i, n = 0;

	expect(fused_stream_new(m, learn, &f) == 0);
	memset(p->n_calls, 0, sizeof(p->n_calls));
	p->epochs = 0;
	for (i = 0; i + 1 < size && !(data[i] == 0xff && data[i + 1] == 0xff) && p->n < CALLS_MAX; i += 2) {
		uint32_t nr = (uint32_t)(data[i] >> 6) << 8 | data[i + 1];

		if (n && n % m->params.epoch == 0) {
			s = plain_end(p, learn);
			want = (struct fused_sample){
				max(want.pair, s.pair), max(want.graded, s.graded), max(want.bosc, s.bosc)};
		}
		expect(fused_stream_call(f, data[i] % TASKS, nr) == 0);
		plain_call(p, data[i] % TASKS, nr, m->params.window);
		n++;
		p->n++;
	}
	s = plain_end(p, learn);
	expect(fused_stream_end(f) == 0);
	fused_stream_result(f, &got);
	expect(got.calls == n && got.epochs == p->epochs);
	expect(got.pair.score == max(want.pair, s.pair));
	expect(got.graded.score == max(want.graded, s.graded));
	expect(got.bosc.score == max(want.bosc, s.bosc));
	fused_stream_free(f);
	return i + 2;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fused_params params;
	struct fused_model m;
	struct plain *p;
	size_t at = 2;

	if (size < 2)
		return 0;
	params = (struct fused_params){.window = data[0] % 66, .epoch = data[1]};
	if (fused_model_init(&m, &params) < 0) {
		expect(params.window < 2 || params.window > 64 || params.epoch == 0);
		return 0;
	}
	p = calloc(1, sizeof(*p));
	expect(p != NULL);
	for (int stream = 0; at < size; stream++)
		at += run_both(&m, p, data + at, size - at, stream % 2 == 0);
	expect(fused_model_pairs(&m, NULL) == p->pairs.n);
	expect(fused_model_triple_bits(&m) == p->triples.n);
	expect(bosc_db_size(m.bags) == p->bags.n);
	free(p);
	fused_model_free(&m);
	return 0;
}
