/* SPDX-License-Identifier: Apache-2.0 */
#include "options.h"
#include "study.h"

#include <argp.h>
#include <base/cleanup.h>
#include <base/str.h>
#include <math.h>
#include <model/figure.h>
#include <model/game_hosts.h>
#include <stdlib.h>
#include <string.h>

enum {
	OPT_FIGURE = 256,
	OPT_PLAY,
	OPT_STUDY,
	OPT_CLUSTER,
	OPT_FORMAT,
	OPT_TOPOLOGY,
	OPT_HACKED,
	OPT_TD,
	OPT_STAY,
	OPT_NERVE,
	OPT_WEIGHT,
	OPT_WALL,
	OPT_RATE,
	OPT_CAPACITY,
	OPT_STEPS,
	OPT_PLAYS,
	OPT_SEED,
	OPT_THREADS,
	OPT_KUBECONFIG,
	OPT_CONTEXT,
	GROUP_WHAT = 0,
	GROUP_GAME = 1,
	GROUP_CLUSTER = 2,
	PLAYS_MAX = 100000000,
};

static const struct argp_option OPTIONS[] = {
	{"figure", OPT_FIGURE, "4..9", 0, "A figure of the paper's evaluation, from its equations",
		GROUP_WHAT},
	{"play", OPT_PLAY, "STRATEGY", 0,
		"Plays the game: static, random, farthest, predator-prey, equation-2, oracle, several with "
		"commas, or "
		"all",
		GROUP_WHAT},
	{"study", OPT_STUDY, "NAME", 0, "A table of docs/model.md: static, evasive, strategies, weights",
		GROUP_WHAT},
	{"from-cluster", OPT_CLUSTER, NULL, 0,
		"Plays on the nodes of the cluster: survival now, static, with one more hacked", GROUP_WHAT},
	{"format", OPT_FORMAT, "FORMAT", 0, "txt, csv, json, svg or png (default: txt)", GROUP_WHAT},
	{"topology", OPT_TOPOLOGY, "T", 0,
		"lattice:WIDTHxHEIGHT, or zones:ZONESxRACKSxHOSTS (default: zones:3x2x10)", GROUP_GAME},
	{"hacked", OPT_HACKED, "N", 0, "Attackers at the beginning (default: 3)", GROUP_GAME},
	{"td", OPT_TD, "T", 0, "Mean detection time, in steps (default: 0.5)", GROUP_GAME},
	{"stay", OPT_STAY, "P", 0,
		"Probability that an attacker who has found the container stays and tries again (default: "
		"0.9)",
		GROUP_GAME},
	{"nerve", OPT_NERVE, "P", 0,
		"Moves when a visit in the next step is this probable; above 1: only after one (default: "
		"0.2)",
		GROUP_GAME},
	{"heterogeneity-weight", OPT_WEIGHT, "W", 0, "placement.heterogeneityWeight (default: 1)",
		GROUP_GAME},
	{"wall", OPT_WALL, "W", 0,
		"How hard it is for an attacker to come to a host that differs: weight exp(-W distance) "
		"(default: 1.6)",
		GROUP_GAME},
	{"rate", OPT_RATE, "K", 0, "Logistic growth of attackers, per step (default: 1)", GROUP_GAME},
	{"capacity", OPT_CAPACITY, "MU", 0, "What their number grows to (default: it does not grow)",
		GROUP_GAME},
	{"steps", OPT_STEPS, "T", 0, "Length of a play (default: 100)", GROUP_GAME},
	{"plays", OPT_PLAYS, "N", 0, "Plays of each strategy (default: 20000)", GROUP_GAME},
	{"seed", OPT_SEED, "N", 0, "The same seed, the same result (default: 1)", GROUP_GAME},
	{"threads", OPT_THREADS, "N", 0, "At once (default: one per core); the result does not depend on it",
		GROUP_GAME},
	{"kubeconfig", OPT_KUBECONFIG, "FILE", 0, "How to reach the API server (default: as kubectl)",
		GROUP_CLUSTER},
	{"context", OPT_CONTEXT, "NAME", 0, "Context of the kubeconfig (default: the current one)",
		GROUP_CLUSTER},
	{"namespace", 'n', "NAME", 0, "Whose policies (default: the context's)", GROUP_CLUSTER},
	{0},
};

static const char DOC[] =
	"The search game between predator and prey: how probable it is that a container survives. Changes "
	"nothing, and needs no cluster but for --from-cluster.\v"
	"Columns of the csv: figure,series,t,p. docs/model.md explains the figures and the tables.\n\n"
	"  kubectl escape simulate --figure 4 --format svg >figure-4.svg\n"
	"  kubectl escape simulate --play all --topology lattice:8x8 --hacked 5\n"
	"  kubectl escape simulate --from-cluster";

static void set_what(struct argp_state *state, struct simulate_options *o, enum simulate_what what)
{
	if (o->what != WHAT_NOTHING && o->what != what)
		argp_error(state, "--figure, --play, --study and --from-cluster exclude each other");
	o->what = what;
}

static int64_t whole(struct argp_state *state, const char *option, const char *arg, int64_t min, int64_t max)
{
	int64_t n = min;

	if (str_parse_i64(arg, min, max, &n))
		argp_error(
			state, "--%s %s: expected %lld to %lld", option, arg, (long long)min, (long long)max);
	return n;
}

static double real(struct argp_state *state, const char *option, const char *arg, double max)
{
	char *end = NULL;
	double x = strtod(arg, &end);

	if (end == arg || *end || !(x >= 0 && x <= max)) {
		argp_error(state, "--%s %s: expected a number from 0 to %g", option, arg, max);
		return 0;
	}
	return x;
}

