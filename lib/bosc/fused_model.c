/* SPDX-License-Identifier: Apache-2.0 */
#include <bosc/fused.h>
#include <errno.h>
#include <stdlib.h>

#define EPOCH_MAX 1000000

int fused_model_init(struct fused_model *m, const struct fused_params *p)
{
	*m = (struct fused_model){.params = *p};
	if (p->window < BOSC_WINDOW_MIN || p->window > BOSC_WINDOW_MAX || p->epoch == 0 ||
		p->epoch > EPOCH_MAX)
		return -EINVAL;
	m->pairs = calloc(GRADED_PAIRS, sizeof(*m->pairs));
	m->triples = calloc(fused_model_triple_words(m), sizeof(*m->triples));
	if (!m->pairs || !m->triples || bosc_db_new(&m->bags) < 0) {
		fused_model_free(m);
		return -ENOMEM;
	}
	return 0;
}

void fused_model_free(struct fused_model *m)
{
	bosc_db_free(m->bags);
	free(m->pairs);
	free(m->triples);
	free(m->samples);
	*m = (struct fused_model){0};
}

size_t fused_model_triple_words(const struct fused_model *m)
{
	return m->params.form == FUSED_KERNEL ? GRADED_TRIPLE_WORDS : GRADED_TRIPLES / 64;
}

size_t fused_model_pairs(const struct fused_model *m, size_t *ret_rare)
{
	size_t n = 0, rare = 0;

	for (size_t i = 0; i < GRADED_PAIRS; i++) {
		if (!m->pairs[i].tasks)
			continue;
		n++;
		rare += (size_t)graded_rare(m->pairs[i].tasks, m->tasks);
	}
	if (ret_rare)
		*ret_rare = rare;
	return n;
}

size_t fused_model_triple_bits(const struct fused_model *m)
{
	size_t n = 0;

	for (size_t i = 0; i < fused_model_triple_words(m); i++)
		n += (size_t)__builtin_popcountll(m->triples[i]);
	return n;
}

static int compare_u32(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

uint32_t fused_threshold(uint32_t *scores, size_t n, uint32_t least, bool twice)
{
	uint64_t q, raised;
	size_t at = n * 995 / 1000;

	if (n == 0)
		return least;
	qsort(scores, n, sizeof(*scores), compare_u32);
	q = scores[at < n ? at : n - 1];
	raised = q / 2 < q * 160 / n ? q / 2 : q * 160 / n;
	raised = twice ? 2 * q : q + raised;
	if (raised > UINT32_MAX)
		return UINT32_MAX;
	return raised > least ? (uint32_t)raised : least;
}

static uint32_t sample_pair(const struct fused_sample *s)
{
	return s->pair;
}

static uint32_t sample_graded(const struct fused_sample *s)
{
	return s->graded;
}

static uint32_t sample_bosc(const struct fused_sample *s)
{
	return s->bosc;
}

static int calibrate(const struct fused_model *m, const struct fused_sample *samples, size_t count,
	struct fused_thresholds *ret)
{
	const struct {
		uint32_t (*of)(const struct fused_sample *s);
		uint32_t *to;
		uint32_t least;
		bool twice;
	} detectors[] = {
		{sample_pair, &ret->pair, 2, false},
		{sample_graded, &ret->graded, 2 * GRADED_PAIR_WEIGHT, false},
		{sample_bosc, &ret->bosc, 2 * m->params.window, true},
	};
	size_t from = count / 2, n = count - from;
	uint32_t *scores;

	if (count < FUSED_EPOCHS_MIN)
		return -EAGAIN;
	scores = calloc(n, sizeof(*scores));
	if (!scores)
		return -ENOMEM;
	for (size_t d = 0; d < sizeof(detectors) / sizeof(detectors[0]); d++) {
		for (size_t i = 0; i < n; i++)
			scores[i] = detectors[d].of(&samples[from + i]);
		*detectors[d].to = fused_threshold(scores, n, detectors[d].least, detectors[d].twice);
	}
	free(scores);
	return 0;
}

int fused_model_calibrate(const struct fused_model *m, struct fused_thresholds *ret)
{
	return calibrate(m, m->samples, m->n_samples, ret);
}

uint32_t fused_limit_graded(uint32_t threshold)
{
	return threshold > 8 * GRADED_PAIR_WEIGHT ? threshold : 8 * GRADED_PAIR_WEIGHT;
}

uint32_t fused_limit_bosc(uint32_t threshold, uint32_t window)
{
	return threshold > 8 * window ? threshold : 8 * window;
}

int fused_model_outside(const struct fused_model *m, size_t from, size_t *ret)
{
	struct fused_thresholds t;

	*ret = 0;
	for (size_t i = from > FUSED_JUDGED_FROM ? from : FUSED_JUDGED_FROM; i < m->n_samples; i++) {
		const struct fused_sample *s = &m->samples[i];
		int rc = calibrate(m, m->samples, i - GRADED_RING, &t);

		if (rc)
			return rc;
		*ret += s->graded > fused_limit_graded(t.graded) ||
			s->bosc > fused_limit_bosc(t.bosc, m->params.window);
	}
	return 0;
}

uint64_t fused_score(const struct fused_sample *s, const struct fused_thresholds *t)
{
	uint64_t graded = (uint64_t)s->graded * FUSED_ALARM / t->graded;
	uint64_t bosc = (uint64_t)s->bosc * FUSED_ALARM / t->bosc;

	return graded > bosc ? graded : bosc;
}
