/* SPDX-License-Identifier: Apache-2.0 */
#include "profile_options.h"

#include <argp.h>
#include <base/str.h>

enum {
	OPT_KUBECONFIG = 256,
	OPT_CONTEXT,
};

static const struct argp_option OPTIONS[] = {
	{"namespace", 'n', "NAME", 0, "Namespace to look at (default: the context's)", 0},
	{"all-namespaces", 'A', NULL, 0, "list: all namespaces", 0},
	{"output", 'o', "FORMAT", 0, "list: text or json (default: text)", 0},
	{"kubeconfig", OPT_KUBECONFIG, "FILE", 0, "How to reach the API server (default: as kubectl)", 0},
	{"context", OPT_CONTEXT, "NAME", 0, "Context of the kubeconfig (default: the current one)", 0},
	{0},
};

static const char DOC[] =
	"What was learned of containers, how far learning is, and an admin's word where it is held.\v"
	"Commands:\n"
	"  list            profiles, their state, how far they are, and why one is held\n"
	"  export NAME     one as YAML, to be kept and applied before the first pod\n"
	"  approve NAME    what held it is normal: learning goes on with it\n"
	"  discard NAME    what was learned is forgotten: learning begins anew\n";

static const struct {
	const char *name;
	enum profile_verb verb;
} VERBS[] = {{"list", PROFILE_LIST}, {"export", PROFILE_EXPORT}, {"approve", PROFILE_APPROVE},
	{"discard", PROFILE_DISCARD}};

struct parsing {
	struct profile_options *o;
	bool has_verb;
};

static void set_namespace(struct argp_state *state, const char *arg, struct options *o)
{
	if (!str_is_dns_name(arg, false))
		argp_error(state, "-n %s: not the name of a namespace", arg);
	o->namespace_ = arg;
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
		argp_error(state, "%s: no such command; there are list, export, approve and discard", arg);
	if (p->o->verb == PROFILE_LIST || p->o->name)
		argp_error(state, "%s: one argument too many", arg);
	if (!str_is_dns_name(arg, true))
		argp_error(state, "%s: not the name of a profile (kubectl escape profile list -A)", arg);
	p->o->name = arg;
}

static void check(struct argp_state *state, const struct parsing *p)
{
	const struct profile_options *o = p->o;

	if (!p->has_verb)
		argp_error(state, "a command is missing: list, export, approve or discard");
	if (o->verb != PROFILE_LIST && !o->name)
		argp_error(state, "the name of a profile is missing (kubectl escape profile list -A)");
	if (o->verb != PROFILE_LIST && (o->at.all_namespaces || o->at.json))
		argp_error(state, "-A and -o go with list only");
	if (o->at.all_namespaces && o->at.namespace_)
		argp_error(state, "-A and -n %s exclude each other", o->at.namespace_);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct parsing *p = state->input;

	switch (key) {
	case 'n':
		set_namespace(state, arg, &p->o->at);
		return 0;
	case 'A':
		p->o->at.all_namespaces = true;
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

void profile_options_parse(const struct options *o, struct profile_options *ret)
{
	static const struct argp ARGP = {.options = OPTIONS,
		.parser = parse,
		.args_doc = "list | export NAME | approve NAME | discard NAME",
		.doc = DOC};
	struct parsing p = {.o = ret};
	static char name[] = "kubectl escape profile";

	*ret = (struct profile_options){.at = *o};
	o->args[0] = name; /* for messages */
	argp_parse(&ARGP, o->n_args, o->args, 0, NULL, &p);
}
