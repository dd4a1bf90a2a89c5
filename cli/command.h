/* SPDX-License-Identifier: Apache-2.0 */
/* What kubectl-escape can do, one entry per subcommand. run fills `out` with what goes to stdout: 0 or -errno
 * and *e. */
#ifndef ESCAPE_CLI_COMMAND_H
#define ESCAPE_CLI_COMMAND_H

#include <base/buf.h>
#include <base/err.h>

struct options;

struct command {
	const char *name;
	bool takes_name;           /* of an Escape */
	bool takes_all_namespaces; /* -A */
	bool takes_args;           /* reads what stands behind its name by itself */
	int (*run)(const struct options *o, struct buf *out, struct err *e);
};

/* Ended by an entry without a name. */
extern const struct command COMMANDS[];

int status_run(const struct options *o, struct buf *out, struct err *e);
int explain_run(const struct options *o, struct buf *out, struct err *e);
int profile_run(const struct options *o, struct buf *out, struct err *e);
int node_run(const struct options *o, struct buf *out, struct err *e);
int simulate_run(const struct options *o, struct buf *out, struct err *e);
int version_run(const struct options *o, struct buf *out, struct err *e);

#endif