static void set_format(struct argp_state *state, const char *arg, struct simulate_options *o)
{
	static const char *const NAMES[] = {[FORMAT_TXT] = "txt",
		[FORMAT_CSV] = "csv",
		[FORMAT_JSON] = "json",
		[FORMAT_SVG] = "svg",
		[FORMAT_PNG] = "png"};

	for (size_t i = 0; i < ARRAY_LEN(NAMES); i++)
		if (str_eq(arg, NAMES[i])) {
			o->format = (enum simulate_format)i;
			return;
		}
	argp_error(state, "--format %s: expected txt, csv, json, svg or png", arg);
}

/* The strategy that the first len bytes name, as a bit. */
static unsigned strategy_named(const char *name, size_t len)
{
	for (unsigned s = 0; s < GAME_STRATEGIES; s++)
		if (strlen(GAME_STRATEGY_NAMES[s]) == len && !strncmp(GAME_STRATEGY_NAMES[s], name, len))
			return 1u << s;
	return len == 3 && !strncmp(name, "all", len) ? (1u << GAME_STRATEGIES) - 1 : 0;
}

static void set_strategies(struct argp_state *state, const char *arg, struct simulate_options *o)
{
	for (const char *at = arg;; at++) {
		size_t len = strcspn(at, ",");
		unsigned bits = strategy_named(at, len);

		if (!bits)
			argp_error(state,
				"--play %s: expected static, random, farthest, predator-prey, equation-2, "
				"oracle "
				"or all",
				arg);
		o->strategies |= bits;
		at += len;
		if (!*at)
			return;
	}
}

static void set_study(struct argp_state *state, const char *arg, struct simulate_options *o)
{
	for (const struct study *s = STUDIES; s->name; s++)
		if (str_eq(s->name, arg))
			o->study = s;
	if (!o->study)
		argp_error(state, "--study %s: expected static, evasive, strategies or weights", arg);
}

static error_t parse_game(int key, char *arg, struct argp_state *state)
{
	struct simulate_options *o = state->input;

	switch (key) {
	case OPT_TOPOLOGY:
		o->topology = arg;
		return 0;
	case OPT_HACKED:
		o->hacked = (uint32_t)whole(state, "hacked", arg, 1, GAME_HACKED_MAX);
		return 0;
	case OPT_TD:
		o->td = real(state, "td", arg, 1e9);
		o->td_given = true;
		return 0;
	case OPT_STAY:
		o->stay = real(state, "stay", arg, 1);
		return 0;
	case OPT_NERVE:
		o->nerve = real(state, "nerve", arg, 100);
		return 0;
	case OPT_WEIGHT:
		o->weight = real(state, "heterogeneity-weight", arg, 1e9);
		return 0;
	case OPT_WALL:
		o->wall = real(state, "wall", arg, 50);
		return 0;
	case OPT_RATE:
		o->k = real(state, "rate", arg, 1e6);
		return 0;
	case OPT_CAPACITY:
		o->mu = real(state, "capacity", arg, GAME_HACKED_MAX);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static error_t parse_run(int key, char *arg, struct argp_state *state)
{
	struct simulate_options *o = state->input;

	switch (key) {
	case OPT_STEPS:
		o->steps = (uint32_t)whole(state, "steps", arg, 2, GAME_STEPS_MAX);
		return 0;
	case OPT_PLAYS:
		o->plays = (uint32_t)whole(state, "plays", arg, 1, PLAYS_MAX);
		return 0;
	case OPT_SEED:
		o->seed = (uint64_t)whole(state, "seed", arg, 0, INT64_MAX);
		return 0;
	case OPT_THREADS:
		o->threads = (unsigned)whole(state, "threads", arg, 0, GAME_THREADS_MAX);
		return 0;
	case OPT_KUBECONFIG:
		o->kubeconfig = arg;
		return 0;
	case OPT_CONTEXT:
		o->context = arg;
		return 0;
	case 'n':
		if (!str_is_dns_name(arg, false))
			argp_error(state, "-n %s: not the name of a namespace", arg);
		o->namespace_ = arg;
		return 0;
	default:
		return parse_game(key, arg, state);
	}
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct simulate_options *o = state->input;

	switch (key) {
	case OPT_FIGURE:
		set_what(state, o, WHAT_FIGURE);
		o->figure = (int)whole(state, "figure", arg, FIGURE_FIRST, FIGURE_LAST);
		return 0;
	case OPT_PLAY:
		set_what(state, o, WHAT_PLAY);
		set_strategies(state, arg, o);
		return 0;
	case OPT_STUDY:
		set_what(state, o, WHAT_STUDY);
		set_study(state, arg, o);
		return 0;
	case OPT_CLUSTER:
		set_what(state, o, WHAT_CLUSTER);
		return 0;
	case OPT_FORMAT:
		set_format(state, arg, o);
		return 0;
	case ARGP_KEY_END:
		if (o->what == WHAT_NOTHING)
			argp_error(state,
				"say what: --figure 4 to 9, --play STRATEGY, --study NAME or --from-cluster");
		return 0;
	default:
		return parse_run(key, arg, state);
	}
}

void simulate_options_parse(int argc, char **argv, struct simulate_options *ret)
{
	static const struct argp ARGP = {.options = OPTIONS, .parser = parse, .doc = DOC};
	static char name[] = "kubectl escape simulate";

	*ret = (struct simulate_options){
		.topology = "zones:3x2x10",
		.hacked = 3,
		.steps = 100,
		.plays = 20000,
		.td = 0.5,
		.stay = 0.9,
		.nerve = 0.2,
		.weight = 1,
		.wall = 1.6,
		.k = 1,
		.seed = 1,
	};
	argv[0] = name; /* for messages */
	argp_parse(&ARGP, argc, argv, 0, NULL, ret);
}
