/* SPDX-License-Identifier: Apache-2.0 */
#include "study.h"

#include <base/cleanup.h>
#include <base/str.h>
#include <errno.h>
#include <math.h>
#include <string.h>

const struct study STUDIES[] = {
	{"static", study_static},
	{"evasive", study_evasive},
	{"strategies", study_strategies},
	{"weights", study_weights},
	{0},
};

int study_no_memory(struct err *e)
{
	return err_set(e, -ENOMEM, "OutOfMemory", "no memory for the results");
}

static void bar_show(void *arg, uint64_t done, uint64_t plays)
{
	enum { WIDTH = 30 };
	int full = plays ? (int)(done * WIDTH / plays) : WIDTH;

	fprintf(stderr, "\r[%.*s%*s] %3d %%  %-36.36s", full, "##############################", WIDTH - full,
		"", plays ? (int)(done * 100 / plays) : 100, (const char *)arg);
	/* The last one goes away: the result stands on a clean line. */
	if (done == plays)
		fprintf(stderr, "\r%*s\r", WIDTH + 46, "");
}

int study_run_job(const struct simulate_options *o, struct game_job *job, const char *what,
	struct game_tally *ret, struct err *e)
{
	char label[64];

	str_fmt(label, sizeof(label), "%.60s", what);
	job->seed = o->seed;
	job->threads = o->threads;
	if (isatty(STDERR_FILENO)) {
		job->progress = bar_show;
		job->progress_arg = label;
	}
	return game_run(job, ret, e);
}

int study_run_hosts(const struct simulate_options *o, const struct game_hosts *setup, const char *what,
	struct game_tally *ret, struct err *e)
{
	struct game_hosts_plan *plan = NULL;
	struct game_job job = {.plays = o->plays};
	int rc = game_hosts_plan_new(setup, &plan, e);

	if (rc)
		return rc;
	game_hosts_job(plan, &job);
	rc = study_run_job(o, &job, what, ret, e);
	game_hosts_plan_free(plan);
	return rc;
}

/* A zone is a network; racks differ by their kernel and system, zones by their CPU, hosts of a rack by their
 * runtime. */
static int zones(
	uint32_t n_zones, uint32_t racks, uint32_t hosts, double wall, struct game_graph *ret, struct err *e)
{
	static const char *const ZONES[] = {"z0", "z1", "z2", "z3", "z4", "z5", "z6", "z7", "z8", "z9"},
				 *const KINDS[] = {"0", "1", "2", "3"};
	size_t n = (size_t)n_zones * racks * hosts;
	auto_free struct place_node *nodes = calloc(n, sizeof(*nodes));

	if (!nodes)
		return study_no_memory(e);
	for (size_t i = 0; i < n; i++) {
		size_t rack = i / hosts, zone = rack / racks;

		nodes[i] = (struct place_node){.name = "host",
			.trait = {
				[PLACE_ZONE] = ZONES[zone],
				[PLACE_NETWORK] = ZONES[zone],
				[PLACE_CPU_MODEL] = KINDS[zone % 2],
				[PLACE_CPU_FEATURES] = KINDS[zone % 2],
				[PLACE_KERNEL] = KINDS[rack % racks % 4],
				[PLACE_OS] = KINDS[rack % racks % 4],
				[PLACE_RUNTIME] = KINDS[i % 2],
			}};
	}
	return game_graph_nodes(ret, nodes, n, wall, e);
}

enum { SIZES_MAX = 3 };

/* "3x2x10": how many numbers there are, up to SIZES_MAX; 0 when it is anything else. */
static size_t sizes_read(const char *text, int64_t *sizes)
{
	for (size_t n = 0; n < SIZES_MAX; n++) {
		size_t len = strcspn(text, "x");
		char number[16];

		if (str_fmt(number, sizeof(number), "%.*s",
			    (int)(len < sizeof(number) ? len : sizeof(number)), text) ||
			str_parse_i64(number, 1, GAME_HOSTS_MAX, &sizes[n]))
			return 0;
		text += len;
		if (!*text)
			return n + 1;
		text++;
	}
	return 0;
}

int study_topology(const char *text, double wall, struct game_graph *ret, struct err *e)
{
	int64_t s[SIZES_MAX];

	*ret = (struct game_graph){0};
	if (str_starts(text, "lattice:") && sizes_read(strchr(text, ':') + 1, s) == 2)
		return game_graph_lattice(ret, (uint32_t)s[0], (uint32_t)s[1], e);
	if (str_starts(text, "zones:") && sizes_read(strchr(text, ':') + 1, s) == 3 && s[0] <= 10 &&
		s[0] * s[1] * s[2] <= GAME_HOSTS_MAX)
		return zones((uint32_t)s[0], (uint32_t)s[1], (uint32_t)s[2], wall, ret, e);
	return err_set(e, -EINVAL, "NoTopology",
		"--topology %s: expected lattice:WIDTHxHEIGHT or zones:ZONESxRACKSxHOSTS (up to 10 zones, %d "
		"hosts)",
		text, GAME_HOSTS_MAX);
}

void study_cell(struct buf *text, double value, struct game_interval i)
{
	buf_addf(text, " %.4g (%.4g to %.4g) |", value, i.low, i.high);
}

void study_survival_cell(struct buf *text, const struct game_tally *t, uint32_t step)
{
	double alive = game_survival(t, step);

	study_cell(text, alive, game_share_interval((uint64_t)llround(alive * (double)t->plays), t->plays));
}
