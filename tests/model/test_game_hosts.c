/* SPDX-License-Identifier: Apache-2.0 */
/* The game on any topology: against what can be computed exactly, against placement, and in its order. */
#include "golden/golden.h"
#include "stats.h"

#include <base/backoff.h>
#include <base/cleanup.h>
#include <errno.h>
#include <model/game_hosts.h>
#include <string.h>

enum { HOSTS = 12, PLAYS = 10000 };

/* Two zones, three kernels, two CPU models. */
static void cluster(struct place_node *nodes)
{
	static const char *const NAMES[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"},
				 *const KERNELS[] = {"k1", "k2", "k3"};

	for (size_t i = 0; i < HOSTS; i++)
		nodes[i] = (struct place_node){.name = NAMES[i],
			.trait = {[PLACE_ZONE] = i < HOSTS / 2 ? "z1" : "z2",
				[PLACE_KERNEL] = KERNELS[i % 3],
				[PLACE_CPU_MODEL] = i % 2 ? "c1" : "c2"}};
}

static struct game_graph graph_of_nodes(double wall)
{
	struct place_node nodes[HOSTS];
	struct game_graph g;

	cluster(nodes);
	assert_int_equal(game_graph_nodes(&g, nodes, HOSTS, wall, NULL), 0);
	return g;
}

static struct game_hosts_plan *plan(const struct game_hosts *setup)
{
	struct game_hosts_plan *p;
	struct err e = {0};

	if (game_hosts_plan_new(setup, &p, &e))
		fail_msg("%s", e.message);
	return p;
}

static struct game_tally play(const struct game_hosts *setup)
{
	struct game_hosts_plan *p = plan(setup);
	struct game_job job = {0};
	struct game_tally t;

	game_hosts_job(p, &job);
	t = run(job, PLAYS, 11);
	game_hosts_plan_free(p);
	return t;
}

static void test_hops_are_drawn_as_the_graph_says(void **state)
{
	enum { DRAWS = 100000 };
	struct game_graph g = graph_of_nodes(3);
	uint64_t rng = 1;

	(void)state;
	for (uint32_t from = 0; from < g.n; from++) {
		uint32_t count[HOSTS] = {0};
		double sum = 0;

		for (int i = 0; i < DRAWS; i++)
			count[game_graph_hop(&g, from, rng_next(&rng))]++;
		assert_true(count[from] == 0);
		for (uint32_t to = 0; to < g.n; to++) {
			near_share((double)count[to] / DRAWS, (double)g.hop[from * g.n + to], DRAWS);
			sum += (double)g.hop[from * g.n + to];
		}
		assert_true(fabs(sum - 1) < 1e-5);
	}
	game_graph_free(&g);
}

/* All hosts alike: each hop of an attacker that is elsewhere finds the prey with 1 / (V - 1), and equation 3
 * says whether it does harm. One that was detected tries again while it stays, and else has to leave first.
 */
static double alike_survival(double hosts, double attackers, double harm, double stay, int steps)
{
	double away = 1, there = 0;

	for (int i = 0; i < steps; i++) {
		double found = away / (hosts - 1);

		away += there * (1 - stay) - found;
		there = (found + there * stay) * (1 - harm);
	}
	return pow(away + there, attackers);
}

static void test_static_prey_among_hosts_alike(void **state)
{
	struct game_graph g = graph_of_nodes(0);

	(void)state;
	for (uint32_t n = 1; n <= 4; n += 3)
		for (int i = 0; i < 3; i++) {
			double td = (double[]){0.2, 1, 1e9}[i], stay = (double[]){0, 0.9, 0.5}[i];
			struct game_tally t = play(&(struct game_hosts){
				.graph = &g, .hacked = n, .stay = stay, .td = td, .nerve = 2, .horizon = 20});

			near_share(game_survival(&t, 20), alike_survival(HOSTS, n, 1 - exp(-td), stay, 20),
				PLAYS);
			near_share(
				game_survival(&t, 5), alike_survival(HOSTS, n, 1 - exp(-td), stay, 5), PLAYS);
			assert_true(t.moves == 0);
		}
	game_graph_free(&g);
}

static void test_static_prey_on_the_lattice(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(GOLDEN_IMMOBILE); i++) {
		const double *w = GOLDEN_IMMOBILE[i];
		struct game_graph g;
		struct game_tally t;

		assert_int_equal(game_graph_lattice(&g, (uint32_t)w[0], (uint32_t)w[1], NULL), 0);
		t = play(&(struct game_hosts){
			.graph = &g, .hacked = (uint32_t)w[2], .td = 1e9, .horizon = 60});
		near_share(game_survival(&t, (uint32_t)w[3]), w[4], PLAYS);
		game_graph_free(&g);
	}
}

