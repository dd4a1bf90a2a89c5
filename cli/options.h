/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of kubectl-escape. Strings are borrowed from argv. */
#ifndef ESCAPE_CLI_OPTIONS_H
#define ESCAPE_CLI_OPTIONS_H

#include "command.h"

struct options {
	const struct command *command;
	const char *name;       /* of the Escape, for commands that take one; else NULL */
	bool of_pod;            /* name is a pod's */
	const char *kubeconfig; /* NULL: where kubectl looks too */
	const char *context;    /* NULL: the current one */
	const char *namespace_; /* NULL: the context's */
	bool all_namespaces;
	bool json;
	bool replay; /* explain: the choice again, from what is recorded */
	int n_args;  /* for commands that read them by themselves; args[0] is the command's name */
	char **args;
};

/* Ends the process: 0 after --help, 2 with a message when the command line is wrong. */
void options_parse(int argc, char **argv, struct options *ret);

/* -o text|json, for the commands that have options of their own. */
struct argp_state;
void options_set_output(struct argp_state *state, const char *arg, struct options *o);

#endif
