/* SPDX-License-Identifier: Apache-2.0 */
/* `kubectl escape explain`: why one Escape was begun, what it did when, and why it went where it went. Pure.
 */
#ifndef ESCAPE_CLI_EXPLAIN_H
#define ESCAPE_CLI_EXPLAIN_H

#include <api/escape.h>
#include <base/buf.h>

void explain_text(const struct escape *x, int64_t now_ms, struct buf *out);
/* spec and status as in the API, the timeline also in ms since its first entry. NULL: out of memory. Caller
 * frees. */
struct json *explain_json(const struct escape *x);

#endif
