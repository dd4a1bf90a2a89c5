/* SPDX-License-Identifier: Apache-2.0 */
/* `kubectl escape explain --replay`: the choice of a node made again from what its Escape recorded. Pure. */
#ifndef ESCAPE_CLI_EXPLAIN_REPLAY_H
#define ESCAPE_CLI_EXPLAIN_REPLAY_H

#include <api/escape.h>
#include <base/buf.h>
#include <model/place.h>

struct explain_replay {
	struct place_ask ask;
	struct place_row
		rows[ESCAPE_CANDIDATES_MAX]; /* in the order of the candidates, with borrowed names */
	bool agrees[ESCAPE_CANDIDATES_MAX];  /* weight and survival are as recorded */
	size_t n, chosen;
	bool same; /* the recorded destination is chosen, and all rows agree */
};

/* -ENOENT: the Escape records no choice; -EINVAL, -EDOM: it records one that cannot be made. */
int explain_replay(const struct escape *x, struct explain_replay *ret, struct err *e);
void explain_replay_text(const struct escape *x, const struct explain_replay *r, struct buf *out);
/* NULL: out of memory. Caller frees. */
struct json *explain_replay_json(const struct escape *x, const struct explain_replay *r);

#endif
