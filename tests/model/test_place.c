/* SPDX-License-Identifier: Apache-2.0 */
/* Placement on a cluster of four, against golden.py, and what must hold for any seed. */
#include <math.h>
#include <model/place.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "golden/golden.h"

#include <base/backoff.h>
#include <base/cleanup.h>
#include <base/str.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define N 4

#define NODE(n, z, r, k, c, t, h)                                                                            \
	{                                                                                                    \
		.name = (n),                                                                                 \
		.trait = {[PLACE_ZONE] = (z),                                                                \
			[PLACE_REGION] = (r),                                                                \
			[PLACE_KERNEL] = (k),                                                                \
			[PLACE_CPU_MODEL] = (c),                                                             \
			[PLACE_RUNTIME] = (t)},                                                              \
		.hacked = (h)                                                                                \
	}

/* Those of golden.py. */
#define WEIGHTS_INIT                                                                                         \
	{                                                                                                    \
		{                                                                                            \
			[PLACE_ZONE] = 6, [PLACE_REGION] = 4, [PLACE_KERNEL] = 4, [PLACE_CPU_MODEL] = 3,     \
			[PLACE_RUNTIME] = 3                                                                  \
		}                                                                                            \
	}
static const struct place_weights WEIGHTS = WEIGHTS_INIT;

/* Not in the order of names: the result must not depend on it. */
static const struct place_node CLUSTER[N] = {
	NODE("d", "z3", "r2", "k2", "c2", "t2", false),
	NODE("a", "z1", "r1", "k1", "c1", "t1", true),
	NODE("c", "z2", "r1", "k2", "c1", "t1", false),
	NODE("b", "z1", "r1", "k1", "c1", "t1", false),
};

static const struct place_ask ASK = {.source = "a",
	.strategy = PLACE_PREDATOR_PREY,
	.heterogeneity_weight = 2,
	.distance = WEIGHTS_INIT,
	.td = 0.5,
	.horizon = 100};

static void near(double got, double want)
{
	if (!(fabs(got - want) <= 1e-12))
		fail_msg("%.17g instead of %.17g", got, want);
}

static const char *choose(const struct place_node *nodes, size_t n, const struct place_ask *ask,
	uint64_t seed, struct place_row *rows)
{
	struct place_ask with_seed = *ask;
	struct err e = {0};
	size_t chosen;

	with_seed.seed = seed;
	if (place_choose(nodes, n, &with_seed, rows, &chosen, &e))
		fail_msg("%s", e.message);
	assert_true(chosen < n && !rows[chosen].excluded && rows[chosen].weight > 0);
	return rows[chosen].node;
}

static void test_distance(void **state)
{
	const struct place_node *d = &CLUSTER[0], *a = &CLUSTER[1], *c = &CLUSTER[2], *b = &CLUSTER[3];
	struct place_node unknown = {.name = "u", .trait = {[PLACE_ZONE] = "", [PLACE_KERNEL] = "k9"}};

	(void)state;
	near(place_distance(&WEIGHTS, a, b), 0);
	near(place_distance(&WEIGHTS, a, a), 0);
	near(place_distance(&WEIGHTS, a, c), 0.5);
	near(place_distance(&WEIGHTS, a, d), 1);
	assert_true(place_distance(&WEIGHTS, a, d) <= 1);
	near(place_distance(&WEIGHTS, d, a), place_distance(&WEIGHTS, a, d));
	/* What is not known does not count as different. */
	near(place_distance(&WEIGHTS, a, &unknown), 0.2);
}

static void test_golden_rows(void **state)
{
	struct place_row rows[N];

	(void)state;
	choose(CLUSTER, N, &ASK, 1, rows);
	assert_string_equal(rows[0].node, "a");
	assert_string_equal(rows[0].excluded, "it is the source");
	assert_true(rows[0].weight == 0);
	for (size_t i = 0; i < ARRAY_LEN(GOLDEN_PLACE); i++) {
		const struct place_row *r = &rows[i + 1];

		assert_int_equal(*r->node, "bcd"[i]);
		near(r->density, GOLDEN_PLACE[i][0]);
		near(r->survival, GOLDEN_PLACE[i][1]);
		near(r->distance, GOLDEN_PLACE[i][2]);
		near(r->weight, GOLDEN_PLACE[i][3]);
	}
}

