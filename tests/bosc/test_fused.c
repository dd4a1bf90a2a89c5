/* SPDX-License-Identifier: Apache-2.0 */
#include <bosc/fused.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

#include <setjmp.h>

#include <cmocka.h>

static void model_up(struct fused_model *m, uint32_t window, uint32_t epoch, enum fused_form form)
{
	const struct fused_params p = {.window = window, .epoch = epoch, .form = form};

	assert_int_equal(fused_model_init(m, &p), 0);
}

static struct fused_stream *stream_new(struct fused_model *m, bool learn)
{
	struct fused_stream *s;

	assert_int_equal(fused_stream_new(m, learn, &s), 0);
	return s;
}

static void feed(struct fused_stream *s, uint32_t task, const uint32_t *calls, size_t n)
{
	for (size_t i = 0; i < n; i++)
		assert_int_equal(fused_stream_call(s, task, calls[i]), 0);
}

static struct fused_result end(struct fused_stream *s)
{
	struct fused_result r;

	assert_int_equal(fused_stream_end(s), 0);
	fused_stream_result(s, &r);
	fused_stream_free(s);
	return r;
}

static void bad_parameters_are_refused(void **state)
{
	static const struct fused_params bad[] = {{1, 500, FUSED_EXACT}, {65, 500, FUSED_EXACT},
		{10, 0, FUSED_EXACT}, {10, 1000001, FUSED_EXACT}};
	struct fused_model m;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(fused_model_init(&m, &bad[i]), -EINVAL);
		fused_model_free(&m);
	}
}

/* 0 1 2 3 0 1 2 3 ... of one task: 4 pairs, 4 triples, one bag. */
static void learn_rounds(struct fused_model *m, uint32_t calls)
{
	struct fused_stream *s = stream_new(m, true);

	for (uint32_t i = 0; i < calls; i++)
		assert_int_equal(fused_stream_call(s, 1, i & 3), 0);
	end(s);
}

static void an_epoch_is_scored_before_it_is_learned(void **state)
{
	for (int form = FUSED_EXACT; form <= FUSED_KERNEL; form++) {
		struct fused_model m;

		(void)state;
		model_up(&m, 4, 20, (enum fused_form)form);
		learn_rounds(&m, 120);
		assert_int_equal(m.n_samples, 6);
		assert_int_equal(m.samples[0].pair, 4);
		assert_int_equal(m.samples[0].graded, 4 * 32 + 4);
		/* Calls 0 to 2 complete no bag; the rest of the first epoch is not known yet. */
		assert_int_equal(m.samples[0].bosc, 17);
		assert_int_equal(m.samples[3].pair, 4);
		assert_int_equal(m.samples[4].pair, 0);
		assert_int_equal(m.samples[4].graded, 0);
		assert_int_equal(m.samples[1].bosc, 0);
		assert_int_equal(fused_model_pairs(&m, NULL), 4);
		assert_int_equal(bosc_db_size(m.bags), 1);
		assert_int_equal(m.tasks, 1);
		fused_model_free(&m);
	}
}

static void each_new_pair_counts_once_in_an_epoch(void **state)
{
	static const uint32_t odd[] = {0, 2, 0, 2, 0, 2, 0, 2, 0, 2};
	struct fused_model m;
	struct fused_stream *s;
	struct fused_result r;

	(void)state;
	model_up(&m, 4, 10, FUSED_EXACT);
	learn_rounds(&m, 120);
	s = stream_new(&m, false);
	for (uint32_t i = 0; i < 4; i++)
		feed(s, i + 1, odd, 10);
	r = end(s);
	/* Pairs 0-2 and 2-0, triples 0-2-0 and 2-0-2, in each of four epochs. */
	assert_int_equal(r.pair.score, 8);
	assert_int_equal(r.graded.score, 4 * (2 * 32 + 2));
	assert_int_equal(r.graded.epoch, 3);
	assert_int_equal(r.bosc.score, 7);
	assert_int_equal(r.bosc.epoch, 0);
	assert_int_equal(r.epochs, 4);
	fused_model_free(&m);
}

struct seen {
	size_t n[3];
	struct fused_finding last;
	uint16_t calls[BOSC_WINDOW_MAX];
};

static void on_finding(void *arg, const struct fused_finding *f)
{
	struct seen *seen = arg;

	seen->n[f->kind]++;
	if (f->kind != FUSED_TRIPLE)
		return;
	seen->last = *f;
	for (size_t i = 0; i < f->n_calls; i++)
		seen->calls[i] = f->calls[i];
}

