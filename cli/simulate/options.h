/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of `kubectl escape simulate`: what stands behind the word simulate. Borrowed from argv. */
#ifndef ESCAPE_CLI_SIMULATE_OPTIONS_H
#define ESCAPE_CLI_SIMULATE_OPTIONS_H

enum simulate_format { FORMAT_TXT, FORMAT_CSV, FORMAT_JSON, FORMAT_SVG, FORMAT_PNG };

struct simulate_options {
	int figure; /* 0: none */
	enum simulate_format format;
};

/* argv[0] is skipped. Ends the process: 0 after --help, 2 with a message when the command line is wrong. */
void simulate_options_parse(int argc, char **argv, struct simulate_options *ret);

#endif
