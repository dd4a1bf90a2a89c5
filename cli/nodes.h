/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `kubectl escape node list`: the nodes and what they count as. nodes_read takes the lists of the API server
 * apart, nodes_text and nodes_json show them; all three are pure. Strings are borrowed from the lists, which
 * outlive the view. A NodeVerdict that cannot be read is shown as unknown.
 */
#ifndef ESCAPE_CLI_NODES_H
#define ESCAPE_CLI_NODES_H

#include <api/verdict.h>
#include <base/buf.h>

struct nodes_row {
	const char *name;
	bool there; /* there is a Node of that name */
	bool unreadable;
	struct verdict *verdict; /* owned; NULL: nothing was ever known against it */
};

struct nodes_view {
	struct nodes_row *rows; /* by name */
	size_t n;
};

/* nodes NULL: they may not be listed, and only those with a NodeVerdict are shown. */
int nodes_read(const struct json *nodes, const struct json *verdicts, struct nodes_view *ret, struct err *e);
void nodes_free(struct nodes_view *v);
#define auto_nodes __attribute__((cleanup(nodes_free)))
void nodes_text(const struct nodes_view *v, int64_t now_ms, struct buf *out);
/* NULL: out of memory. Caller frees. */
struct json *nodes_json(const struct nodes_view *v);

#endif