static void findings_say_what_was_scored(void **state)
{
	static const uint32_t calls[] = {0, 1, 2, 3, 0, 3, 0, 1};
	struct seen seen = {0};
	struct fused_model m;
	struct fused_stream *s;

	(void)state;
	model_up(&m, 4, 10, FUSED_EXACT);
	learn_rounds(&m, 120);
	s = stream_new(&m, false);
	fused_stream_observe(s, on_finding, &seen);
	feed(s, 77, calls, 8);
	end(s);
	assert_int_equal(seen.n[FUSED_PAIR], 1);
	assert_int_equal(seen.n[FUSED_TRIPLE], 2); /* 3 0 3 and 0 3 0; 3 0 1 was learned */
	assert_int_equal(seen.n[FUSED_BAG], 3);
	assert_int_equal(seen.last.task, 77);
	assert_int_equal(seen.last.number, 6);
	assert_int_equal(seen.calls[0], 0);
	assert_int_equal(seen.calls[1], 3);
	assert_int_equal(seen.calls[2], 0);
	fused_model_free(&m);
}

/* Once 1,024 tasks are learned, what fewer than one in 256 showed is rare again. */
static void rarity_is_by_tasks(void **state)
{
	static const uint32_t common[] = {1, 2, 3}, uncommon[] = {1, 9, 3};

	for (int form = FUSED_EXACT; form <= FUSED_KERNEL; form++) {
		struct fused_model m;
		struct fused_stream *s;
		size_t rare;

		(void)state;
		model_up(&m, 2, 30, (enum fused_form)form);
		s = stream_new(&m, true);
		for (uint32_t t = 0; t < 1023; t++)
			feed(s, t, t % 300 == 0 ? uncommon : common, 3);
		end(s);
		assert_int_equal(fused_model_pairs(&m, &rare), 4);
		assert_int_equal(rare, 0);
		s = stream_new(&m, true);
		for (uint32_t t = 0; t < 77; t++)
			feed(s, t, common, 3);
		end(s);
		assert_int_equal(m.tasks, 1100);
		assert_int_equal(m.pairs[1 << 9 | 9].tasks, 4);
		assert_int_equal(fused_model_pairs(&m, &rare), 4);
		assert_int_equal(rare, 2);
		s = stream_new(&m, false);
		feed(s, 1, uncommon, 3);
		assert_int_equal(end(s).graded.score, 2 * 32);
		fused_model_free(&m);
	}
}

static void threshold_is_the_percentile_raised(void **state)
{
	uint32_t few[] = {1000, 10, 20}, many[4000];

	(void)state;
	assert_int_equal(fused_threshold(NULL, 0, 64, false), 64);
	assert_int_equal(fused_threshold(few, 3, 64, false), 1500);
	assert_int_equal(fused_threshold(few, 3, 64, true), 2000);
	assert_int_equal(fused_threshold(few, 3, 5000, false), 5000);
	for (uint32_t i = 0; i < 4000; i++)
		many[i] = 4000 - i;
	/* The 3,981st of 4,000, raised by 160 / 4,000. */
	assert_int_equal(fused_threshold(many, 4000, 64, false), 3981 + 159);
	many[0] = UINT32_MAX;
	assert_int_equal(fused_threshold(many, 1, 64, true), UINT32_MAX);
}

static void too_little_learned_gives_no_threshold(void **state)
{
	struct fused_thresholds t = {0};
	struct fused_model m;

	(void)state;
	model_up(&m, 4, 20, FUSED_EXACT);
	learn_rounds(&m, 20 * (FUSED_EPOCHS_MIN - 1));
	assert_int_equal(fused_model_calibrate(&m, &t), -EAGAIN);
	learn_rounds(&m, 20);
	assert_int_equal(fused_model_calibrate(&m, &t), 0);
	assert_int_equal(t.pair, 2);
	assert_int_equal(t.graded, 64);
	assert_int_equal(t.bosc, 8);
	fused_model_free(&m);
}

static void score_is_of_whichever_is_further(void **state)
{
	const struct fused_thresholds t = {.pair = 2, .graded = 100, .bosc = 20};

	(void)state;
	assert_int_equal(fused_score(&(struct fused_sample){.graded = 100}, &t), 256);
	assert_int_equal(fused_score(&(struct fused_sample){.graded = 50, .bosc = 20}, &t), 256);
	assert_int_equal(fused_score(&(struct fused_sample){.graded = 50, .bosc = 5}, &t), 128);
	assert_int_equal(fused_score(&(struct fused_sample){.graded = UINT32_MAX}, &t),
		UINT64_C(256) * UINT32_MAX / 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_parameters_are_refused),
		cmocka_unit_test(an_epoch_is_scored_before_it_is_learned),
		cmocka_unit_test(each_new_pair_counts_once_in_an_epoch),
		cmocka_unit_test(findings_say_what_was_scored),
		cmocka_unit_test(rarity_is_by_tasks),
		cmocka_unit_test(threshold_is_the_percentile_raised),
		cmocka_unit_test(too_little_learned_gives_no_threshold),
		cmocka_unit_test(score_is_of_whichever_is_further),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
