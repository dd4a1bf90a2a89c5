/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of escape-replay. Strings are borrowed from argv. */
#ifndef ESCAPE_CLI_REPLAY_OPTIONS_H
#define ESCAPE_CLI_REPLAY_OPTIONS_H

#include <base/err.h>
#include <bosc/fused.h>
#include <stdio.h>

enum replay_detector { REPLAY_FUSED, REPLAY_GRADED, REPLAY_PAIR, REPLAY_BOSC };
extern const char *const REPLAY_DETECTOR_NAMES[];

struct replay_options;

struct replay_command {
	const char *name;
	/* Prints to out: 0 or -errno and *e. */
	int (*run)(const struct replay_options *o, FILE *out, struct err *e);
};

struct replay_options {
	const struct replay_command *command;
	const char *out;     /* learn */
	const char *profile; /* score, explain */
	enum replay_detector detector;
	uint32_t window, epoch; /* 0: the profile's */
	enum fused_form form;
	char **paths; /* of streams */
	size_t n_paths;
};

/* Ended by an entry without a name. */
extern const struct replay_command REPLAY_COMMANDS[];

int learn_run(const struct replay_options *o, FILE *out, struct err *e);
int score_run(const struct replay_options *o, FILE *out, struct err *e);
int explain_run(const struct replay_options *o, FILE *out, struct err *e);

/* Ends the process: 0 after --help, 2 with a message when the command line is wrong. Caller frees ret->paths.
 */
void options_parse(int argc, char **argv, struct replay_options *ret);

#endif
