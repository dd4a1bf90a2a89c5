/* SPDX-License-Identifier: Apache-2.0 */
/* What a placement decision costs at 50, 500 and 5,000 nodes, and how fast the game is simulated. The time of
 * the thread, not of the clock on the wall: other work on the machine does not count. Prints a table; decides
 * nothing. */
#include <base/cleanup.h>
#include <base/str.h>
#include <math.h>
#include <model/game_hosts.h>
#include <model/game_lattice.h>
#include <model/place.h>
#include <string.h>
#include <time.h>

enum { LARGEST = 5000, REPEATS = 41 };

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

struct cluster {
	struct place_node nodes[LARGEST];
	struct place_row rows[LARGEST];
	char names[LARGEST][24];
};

/* As a large cluster is: three zones, two regions, some kernels and CPU models, one node in fifty hacked,
 * names in no order. */
static void cluster_fill(struct cluster *c, size_t n)
{
	static const char *const ZONES[] = {"eu-west-1a", "eu-west-1b", "eu-west-1c"},
				 *const REGIONS[] = {"eu-west-1", "eu-west-2"},
				 *const KERNELS[] = {"6.1.0-28-amd64", "6.1.0-30-amd64", "6.12.9-amd64",
					 "6.8.0-51"},
				 *const CPUS[] = {"AMD EPYC 7B13", "AMD EPYC 9654",
					 "Intel Xeon Platinum 8481C"},
				 *const RUNTIMES[] = {"containerd://1.7.24", "containerd://2.1.9"};

	for (size_t i = 0; i < n; i++) {
		str_fmt(c->names[i], sizeof(c->names[i]), "ip-10-%zu-%zu-node", i * 7919 % 251, i);
		c->nodes[i] = (struct place_node){.name = c->names[i],
			.trait = {[PLACE_ZONE] = ZONES[i % ARRAY_LEN(ZONES)],
				[PLACE_REGION] = REGIONS[i / 3 % ARRAY_LEN(REGIONS)],
				[PLACE_KERNEL] = KERNELS[i / 5 % ARRAY_LEN(KERNELS)],
				[PLACE_CPU_MODEL] = CPUS[i / 7 % ARRAY_LEN(CPUS)],
				[PLACE_RUNTIME] = RUNTIMES[i / 11 % ARRAY_LEN(RUNTIMES)]},
			.hacked = i % 50 == 17,
			.excluded = i % 9 == 4 ? "it is cordoned" : NULL};
	}
}

/* The median, in milliseconds; negative when the choice failed. */
static double choice_ms(struct cluster *c, size_t n)
{
	struct place_ask ask = {.source = c->names[0],
		.heterogeneity_weight = 1,
		.distance = PLACE_WEIGHTS_DEFAULT,
		.td = 0.5,
		.horizon = 100};
	double took[REPEATS];

	for (int i = 0; i < REPEATS; i++) {
		double begun = seconds();
		size_t chosen;

		ask.seed = (uint64_t)i;
		if (place_choose(c->nodes, n, &ask, c->rows, &chosen, NULL))
			return -1;
		took[i] = (seconds() - begun) * 1e3;
	}
	qsort(took, REPEATS, sizeof(took[0]), by_size);
	return took[REPEATS / 2];
}

static int placement_show(void)
{
	static const size_t SIZES[] = {50, 500, LARGEST};
	auto_free struct cluster *c = calloc(1, sizeof(*c));
	double last = 0;

	if (!c)
		return -1;
	printf("%8s %14s %22s\n", "nodes", "decision, ms", "growth for 10 x nodes");
	for (size_t i = 0; i < ARRAY_LEN(SIZES); i++) {
		double ms;

		cluster_fill(c, SIZES[i]);
		ms = choice_ms(c, SIZES[i]);
		if (ms < 0)
			return -1;
		printf("%8zu %14.3f", SIZES[i], ms);
		if (last > 0)
			printf(" %20.1f x", ms / last);
		printf("\n");
		last = ms;
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
