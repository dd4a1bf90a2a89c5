/* SPDX-License-Identifier: Apache-2.0 */
/* escape-replay: the detectors over recorded streams. */
#include "options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const struct replay_command REPLAY_COMMANDS[] = {
	{"learn", learn_run},
	{"score", score_run},
	{"explain", explain_run},
	{0},
};

int main(int argc, char **argv)
{
	struct replay_options o;
	struct err e = {0};
	int rc;

	options_parse(argc, argv, &o);
	rc = o.command->run(&o, stdout, &e);
	if (!rc && (fflush(stdout) || ferror(stdout)))
		rc = err_set(&e, -EIO, "CannotWrite", "cannot write the output: %s", strerror(errno));
	if (rc)
		fprintf(stderr, "escape-replay: %s\n", e.message);
	free(o.paths);
	return rc ? EXIT_FAILURE : EXIT_SUCCESS;
}
