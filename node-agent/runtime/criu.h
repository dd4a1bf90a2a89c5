/* SPDX-License-Identifier: Apache-2.0 */
/* What CRIU is told in its configuration file, and what it says in its log. */
#ifndef ESCAPE_RUNTIME_CRIU_H
#define ESCAPE_RUNTIME_CRIU_H

#include <stdbool.h>
#include <stddef.h>

enum criu_use {
	CRIU_DUMP,
	CRIU_RESTORE_CLOSE,     /* connections of the old state end, so that both sides know */
	CRIU_RESTORE_CONNECTED, /* connections go on */
};

/* Writes the container's criu.conf (KEEPER_ROOT/<id>/criu.conf) for one operation. */
int criu_configure(const char *id, enum criu_use use);
/* Takes it away again: somebody else's checkpoint of this container is not ours to steer. */
void criu_unconfigure(const char *id);
/* The last "Error" lines of a log, joined by "; ", in dst; "" when there are none. Pure. */
void criu_errors(const char *log, char *dst, size_t size);
/* The same of a file. */
void criu_errors_of(const char *path, char *dst, size_t size);

#endif
