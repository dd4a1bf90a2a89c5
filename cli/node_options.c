/* SPDX-License-Identifier: Apache-2.0 */
#include "node_options.h"

#include <argp.h>
#include <base/str.h>
#include <string.h>

/* What a NodeVerdict takes. */
#define REASON_MAX 255

enum {
	OPT_KUBECONFIG = 256,
	OPT_CONTEXT,
	OPT_REASON,
	OPT_FOR,
};

static const struct argp_option OPTIONS[] = {
	{"reason", OPT_REASON, "TEXT", 0, "mark, clear: why, for whoever reads it later", 0},
	{"for", OPT_FOR, "TIME", 0, "mark: ends by itself after this time, such as 2h (default: it stays)",
		0},
	{"output", 'o', "FORMAT", 0, "text or json (default: text)", 0},
	{"kubeconfig", OPT_KUBECONFIG, "FILE", 0, "How to reach the API server (default: as kubectl)", 0},
	{"context", OPT_CONTEXT, "NAME", 0, "Context of the kubeconfig (default: the current one)", 0},
	{0},
};

static const char DOC[] =
	"Who is hacked: what is known of the nodes, and an admin's word on them.\v"
	"Commands:\n"
	"  list          nodes, what they count as, since when and why\n"
	"  mark NODE     it counts as hacked: it receives nothing, clean protected pods leave it\n"
	"  clear NODE    what is known against it up to now is forgiven; what comes later counts\n";

static const struct {
	const char *name;
	enum node_verb verb;
} VERBS[] = {{"list", NODE_LIST}, {"mark", NODE_MARK}, {"clear", NODE_CLEAR}};

struct parsing {
	struct node_options *o;
	bool has_verb;
};

static void set_reason(struct argp_state *state, const char *arg, struct node_options *o)
{
	if (!*arg || strlen(arg) > REASON_MAX)
		argp_error(state, "--reason: expected 1 to %d bytes of text", REASON_MAX);
	o->reason = arg;
}

static void set_for(struct argp_state *state, const char *arg, struct node_options *o)
{
	if (str_parse_duration_ms(arg, &o->for_ms) || o->for_ms < 1000)
		argp_error(state, "--for %s: expected a time such as 30m or 2h, at least 1s", arg);
}

static void set_arg(struct argp_state *state, const char *arg, struct parsing *p)
{
	for (size_t i = 0; !p->has_verb && i < sizeof(VERBS) / sizeof(*VERBS); i++)
		if (str_eq(arg, VERBS[i].name)) {
			p->o->verb = VERBS[i].verb;
			p->has_verb = true;
			return;
		}
	if (!p->has_verb)
		argp_error(state, "%s: no such command; there are list, mark and clear", arg);
	if (p->o->verb == NODE_LIST || p->o->node)
		argp_error(state, "%s: one argument too many", arg);
	if (!str_is_dns_name(arg, true))
		argp_error(state, "%s: not the name of a node (kubectl get nodes lists them)", arg);
	p->o->node = arg;
}

static void check(struct argp_state *state, const struct parsing *p)
{
	const struct node_options *o = p->o;

	if (!p->has_verb)
		argp_error(state, "a command is missing: list, mark or clear");
	if (o->verb == NODE_LIST && (o->reason || o->for_ms))
		argp_error(state, "list takes neither --reason nor --for");
	if (o->verb == NODE_CLEAR && o->for_ms)
		argp_error(state, "--for goes with mark only");
	if (o->verb != NODE_LIST && !o->node)
		argp_error(state, "the name of a node is missing (kubectl get nodes lists them)");
	if (o->verb != NODE_LIST && !o->reason)
		argp_error(state, "--reason TEXT is missing: whoever reads this later will want to know");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct parsing *p = state->input;

	switch (key) {
	case OPT_REASON:
		set_reason(state, arg, p->o);
		return 0;
	case OPT_FOR:
		set_for(state, arg, p->o);
		return 0;
	case 'o':
		options_set_output(state, arg, &p->o->at);
		return 0;
	case OPT_KUBECONFIG:
		p->o->at.kubeconfig = arg;
		return 0;
	case OPT_CONTEXT:
		p->o->at.context = arg;
		return 0;
	case ARGP_KEY_ARG:
		set_arg(state, arg, p);
		return 0;
	case ARGP_KEY_END:
		check(state, p);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

void node_options_parse(const struct options *o, struct node_options *ret)
{
	static const struct argp ARGP = {
		.options = OPTIONS, .parser = parse, .args_doc = "list | mark NODE | clear NODE", .doc = DOC};
	struct parsing p = {.o = ret};
	static char name[] = "kubectl escape node";

	*ret = (struct node_options){.at = *o};
	o->args[0] = name; /* for messages */
	argp_parse(&ARGP, o->n_args, o->args, 0, NULL, &p);
}
