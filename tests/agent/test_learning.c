/* SPDX-License-Identifier: Apache-2.0 */
/* Learning over replicas: how much is added up, how far it is, when it is over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <base/cleanup.h>
#include <stdlib.h>
#include <string.h>

#include "node-agent/agent/guard/learning.h"

static const struct policy bosc = {.detection = {.detector = DETECTOR_BOSC,
					   .threshold = 50,
					   .learning = {.min_epochs = 20, .stable_for = 10}}};
static const struct policy fused = {
	.detection = {.detector = DETECTOR_FUSED, .learning = {.min_epochs = 3, .stable_for = 10}}};

static void test_done(void **state)
{
	(void)state;
	assert_false(learning_done(&bosc, &(struct learning_depth){19, 15, 0}));
	assert_false(learning_done(&bosc, &(struct learning_depth){20, 9, 0}));
	assert_true(learning_done(&bosc, &(struct learning_depth){20, 10, 0}));
	assert_false(learning_done(&fused, &(struct learning_depth){20, 10, MONITOR_FUSED_EPOCHS_MIN - 1}));
	assert_true(learning_done(&fused, &(struct learning_depth){20, 10, MONITOR_FUSED_EPOCHS_MIN}));
}

/* Two epochs a second, of which `noisy` in ten bring a new bag. */
static void pace(struct learning_pace *p, int noisy)
{
	uint64_t bags = 0;

	*p = (struct learning_pace){0};
	for (int i = 0; i < 100; i++) {
		bags += i % 10 < noisy;
		learning_pace_note(p, (uint64_t)i, bags, 1000 + 500 * i);
	}
}

static void test_left(void **state)
{
	struct learning_depth d = {.epochs = 100, .quiet = 4, .scored = 100};
	struct learning_pace p;
	double calm, busy, wild;

	(void)state;
	/* Nothing new any more: six quiet epochs are missing, at two a second. */
	pace(&p, 0);
	calm = learning_epochs_left(&bosc, &d, &p);
	assert_in_range((int)calm, 6, 7);
	assert_in_range(learning_seconds_left(&p, calm), 3, 4);
	assert_in_range(learning_percent(&d, calm), 92, 95);
	/* One in ten is noisy: the row of ten takes E = (q^-10 - q^-4) / (1 - q), about 12 at q = 0.9. */
	pace(&p, 1);
	busy = learning_epochs_left(&bosc, &d, &p);
	assert_in_range((int)busy, 10, 20);
	pace(&p, 6);
	wild = learning_epochs_left(&bosc, &d, &p);
	assert_true(wild > 1000);
	assert_true(learning_percent(&d, wild) < 10);
	/* Each epoch brings something: it does not end, and that is said in seconds that can be written down.
	 */
	pace(&p, 10);
	assert_in_range(learning_seconds_left(&p, learning_epochs_left(&bosc, &d, &p)), 86400, 31536000);
	/* The minimum of the policy, and that of the detector. */
	pace(&p, 0);
	assert_int_equal(learning_epochs_left(&bosc, &(struct learning_depth){5, 10, 0}, &p), 15);
	assert_int_equal(learning_epochs_left(&fused, &(struct learning_depth){5, 10, 5}, &p), 15);
	assert_int_equal(learning_percent(&(struct learning_depth){5, 10, 5}, 15), 25);
	assert_int_equal(learning_percent(&d, 0), 100);
	/* Nothing was seen yet. */
	p = (struct learning_pace){0};
	assert_int_equal(learning_seconds_left(&p, 20), 0);
}

#define TRIPLES(n) calloc(n, sizeof(uint64_t))

/* What a container of the second replica learned, beside the first's. */
static void test_merge(void **state)
{
	uint64_t bags_a[] = {1, 5}, bags_b[] = {1, 7, 9}, pairs_a[] = {3, 10}, pairs_b[] = {3, 4};
	uint32_t of_a[] = {2, 1}, of_b[] = {5, 1}, of_b2[] = {9, 1};
	auto_free uint64_t *triples = TRIPLES(PROFILE_WORDS);
	struct monitor_learned none = {0}, a = {.epochs = 30,
						   .quiet_epochs = 4,
						   .bags = bags_a,
						   .n_bags = 2,
						   .tasks = 4,
						   .pairs = pairs_a,
						   .tasks_of = of_a,
						   .n_pairs = 2,
						   .triples = triples,
						   .scored = 29,
						   .graded = 80,
						   .bosc = 20};
	struct monitor_learned b = {.epochs = 12,
		.quiet_epochs = 2,
		.bags = bags_b,
		.n_bags = 3,
		.tasks = 6,
		.pairs = pairs_b,
		.tasks_of = of_b,
		.n_pairs = 2,
		.triples = triples,
		.scored = 11};
	struct monitor_learned b2 = b;
	struct profile p = {.epoch_size = 500};

	(void)state;
	triples[7] = 6;
	assert_int_equal(learning_merge(&p, &a, &none), 0);
	assert_int_equal(p.epochs, 30);
	assert_int_equal(p.quiet, 4);
	assert_int_equal(p.triples[7], 6);
	triples[7] = 9;
	assert_int_equal(learning_merge(&p, &b, &none), 0);
	assert_int_equal(p.n_bags, 4);
	assert_int_equal(p.bags[3], 9);
	assert_int_equal(p.epochs, 42);
	assert_int_equal(p.quiet, 2); /* something new came */
	assert_int_equal(p.triples[7], 15);
	assert_int_equal(p.tasks, 10);
	assert_int_equal(p.n_pairs, 3);
	assert_int_equal(p.pairs[0], 3);
	assert_int_equal(p.tasks_of[0], 7);
	assert_int_equal(p.tasks_of[1], 1);
	/* Too few epochs make no thresholds, nor do they replace any. */
	assert_int_equal(p.graded_threshold, 80);
	assert_int_equal(p.scored, 29);
	/* The same replica again: only what it has beyond what it gave counts. */
	b2.epochs = 20;
	b2.tasks = 10;
	b2.tasks_of = of_b2;
	b2.scored = 40;
	b2.graded = 100;
	b2.bosc = 30;
	assert_int_equal(learning_merge(&p, &b2, &b), 0);
	assert_int_equal(p.epochs, 50);
	assert_int_equal(p.quiet, 10); /* nothing new: its eight epochs join the row */
	assert_int_equal(p.tasks, 14);
	assert_int_equal(p.tasks_of[0], 11);
	assert_int_equal(p.graded_threshold, 100);
	assert_int_equal(p.bosc_threshold, 30);
	profile_free(&p);
}

