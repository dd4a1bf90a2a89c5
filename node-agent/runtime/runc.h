/* SPDX-License-Identifier: Apache-2.0 */
/* Where the real runc (and other tools of the node) are, and how runc logs an error. */
#ifndef ESCAPE_RUNTIME_RUNC_H
#define ESCAPE_RUNTIME_RUNC_H

#include <stddef.h>

#include <base/err.h>

#include "node-agent/runtime/args.h"

/* Finds `name` in the usual directories, then in $PATH; never our own executable. Caller frees *ret. */
int runc_find(const char *name, char **ret, struct err *e);
/* Becomes runc, with argv as it came. Returns only on failure. */
int runc_exec(char **argv, struct err *e);
/* What runc does when it fails: the message on stderr, and a line in its --log file for the engine to show.
 */
void runc_report(const struct runc_args *a, const char *message);
/* runc finds criu by $PATH, which an engine may have cut down: adds the usual directories behind what is
 * there. */
void runc_complete_path(void);

#endif