/* Every visit is detected: nobody dies, whatever is played. */
static void test_perfect_detection(void **state)
{
	struct game_graph g = graph_of_nodes(1);

	(void)state;
	for (int s = 0; s < GAME_STRATEGIES; s++) {
		struct game_tally t = play(&(struct game_hosts){.graph = &g,
			.strategy = (enum game_strategy)s,
			.hacked = 3,
			.nerve = 2,
			.horizon = 50});

		assert_true(t.deaths == 0 && t.steps == 50 * (uint64_t)PLAYS && t.hops == 3 * t.steps);
		assert_true((t.moves == 0) == (s == GAME_STATIC));
	}
	game_graph_free(&g);
}

static void test_growth_adds_attackers(void **state)
{
	struct game_graph g = graph_of_nodes(1);
	struct game_tally t = play(
		&(struct game_hosts){.graph = &g, .hacked = 1, .k = 1, .mu = 4, .nerve = 2, .horizon = 4});

	(void)state;
	/* 4 e^t / (e^t + 3) is 1.9, 2.8, 3.5, 3.8 at 1 to 4: whole attackers only. */
	assert_true(t.hops == (uint64_t)PLAYS * (1 + 2 + 3 + 3));
	/* One host stays free for the prey. */
	t = play(&(struct game_hosts){.graph = &g, .hacked = 1, .k = 9, .mu = 400, .nerve = 2, .horizon = 9});
	assert_true(t.hops == (uint64_t)PLAYS * 9 * (HOSTS - 1));
	game_graph_free(&g);
}

/* Attackers that begin where they are told, and never find the prey on one of their hosts. */
static void test_given_start(void **state)
{
	enum { N = HOSTS - 1 };
	uint32_t start[N];
	struct game_graph g = graph_of_nodes(0);
	struct game_tally t;

	(void)state;
	for (uint32_t i = 0; i < N; i++)
		start[i] = i;
	t = play(&(struct game_hosts){
		.graph = &g, .hacked = N, .start = start, .n_start = N, .td = 1e9, .nerve = 2, .horizon = 2});
	/* All of them around it, each finding it with 1 / (V - 1). */
	near_share(game_survival(&t, 1), pow(1 - 1.0 / (HOSTS - 1), N), PLAYS);
	game_graph_free(&g);
}

/* Three hosts are open; the prey is on one and knows of an attacker on another: one is left. */
static void test_closed_hosts_are_never_gone_to(void **state)
{
	static const uint32_t KNOWN[] = {4};
	struct game_graph g = graph_of_nodes(1);
	bool closed[HOSTS];

	(void)state;
	for (size_t i = 0; i < HOSTS; i++)
		closed[i] = i != 4 && i != 9 && i != 2;
	for (int s = GAME_RANDOM; s < GAME_ORACLE; s++) {
		struct game_hosts setup = {.graph = &g,
			.strategy = (enum game_strategy)s,
			.hacked = 1,
			.closed = closed,
			.td = 0.5,
			.horizon = 10};
		struct game_hosts_plan *p = plan(&setup);
		double share[HOSTS];

		game_hosts_shares(p, 2, KNOWN, 1, share);
		for (size_t i = 0; i < HOSTS; i++)
			assert_true(i == 9 ? fabs(share[i] - 1) < 1e-12 : share[i] == 0);
		game_hosts_plan_free(p);
	}
	game_graph_free(&g);
}

