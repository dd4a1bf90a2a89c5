/* SPDX-License-Identifier: Apache-2.0 */
/* What stands behind `kubectl escape node`. Strings are borrowed from argv. */
#ifndef ESCAPE_CLI_NODE_OPTIONS_H
#define ESCAPE_CLI_NODE_OPTIONS_H

#include "options.h"

#include <stdint.h>

enum node_verb { NODE_LIST, NODE_MARK, NODE_CLEAR };

struct node_options {
	enum node_verb verb;
	const char *node;   /* mark, clear */
	const char *reason; /* mark, clear */
	int64_t for_ms;     /* mark: 0: until it is cleared */
	struct options at;  /* how to reach the API server, and json */
};

/* Ends the process: 0 after --help, 2 with a message when the command line is wrong. */
void node_options_parse(const struct options *o, struct node_options *ret);

#endif