static void test_golden_choices(void **state)
{
	struct place_row rows[N];

	(void)state;
	for (uint64_t seed = 0; seed < sizeof(GOLDEN_CHOSEN) - 1; seed++)
		assert_int_equal(*choose(CLUSTER, N, &ASK, seed, rows), GOLDEN_CHOSEN[seed]);
}

static void test_order_of_nodes_does_not_matter(void **state)
{
	struct place_node turned[N];
	struct place_row rows[N], again[N];

	(void)state;
	for (size_t i = 0; i < N; i++)
		turned[i] = CLUSTER[N - 1 - i];
	for (uint64_t seed = 0; seed < 200; seed++)
		assert_string_equal(
			choose(CLUSTER, N, &ASK, seed, rows), choose(turned, N, &ASK, seed, again));
}

/* Over many seeds each node is chosen about as often as its share says: 4 standard deviations. */
static void test_shares_are_what_is_drawn(void **state)
{
	enum { DRAWS = 20000 };
	struct place_row rows[N];
	size_t count[N] = {0};

	(void)state;
	for (uint64_t seed = 0; seed < DRAWS; seed++)
		count[*choose(CLUSTER, N, &ASK, seed, rows) - 'a']++;
	for (size_t i = 0; i < N; i++) {
		double p = rows[i].weight, slack = 4 * sqrt(p * (1 - p) / DRAWS);

		assert_true(fabs((double)count[i] / DRAWS - p) <= slack);
	}
}

/* All nodes alike: the density is the paper's N / V, whoever is asked. */
static void test_alike_nodes_see_the_density_of_the_paper(void **state)
{
	struct place_node alike[5];
	struct place_row rows[5];

	(void)state;
	for (size_t i = 0; i < 5; i++)
		alike[i] = (struct place_node){
			.name = (const char *[]){"a", "b", "c", "d", "e"}[i], .hacked = i < 2};
	choose(alike, 5, &ASK, 1, rows);
	for (size_t i = 0; i < 5; i++)
		near(rows[i].density, 2.0 / 5);
	near(rows[2].weight, 1.0 / 3);
}

static void test_near_hacked_nodes_count_more(void **state)
{
	struct place_row rows[N];

	(void)state;
	choose(CLUSTER, N, &ASK, 1, rows);
	assert_true(rows[1].density > rows[2].density && rows[2].density > rows[3].density);
	assert_true(rows[3].density > 0); /* nobody is out of reach */
}

static void test_heterogeneity_adds_to_the_far(void **state)
{
	struct place_ask ask = ASK;
	struct place_row rows[N];
	double last = 0;

	(void)state;
	for (ask.heterogeneity_weight = 0; ask.heterogeneity_weight <= 10; ask.heterogeneity_weight += 2.5) {
		choose(CLUSTER, N, &ask, 1, rows);
		assert_true(rows[3].weight > last);
		last = rows[3].weight;
	}
}

static void test_excluded_are_never_chosen(void **state)
{
	struct place_node nodes[N];
	struct place_row rows[N];

	(void)state;
	memcpy(nodes, CLUSTER, sizeof(nodes));
	nodes[0].excluded = "it is not ready";
	nodes[3].hacked = true;
	for (int s = PLACE_PREDATOR_PREY; s <= PLACE_FARTHEST; s++)
		for (uint64_t seed = 0; seed < 100; seed++) {
			struct place_ask ask = ASK;

			ask.strategy = (enum place_strategy)s;
			assert_string_equal(choose(nodes, N, &ask, seed, rows), "c");
			near(rows[2].weight, 1);
		}
	assert_string_equal(rows[1].excluded, "it is hacked");
	assert_string_equal(rows[3].excluded, "it is not ready");
}