/* A pair is rare by the tasks of all replicas together, not of each. */
static void test_rarity_is_over_replicas(void **state)
{
	auto_free uint64_t *triples = TRIPLES(PROFILE_WORDS);
	auto_free struct graded_known *known = malloc(sizeof(*known));
	uint64_t pairs[] = {8, 9};
	uint32_t often_and_once[] = {600, 1};
	struct monitor_learned one = {.tasks = 600,
				       .pairs = pairs,
				       .tasks_of = often_and_once,
				       .n_pairs = 2,
				       .triples = triples},
			       none = {0};
	struct profile p = {0};

	(void)state;
	assert_int_equal(learning_merge(&p, &one, &none), 0);
	learning_known(&p, known);
	/* 600 tasks are too few to call anything rare ... */
	assert_true(graded_bit(known->pairs, 8) && graded_bit(known->pairs, 9));
	one.n_pairs = 1;
	assert_int_equal(learning_merge(&p, &one, &none), 0);
	learning_known(&p, known);
	/* ... 1200 are not: once in 1200 is. */
	assert_true(graded_bit(known->pairs, 8));
	assert_false(graded_bit(known->pairs, 9));
	profile_free(&p);
}

static void test_ahead(void **state)
{
	struct profile p = {.epochs = 50, .quiet = 8, .scored = 30};
	struct monitor_learned sent = {.epochs = 20, .n_bags = 5};
	struct monitor_stats now = {.epochs = 26, .quiet_epochs = 3, .bags = 5, .scored = 25};
	struct learning_depth d = learning_ahead(&p, &now, &sent);

	(void)state;
	assert_int_equal(d.epochs, 56);
	assert_int_equal(d.quiet, 14);
	assert_int_equal(d.scored, 30);
	now.bags = 6;
	d = learning_ahead(&p, &now, &sent);
	assert_int_equal(d.quiet, 3);
}

static void test_bags_outside(void **state)
{
	struct monitor_stats before = {.epochs = 20, .bags = 100}, now = {.epochs = 21, .bags = 200};

	(void)state;
	assert_false(learning_bags_outside(&bosc, &before, &now));
	now.bags = 201;
	assert_true(learning_bags_outside(&bosc, &before, &now));
	/* Fused scores its epochs itself. */
	assert_false(learning_bags_outside(&fused, &before, &now));
	before.epochs = 19;
	now.bags = 1000;
	assert_false(learning_bags_outside(&bosc, &before, &now));
}

static void test_findings(void **state)
{
	uint64_t then[] = {5, 9}, since[] = {5, 8, 9, (57U << GRADED_CALL_BITS) + 59};
	uint32_t counts[] = {1, 2, 3, 4};
	struct monitor_learned before = {.pairs = then, .tasks_of = counts, .n_pairs = 2};
	struct monitor_learned now = {.pairs = since, .tasks_of = counts, .n_pairs = 4};
	struct profile_held h = {0};

	(void)state;
	learning_findings(&now, &before, &h);
	assert_int_equal(h.n_findings, 2);
	assert_int_equal(h.findings[0].calls[1].number, 8);
	assert_int_equal(h.findings[1].calls[0].number, 57);
	assert_int_equal(h.findings[1].calls[1].number, 59);
	assert_string_equal(h.findings[1].calls[0].name, "fork");
	assert_string_equal(h.findings[1].calls[1].name, "execve");
	assert_int_equal(h.findings[1].count, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_done),
		cmocka_unit_test(test_left),
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_rarity_is_over_replicas),
		cmocka_unit_test(test_ahead),
		cmocka_unit_test(test_bags_outside),
		cmocka_unit_test(test_findings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