/* An attacker who stays is what moving is good against. */
static void test_moving_pays_against_those_who_stay(void **state)
{
	double alive[2][2];
	struct game_graph g = graph_of_nodes(0);

	(void)state;
	for (int stays = 0; stays < 2; stays++)
		for (int moves = 0; moves < 2; moves++) {
			struct game_tally t = play(&(struct game_hosts){.graph = &g,
				.strategy = moves ? GAME_RANDOM : GAME_STATIC,
				.hacked = 1,
				.stay = stays,
				.td = 0.2,
				.nerve = 2,
				.horizon = 60});

			alive[stays][moves] = game_survival(&t, 60);
		}
	assert_true(fabs(alive[0][1] - alive[0][0]) < 0.05);
	assert_true(alive[1][1] > alive[1][0] + 0.3);
	game_graph_free(&g);
}

/* What the simulated prey does is what placement does. */
static void test_choice_is_that_of_placement(void **state)
{
	static const enum place_strategy SAME[] = {[GAME_RANDOM] = PLACE_RANDOM,
		[GAME_FARTHEST] = PLACE_FARTHEST,
		[GAME_PREDATOR_PREY] = PLACE_PREDATOR_PREY};
	static const uint32_t HACKED[] = {1, 4, 4, 7}; /* two attackers on one host make one hacked host */
	struct game_graph g = graph_of_nodes(1);
	struct place_node nodes[HOSTS];

	(void)state;
	cluster(nodes);
	for (size_t i = 0; i < ARRAY_LEN(HACKED); i++)
		nodes[HACKED[i]].hacked = true;
	for (int s = GAME_RANDOM; s <= GAME_PREDATOR_PREY; s++) {
		struct game_hosts setup = {.graph = &g,
			.strategy = (enum game_strategy)s,
			.hacked = 4,
			.td = 0.5,
			.heterogeneity_weight = 2,
			.horizon = 100};
		struct place_ask ask = {.source = "c",
			.strategy = SAME[s],
			.heterogeneity_weight = 2,
			.distance = PLACE_WEIGHTS_DEFAULT,
			.td = 0.5,
			.horizon = 100,
			.seed = 1};
		struct game_hosts_plan *p = plan(&setup);
		struct place_row rows[HOSTS];
		double share[HOSTS];
		size_t chosen;

		game_hosts_shares(p, 2, HACKED, ARRAY_LEN(HACKED), share);
		assert_int_equal(place_choose(nodes, HOSTS, &ask, rows, &chosen, NULL), 0);
		for (size_t i = 0; i < HOSTS; i++) /* the names are in order */
			assert_true(fabs(share[i] - rows[i].weight) < 1e-5);
		game_hosts_plan_free(p);
	}
	game_graph_free(&g);
}

/* On a lattice, where attackers come from next door, knowing more is worth more. */
static void test_strategies_are_in_order(void **state)
{
	double alive[GAME_STRATEGIES];
	struct game_graph g;

	(void)state;
	assert_int_equal(game_graph_lattice(&g, 8, 8, NULL), 0);
	for (int s = 0; s < GAME_STRATEGIES; s++) {
		struct game_tally t = play(&(struct game_hosts){.graph = &g,
			.strategy = (enum game_strategy)s,
			.hacked = 5,
			.td = 0.4,
			.nerve = 0.2,
			.horizon = 100});

		alive[s] = game_survival(&t, 100);
	}
	assert_true(alive[GAME_ORACLE] > alive[GAME_PREDATOR_PREY] + 0.01);
	assert_true(alive[GAME_PREDATOR_PREY] > alive[GAME_STATIC] + 0.1);
	assert_true(alive[GAME_RANDOM] > alive[GAME_STATIC] + 0.1);
	assert_true(alive[GAME_FARTHEST] > alive[GAME_STATIC] + 0.1);
	game_graph_free(&g);
}

