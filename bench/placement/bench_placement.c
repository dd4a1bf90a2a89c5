/* SPDX-License-Identifier: Apache-2.0 */
/* What a placement decision costs at 50, 500 and 5,000 nodes, and how fast the game is simulated. The time of
 * the thread, not of the clock on the wall: other work on the machine does not count. Prints a table; decides
 * nothing. */
#include "decision.h"

#include <base/cleanup.h>
#include <model/game_hosts.h>
#include <model/game_lattice.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *took, size_t n)
{
	qsort(took, n, sizeof(took[0]), by_size);
	return took[n / 2];
}

static int placement_show(void)
{
	static const size_t SIZES[] = {50, 500, 5000};
	double last_choice = 0, last_round = 0;

	printf("%8s %8s %22s %10s %22s %10s\n", "nodes", "pods", "filters and choice, ms", "growth",
		"whole round, ms", "growth");
	for (size_t i = 0; i < ARRAY_LEN(SIZES); i++) {
		struct decision_times t;
		double choice, whole;

		if (decision_measure(SIZES[i], seconds, &t))
			return -1;
		choice = median(t.choice_ms, DECISION_REPEATS);
		whole = median(t.round_ms, DECISION_REPEATS);
		printf("%8zu %8zu %22.3f", SIZES[i], t.pods, choice);
		if (i)
			printf(" %8.1f x %22.3f %8.1f x\n", choice / last_choice, whole, whole / last_round);
		else
			printf(" %10s %22.3f\n", "", whole);
		last_choice = choice;
		last_round = whole;
	}
	return 0;
}

static void speed_show(const char *what, struct game_job *job)
{
	struct game_tally t;
	double begun = seconds();

	job->threads = 1;
	if (game_run(job, &t, NULL) == 0)
		printf("%-40s %8.1f million hops a second on one core\n", what,
			(double)t.hops / (seconds() - begun) / 1e6);
}

static void lattice_show(void)
{
	struct game_torus torus;
	struct game_lattice g = {.torus = &torus, .predators = 20, .evasive = true, .horizon = 10000};
	struct game_job job = {.seed = 1, .plays = 200};

	if (game_torus_init(&torus, 31, 31, NULL) == 0 && game_lattice_job(&g, &job, NULL) == 0)
		speed_show("lazy prey, 20 on a lattice of 31 x 31", &job);
	game_torus_free(&torus);
}

static void hosts_show(void)
{
	struct game_graph graph;
	struct game_hosts g = {.graph = &graph,
		.strategy = GAME_PREDATOR_PREY,
		.hacked = 5,
		.td = 0.1,
		.nerve = 0.2,
		.heterogeneity_weight = 1,
		.horizon = 200};
	struct game_hosts_plan *plan = NULL;
	struct game_job job = {.seed = 1, .plays = 5000};

	if (game_graph_lattice(&graph, 8, 8, NULL) == 0 && game_hosts_plan_new(&g, &plan, NULL) == 0) {
		game_hosts_job(plan, &job);
		speed_show("predator-prey, 5 among 64 hosts", &job);
	}
	game_hosts_plan_free(plan);
	game_graph_free(&graph);
}

int main(void)
{
	if (placement_show()) {
		fprintf(stderr, "bench_placement: a choice failed\n");
		return EXIT_FAILURE;
	}
	printf("\n");
	lattice_show();
	hosts_show();
	return EXIT_SUCCESS;
}
