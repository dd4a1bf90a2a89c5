/* SPDX-License-Identifier: Apache-2.0 */
#include "options.h"

#include <argp.h>
#include <base/str.h>
#include <stdlib.h>

enum {
	OPT_STREAMS = 256,
	OPT_OUT,
	OPT_PROFILE,
	OPT_DETECTOR,
	OPT_WINDOW,
	OPT_EPOCH,
	OPT_FORM,
	EXIT_USAGE = 2,
};

#define EPOCH_MAX 1000000

static const struct argp_option OPTIONS[] = {
	{"streams", OPT_STREAMS, "DIR", 0,
		"learn: a folder of streams, or one with a folder `train` in it (may be given again)", 0},
	{"out", OPT_OUT, "FILE", 0, "learn: where the profile goes", 0},
	{"form", OPT_FORM, "exact|kernel", 0,
		"learn: seen triples one by one, or in bitmaps as the kernel keeps them (default: exact)", 0},
	{"profile", OPT_PROFILE, "FILE", 0, "score, explain: what was learned", 0},
	{"detector", OPT_DETECTOR, "NAME", 0, "score, explain: fused, graded, pair or bosc (default: fused)",
		0},
	{"window", OPT_WINDOW, "N", 0, "Calls of one task that make a bag (default: 10, or the profile's)",
		0},
	{"epoch", OPT_EPOCH, "E", 0, "Calls of a container in one epoch (default: 500, or the profile's)", 0},
	{0},
};

static const char DOC[] =
	"Runs the detectors over recorded streams of system calls: text files, one line 'TASK CALL' (two "
	"numbers) for each call of one container, in the order in which they happened.\v"
	"Commands:\n"
	"  learn    --streams DIR --out FILE      all files of DIR in the order of their names\n"
	"  score    --profile FILE PATH...        'NAME SCORE' for each file, the highest that an epoch had\n"
	"  explain  --profile FILE PATH...        which pairs, triples and bags made each score\n"
	"A PATH is a file, or a folder, which stands for all files in and below it.\n"
	"\n"
	"Exit status: 0 done, 1 failed (the message says why), 2 wrong command line.";

static void set_command(struct argp_state *state, const char *arg, struct replay_options *o)
{
	for (const struct replay_command *c = REPLAY_COMMANDS; c->name; c++)
		if (str_eq(c->name, arg))
			o->command = c;
	if (!o->command)
		argp_error(state, "%s: no such command; there are learn, score and explain", arg);
}

static void add_path(struct argp_state *state, char *arg, struct replay_options *o)
{
	char **paths = reallocarray(o->paths, o->n_paths + 1, sizeof(*paths));

	if (!paths) {
		argp_failure(state, EXIT_FAILURE, 0, "no memory for %zu paths", o->n_paths);
		return;
	}
	o->paths = paths;
	o->paths[o->n_paths++] = arg;
}

static void set_detector(struct argp_state *state, const char *arg, struct replay_options *o)
{
	for (int i = 0; REPLAY_DETECTOR_NAMES[i]; i++) {
		if (!str_eq(REPLAY_DETECTOR_NAMES[i], arg))
			continue;
		o->detector = (enum replay_detector)i;
		return;
	}
	argp_error(state, "--detector %s: expected fused, graded, pair or bosc", arg);
}

static void set_form(struct argp_state *state, const char *arg, struct replay_options *o)
{
	if (!str_eq(arg, "exact") && !str_eq(arg, "kernel"))
		argp_error(state, "--form %s: expected exact or kernel", arg);
	o->form = str_eq(arg, "kernel") ? FUSED_KERNEL : FUSED_EXACT;
}

static void set_number(
	struct argp_state *state, const char *name, const char *arg, int64_t min, int64_t max, uint32_t *ret)
{
	int64_t n;

	if (str_parse_i64(arg, min, max, &n))
		argp_error(state, "--%s %s: expected a number from %lld to %lld", name, arg, (long long)min,
			(long long)max);
	else
		*ret = (uint32_t)n;
}

static void check(struct argp_state *state, const struct replay_options *o)
{
	bool learn = o->command && str_eq(o->command->name, "learn");

	if (!o->command)
		argp_error(state, "a command is missing: learn, score or explain");
	else if (learn && !o->out)
		argp_error(state, "learn needs --out FILE for the profile");
	else if (!learn && !o->profile)
		argp_error(state, "%s needs --profile FILE (learn makes one)", o->command->name);
	else if (o->n_paths == 0)
		argp_error(state, learn ? "learn needs --streams DIR"
					: "the files or folders of the streams are missing");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct replay_options *o = state->input;

	switch (key) {
	case OPT_STREAMS:
		add_path(state, arg, o);
		return 0;
	case OPT_OUT:
		o->out = arg;
		return 0;
	case OPT_PROFILE:
		o->profile = arg;
		return 0;
	case OPT_DETECTOR:
		set_detector(state, arg, o);
		return 0;
	case OPT_WINDOW:
		set_number(state, "window", arg, BOSC_WINDOW_MIN, BOSC_WINDOW_MAX, &o->window);
		return 0;
	case OPT_EPOCH:
		set_number(state, "epoch", arg, 1, EPOCH_MAX, &o->epoch);
		return 0;
	case OPT_FORM:
		set_form(state, arg, o);
		return 0;
	case ARGP_KEY_ARG:
		if (o->command)
			add_path(state, arg, o);
		else
			set_command(state, arg, o);
		return 0;
	case ARGP_KEY_END:
		check(state, o);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

void options_parse(int argc, char **argv, struct replay_options *ret)
{
	static const struct argp ARGP = {
		.options = OPTIONS, .parser = parse, .args_doc = "COMMAND [PATH...]", .doc = DOC};

	*ret = (struct replay_options){0};
	argp_err_exit_status = EXIT_USAGE;
	argp_parse(&ARGP, argc, argv, 0, NULL, ret);
}