static void test_random_is_even(void **state)
{
	struct place_ask ask = ASK;
	struct place_row rows[N];

	(void)state;
	ask.strategy = PLACE_RANDOM;
	choose(CLUSTER, N, &ask, 1, rows);
	for (size_t i = 1; i < N; i++)
		near(rows[i].weight, 1.0 / 3);
}

static void test_farthest(void **state)
{
	struct place_node nodes[N];
	struct place_ask ask = ASK;
	struct place_row rows[N];
	bool c = false, d = false;

	(void)state;
	ask.strategy = PLACE_FARTHEST;
	for (uint64_t seed = 0; seed < 50; seed++)
		assert_string_equal(choose(CLUSTER, N, &ask, seed, rows), "d");
	/* Two that are equally far share evenly. */
	memcpy(nodes, CLUSTER, sizeof(nodes));
	nodes[0] = nodes[2];
	nodes[0].name = "d";
	for (uint64_t seed = 0; seed < 50; seed++) {
		const char *chosen = choose(nodes, N, &ask, seed, rows);

		c |= *chosen == 'c';
		d |= *chosen == 'd';
	}
	assert_true(c && d);
	near(rows[2].weight, 0.5);
	near(rows[1].weight, 0);
}

/* Survivals that are all 0 as doubles still have an order. */
static void test_hopeless_is_not_undecided(void **state)
{
	struct place_node nodes[N];
	struct place_ask ask = ASK;
	struct place_row rows[N];

	(void)state;
	memcpy(nodes, CLUSTER, sizeof(nodes));
	ask.horizon = 1e8;
	ask.td = 10;
	assert_string_equal(choose(nodes, N, &ask, 3, rows), "d");
	assert_true(rows[1].survival == 0 && rows[2].survival == 0 && rows[3].survival == 0);
	near(rows[1].weight + rows[2].weight + rows[3].weight, 1);
}

static void test_the_source_may_be_gone(void **state)
{
	struct place_ask ask = ASK;
	struct place_row rows[N];

	(void)state;
	ask.source = "gone";
	choose(CLUSTER, N, &ask, 1, rows);
	assert_string_equal(rows[0].excluded, "it is hacked");
	near(rows[3].distance, 0);
}

static const char *any_of(const char *const *values, uint64_t *rng)
{
	return values[rng_next(rng) % 5];
}

/* Many nodes of few kinds, some of whose values nobody knows. */
static void nodes_draw(struct place_node *nodes, char (*names)[8], size_t n, uint64_t *rng)
{
	static const char *const VALUES[] = {"u", "v", "w", "", NULL};

	for (size_t i = 0; i < n; i++) {
		str_fmt(names[i], sizeof(names[i]), "n%04zu", i);
		nodes[i] = (struct place_node){.name = names[i], .hacked = rng_next(rng) % 7 == 0};
		for (size_t t = 0; t < PLACE_TRAITS; t++)
			nodes[i].trait[t] = any_of(VALUES, rng);
	}
}

/* Densities are sums over all nodes, however they are computed. */
static void test_density_is_the_sum_over_all_nodes(void **state)
{
	enum { MANY = 300 };
	struct place_node nodes[MANY];
	struct place_row rows[MANY];
	char names[MANY][8];
	uint64_t rng = 5;

	(void)state;
	for (size_t n = 2; n <= MANY; n += 37) {
		nodes_draw(nodes, names, n, &rng);
		nodes[0].hacked = false;
		choose(nodes, n,
			&(struct place_ask){
				.source = "gone", .distance = PLACE_WEIGHTS_DEFAULT, .td = 1, .horizon = 100},
			n, rows);
		for (size_t i = 0; i < n; i++) {
			double all = 0, hacked = 0;

			for (size_t k = 0; k < n; k++) {
				double share = 1 - 0.8 * place_distance(&PLACE_WEIGHTS_DEFAULT, &nodes[i],
								 &nodes[k]);

				all += share;
				hacked += nodes[k].hacked ? share : 0;
			}
			assert_string_equal(rows[i].node, nodes[i].name);
			near(rows[i].density, hacked / all);
		}
	}
}

