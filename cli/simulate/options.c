/* SPDX-License-Identifier: Apache-2.0 */
#include "options.h"

#include <argp.h>
#include <base/cleanup.h>
#include <base/str.h>
#include <model/figure.h>

enum { OPT_FIGURE = 256, OPT_FORMAT };

static const struct argp_option OPTIONS[] = {
	{"figure", OPT_FIGURE, "4..9", 0, "A figure of the paper's evaluation, from its equations", 0},
	{"format", OPT_FORMAT, "FORMAT", 0, "txt, csv, json, svg or png (default: txt)", 0},
	{0},
};

static const char DOC[] = "The search game between predator and prey: how probable it is that a container "
			  "survives. Needs no cluster, changes nothing.\v"
			  "Columns of the csv: figure,series,t,p. docs/model.md explains each figure.\n\n"
			  "  kubectl escape simulate --figure 5\n"
			  "  kubectl escape simulate --figure 4 --format svg >figure-4.svg";

static void set_figure(struct argp_state *state, const char *arg, struct simulate_options *o)
{
	int64_t figure = 0;

	if (str_parse_i64(arg, FIGURE_FIRST, FIGURE_LAST, &figure))
		argp_error(state, "--figure %s: expected %d to %d", arg, FIGURE_FIRST, FIGURE_LAST);
	o->figure = (int)figure;
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

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct simulate_options *o = state->input;

	switch (key) {
	case OPT_FIGURE:
		set_figure(state, arg, o);
		return 0;
	case OPT_FORMAT:
		set_format(state, arg, o);
		return 0;
	case ARGP_KEY_END:
		if (!o->figure)
			argp_error(state, "say what: --figure 4 to 9");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

void simulate_options_parse(int argc, char **argv, struct simulate_options *ret)
{
	static const struct argp ARGP = {.options = OPTIONS, .parser = parse, .doc = DOC};

	static char name[] = "kubectl escape simulate";

	*ret = (struct simulate_options){0};
	argv[0] = name; /* for messages */
	argp_parse(&ARGP, argc, argv, 0, NULL, ret);
}