/* With slow detection the prey acts on where attackers were: worse. */
static void test_late_knowledge_is_worth_less(void **state)
{
	struct game_graph g;
	double last = 1;

	(void)state;
	assert_int_equal(game_graph_lattice(&g, 8, 8, NULL), 0);
	for (int i = 0; i < 4; i++) {
		struct game_tally t = play(&(struct game_hosts){.graph = &g,
			.strategy = GAME_PREDATOR_PREY,
			.hacked = 5,
			.td = (double[]){0.1, 0.4, 1, 6}[i],
			.nerve = 0.2,
			.horizon = 100});

		assert_true(game_survival(&t, 100) < last);
		last = game_survival(&t, 100);
	}
	game_graph_free(&g);
}

static void refused(const struct game_hosts *setup)
{
	struct game_hosts_plan *p = NULL;
	struct err e = {0};

	assert_int_equal(game_hosts_plan_new(setup, &p, &e), -EDOM);
	assert_string_equal(e.reason, "OutOfDomain");
	assert_null(p);
}

static void test_out_of_domain(void **state)
{
	struct game_graph g = graph_of_nodes(1), bad;
	struct game_hosts ok = {.graph = &g, .hacked = 1, .td = 1, .horizon = 10}, s;
	struct place_node nodes[HOSTS];
	bool all_closed[HOSTS];

	(void)state;
	memset(all_closed, 1, sizeof(all_closed));
	game_hosts_plan_free(plan(&ok));
	game_hosts_plan_free(NULL);
	refused((s = ok, s.hacked = 0, &s));
	refused((s = ok, s.hacked = HOSTS, &s));
	refused((s = ok, s.horizon = 1, &s));
	refused((s = ok, s.horizon = GAME_STEPS_MAX + 1, &s));
	refused((s = ok, s.start = (uint32_t[]){HOSTS}, s.n_start = 1, &s));
	refused((s = ok, s.start = (uint32_t[]){1, 2}, s.n_start = 2, &s));
	refused((s = ok, s.closed = all_closed, &s));
	refused((s = ok, s.stay = 1.5, &s));
	refused((s = ok, s.stay = NAN, &s));
	refused((s = ok, s.td = -1, &s));
	refused((s = ok, s.td = NAN, &s));
	refused((s = ok, s.nerve = NAN, &s));
	refused((s = ok, s.heterogeneity_weight = INFINITY, &s));
	refused((s = ok, s.mu = 4, s.k = -1, &s));
	cluster(nodes);
	assert_int_equal(game_graph_nodes(&bad, nodes, 1, 1, NULL), -EDOM);
	game_graph_free(&bad);
	assert_int_equal(game_graph_nodes(&bad, nodes, HOSTS, NAN, NULL), -EDOM);
	game_graph_free(&bad);
	assert_int_equal(game_graph_lattice(&bad, 1, 1, NULL), -EDOM);
	game_graph_free(&bad);
	assert_int_equal(game_graph_lattice(&bad, 100, 100, NULL), -EDOM);
	game_graph_free(&bad);
	game_graph_free(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hops_are_drawn_as_the_graph_says),
		cmocka_unit_test(test_static_prey_among_hosts_alike),
		cmocka_unit_test(test_static_prey_on_the_lattice),
		cmocka_unit_test(test_perfect_detection),
		cmocka_unit_test(test_growth_adds_attackers),
		cmocka_unit_test(test_given_start),
		cmocka_unit_test(test_closed_hosts_are_never_gone_to),
		cmocka_unit_test(test_moving_pays_against_those_who_stay),
		cmocka_unit_test(test_choice_is_that_of_placement),
		cmocka_unit_test(test_strategies_are_in_order),
		cmocka_unit_test(test_late_knowledge_is_worth_less),
		cmocka_unit_test(test_out_of_domain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