/* 0..1, the same both ways, 0 of a node to itself; more where one more trait differs; only proportions of the
 * weights matter. */
static void test_distance_properties(void **state)
{
	struct place_node nodes[64];
	char names[64][8];
	uint64_t rng = 11;

	(void)state;
	nodes_draw(nodes, names, 64, &rng);
	for (int round = 0; round < 20000; round++) {
		const struct place_node *a = &nodes[rng_next(&rng) % 64], *b = &nodes[rng_next(&rng) % 64];
		size_t t = rng_next(&rng) % PLACE_TRAITS;
		struct place_weights w, tenfold;
		struct place_node other = *b;
		double d;

		for (size_t i = 0; i < PLACE_TRAITS; i++) {
			w.of[i] = rng_next(&rng) % 4 ? (double)(rng_next(&rng) % 1000) : 0;
			tenfold.of[i] = 10 * w.of[i];
		}
		d = place_distance(&w, a, b);
		assert_true(d >= 0 && d <= 1);
		assert_true(d == place_distance(&w, b, a));
		assert_true(place_distance(&w, a, a) == 0);
		assert_true(fabs(place_distance(&tenfold, a, b) - d) < 1e-12);
		other.trait[t] = "somewhere else";
		assert_true(place_distance(&w, a, &other) >= d);
	}
}

/* What weighs nothing makes no difference, to densities neither. */
static void test_traits_without_weight_do_not_count(void **state)
{
	struct place_ask ask = ASK;
	struct place_row rows[N];

	(void)state;
	memset(&ask.distance, 0, sizeof(ask.distance));
	choose(CLUSTER, N, &ask, 1, rows);
	for (size_t i = 0; i < N; i++) {
		near(rows[i].distance, 0);
		near(rows[i].density, 0.25);
	}
	ask.distance.of[PLACE_KERNEL] = 1;
	choose(CLUSTER, N, &ask, 1, rows);
	near(rows[1].distance, 0);
	near(rows[2].distance, 1);
}

/* The second successor goes where the first does not, whatever the strategy. */
static void test_successors_are_spread(void **state)
{
	struct place_node nodes[N];

	(void)state;
	for (int s = PLACE_PREDATOR_PREY; s <= PLACE_FARTHEST; s++)
		for (uint64_t seed = 0; seed < 100; seed++) {
			struct place_ask ask = ASK;
			struct place_row rows[N];
			unsigned most = 0;

			memcpy(nodes, CLUSTER, sizeof(nodes));
			ask.strategy = (enum place_strategy)s;
			for (int pod = 0; pod < 6; pod++) {
				const char *chosen =
					choose(nodes, N, &ask, seed + 1000 * (unsigned)pod, rows);

				for (size_t i = 0; i < N; i++)
					nodes[i].inbound += str_eq(nodes[i].name, chosen);
			}
			for (size_t i = 0; i < N; i++)
				most = nodes[i].inbound > most ? nodes[i].inbound : most;
			assert_int_equal(most, 2);
		}
}

static int higher_draw_first(const void *a, const void *b)
{
	double x = ((const struct place_row *)a)->draw, y = ((const struct place_row *)b)->draw;

	return (x < y) - (x > y);
}

/* Of many candidates the few that came nearest are enough to repeat the choice, and what is excluded for the
 * others' sake changes nothing. */
