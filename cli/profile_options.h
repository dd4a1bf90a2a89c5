/* SPDX-License-Identifier: Apache-2.0 */
/* What stands behind `kubectl escape profile`. Strings are borrowed from argv. */
#ifndef ESCAPE_CLI_PROFILE_OPTIONS_H
#define ESCAPE_CLI_PROFILE_OPTIONS_H

#include "options.h"

enum profile_verb { PROFILE_LIST, PROFILE_EXPORT, PROFILE_APPROVE, PROFILE_DISCARD };

struct profile_options {
	enum profile_verb verb;
	const char *name;  /* all but list */
	struct options at; /* how to reach the API server, and json */
};

/* Ends the process: 0 after --help, 2 with a message when the command line is wrong. */
void profile_options_parse(const struct options *o, struct profile_options *ret);

#endif
