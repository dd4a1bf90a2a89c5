/* SPDX-License-Identifier: Apache-2.0 */
#include "options.h"

#include <argp.h>
#include <base/str.h>
#include <string.h>

enum {
	OPT_KUBECONFIG = 256,
	OPT_CONTEXT,
	OPT_REPLAY,
	EXIT_USAGE = 2,
};

static const struct argp_option OPTIONS[] = {
	{"namespace", 'n', "NAME", 0, "Namespace to look at (default: the context's)", 0},
	{"all-namespaces", 'A', NULL, 0, "status: all namespaces", 0},
	{"output", 'o', "FORMAT", 0, "text or json (default: text)", 0},
	{"replay", OPT_REPLAY, NULL, 0,
		"explain: choose the destination again from the recorded seed and candidates; exit status 1 "
		"when "
		"it is another one",
		0},
	{"kubeconfig", OPT_KUBECONFIG, "FILE", 0, "How to reach the API server (default: as kubectl)", 0},
	{"context", OPT_CONTEXT, "NAME", 0, "Context of the kubeconfig (default: the current one)", 0},
	{0},
};

static const char DOC[] =
	"Shows what ESCAPE protects, what the nodes can do, and why it moved something; takes an admin's "
	"word on profiles and nodes.\v"
	"Commands:\n"
	"  status           policies, nodes with their problems, Escapes under way\n"
	"  explain ESCAPE   why, the evidence, from where to where, the timeline, the candidates\n"
	"  explain pod/POD  the newest alarm of a pod, also when nothing was done about it\n"
	"  profile ...      what was learned: list, export, approve, discard (--help after it)\n"
	"  node ...         who is hacked: list, mark NODE, clear NODE (--help after it)\n"
	"  simulate ...     the search game between predator and prey, without a cluster (--help after it)\n"
	"  version          of this program, and of the API it speaks\n"
	"\n"
	"Exit status: 0 done, 1 failed (the message says why), 2 wrong command line.";

void options_set_output(struct argp_state *state, const char *arg, struct options *o)
{
	if (!str_eq(arg, "json") && !str_eq(arg, "text"))
		argp_error(state, "-o %s: expected text or json", arg);
	o->json = str_eq(arg, "json");
}

static void set_namespace(struct argp_state *state, const char *arg, struct options *o)
{
	if (!str_is_dns_name(arg, false))
		argp_error(state,
			"-n %s: not the name of a namespace (up to 63 of a-z, 0-9 and '-', no '-' at the "
			"ends)",
			arg);
	o->namespace_ = arg;
}

static void set_command(struct argp_state *state, const char *arg, struct options *o)
{
	for (const struct command *c = COMMANDS; c->name; c++)
		if (str_eq(c->name, arg))
			o->command = c;
	if (!o->command)
		argp_error(state,
			"%s: no such command; there are status, explain, profile, node, simulate and version",
			arg);
}

/* Its own parser goes on from here. */
static void leave_args(struct argp_state *state, struct options *o)
{
	o->args = &state->argv[state->next - 1];
	o->n_args = state->argc - state->next + 1;
	state->next = state->argc;
}

static void set_name(struct argp_state *state, const char *arg, struct options *o)
{
	if (!o->command->takes_name || o->name)
		argp_error(state, "%s: one argument too many for %s", arg, o->command->name);
	o->of_pod = str_starts(arg, "pod/");
	o->name = o->of_pod ? arg + strlen("pod/") : arg;
	if (str_is_dns_name(o->name, true))
		return;
	if (o->of_pod)
		argp_error(state, "%s: not the name of a pod", arg);
	else
		argp_error(state, "%s: not the name of an Escape (kubectl get escapes.escape.dev lists them)",
			arg);
}

static void check(struct argp_state *state, const struct options *o)
{
	if (!o->command) {
		argp_error(
			state, "a command is missing: status, explain, profile, node, simulate or version");
		return;
	}
	if (o->command->takes_name && !o->name)
		argp_error(state,
			"%s needs the name of an Escape (kubectl get escapes.escape.dev lists them)",
			o->command->name);
	if (o->replay && o->command->run != explain_run)
		argp_error(state, "--replay is for explain");
	if (o->all_namespaces && !o->command->takes_all_namespaces)
		argp_error(state, "%s looks at one namespace: use -n NAME instead of -A", o->command->name);
	if (o->replay && o->of_pod)
		argp_error(state, "--replay repeats the choice of an Escape: an alarm of a pod has none");
	if (o->all_namespaces && o->namespace_)
		argp_error(state, "-A and -n %s exclude each other", o->namespace_);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case 'n':
		set_namespace(state, arg, o);
		return 0;
	case 'A':
		o->all_namespaces = true;
		return 0;
	case 'o':
		options_set_output(state, arg, o);
		return 0;
	case OPT_KUBECONFIG:
		o->kubeconfig = arg;
		return 0;
	case OPT_REPLAY:
		o->replay = true;
		return 0;
	case OPT_CONTEXT:
		o->context = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (o->command)
			set_name(state, arg, o);
		else
			set_command(state, arg, o);
		if (o->command && o->command->takes_args)
			leave_args(state, o);
		return 0;
	case ARGP_KEY_END:
		check(state, o);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

void options_parse(int argc, char **argv, struct options *ret)
{
	static const struct argp ARGP = {
		.options = OPTIONS, .parser = parse, .args_doc = "COMMAND [ESCAPE]", .doc = DOC};

	*ret = (struct options){0};
	argp_err_exit_status = EXIT_USAGE;
	argp_parse(&ARGP, argc, argv, ARGP_IN_ORDER, NULL, ret);
}