static void test_a_few_rows_repeat_the_choice(void **state)
{
	enum { MANY = 300, KEPT = 8 };
	struct place_node nodes[MANY];
	struct place_row rows[MANY], kept[KEPT];
	char names[MANY][8];
	uint64_t rng = 23;

	(void)state;
	nodes_draw(nodes, names, MANY, &rng);
	for (int s = PLACE_PREDATOR_PREY; s <= PLACE_FARTHEST; s++)
		for (uint64_t seed = 0; seed < 200; seed++) {
			struct place_ask ask = ASK;
			const char *chosen;
			size_t again = KEPT;

			ask.strategy = (enum place_strategy)s;
			ask.seed = seed;
			chosen = choose(nodes, MANY, &ask, seed, rows);
			qsort(rows, MANY, sizeof(rows[0]), higher_draw_first);
			for (size_t i = 0; i < KEPT; i++)
				kept[i] = (struct place_row){.node = rows[i].node,
					.density = rows[i].density,
					.distance = rows[i].distance,
					.excluded = rows[i].excluded};
			assert_int_equal(place_draw(kept, KEPT, &ask, &again, NULL), 0);
			assert_string_equal(kept[again].node, chosen);
			ask.seed++;
			assert_int_equal(place_draw(kept, KEPT, &ask, &again, NULL), 0);
		}
}

static void test_nobody(void **state)
{
	struct place_node nodes[2] = {{.name = "a"}, {.name = "b", .excluded = "its agent is silent"}};
	struct place_row rows[2];
	struct err e = {0};
	size_t chosen;

	(void)state;
	assert_int_equal(place_choose(nodes, 2, &ASK, rows, &chosen, &e), -ENOENT);
	assert_string_equal(e.reason, "NoFeasibleNode");
	assert_non_null(strstr(e.message, "a: it is the source; b: its agent is silent"));
	assert_string_equal(rows[1].excluded, "its agent is silent");
	assert_int_equal(place_choose(NULL, 0, &ASK, NULL, &chosen, &e), -ENOENT);
}

static void test_out_of_domain(void **state)
{
	const struct place_ask bad[] = {
		{.source = "a", .heterogeneity_weight = -1, .td = 1, .horizon = 100},
		{.source = "a", .heterogeneity_weight = NAN, .td = 1, .horizon = 100},
		{.source = "a", .heterogeneity_weight = 1, .td = -1, .horizon = 100},
		{.source = "a", .heterogeneity_weight = 1, .td = 1, .horizon = 1},
		{.source = "a", .distance = {{[PLACE_OS] = -1}}, .td = 1, .horizon = 100},
		{.source = "a", .distance = {{[PLACE_OS] = INFINITY}}, .td = 1, .horizon = 100},
	};
	struct place_row rows[N];
	size_t chosen;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct err e = {0};

		assert_int_equal(place_choose(CLUSTER, N, &bad[i], rows, &chosen, &e), -EDOM);
		assert_string_equal(e.reason, "OutOfDomain");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_distance),
		cmocka_unit_test(test_golden_rows),
		cmocka_unit_test(test_golden_choices),
		cmocka_unit_test(test_order_of_nodes_does_not_matter),
		cmocka_unit_test(test_shares_are_what_is_drawn),
		cmocka_unit_test(test_alike_nodes_see_the_density_of_the_paper),
		cmocka_unit_test(test_near_hacked_nodes_count_more),
		cmocka_unit_test(test_heterogeneity_adds_to_the_far),
		cmocka_unit_test(test_excluded_are_never_chosen),
		cmocka_unit_test(test_random_is_even),
		cmocka_unit_test(test_farthest),
		cmocka_unit_test(test_hopeless_is_not_undecided),
		cmocka_unit_test(test_the_source_may_be_gone),
		cmocka_unit_test(test_density_is_the_sum_over_all_nodes),
		cmocka_unit_test(test_distance_properties),
		cmocka_unit_test(test_traits_without_weight_do_not_count),
		cmocka_unit_test(test_successors_are_spread),
		cmocka_unit_test(test_a_few_rows_repeat_the_choice),
		cmocka_unit_test(test_nobody),
		cmocka_unit_test(test_out_of_domain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
