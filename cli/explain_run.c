/* SPDX-License-Identifier: Apache-2.0 */
#include "explain.h"
#include "session.h"
#include "text.h"

#include <base/cleanup.h>
#include <base/clock.h>
#include <errno.h>

static int escape_show(const struct json *obj, bool as_json, struct buf *out, struct err *e)
{
	auto_free struct escape *x = calloc(1, sizeof(*x));
	auto_json struct json *j = NULL;
	int rc = x ? escape_decode(obj, x, e) : err_set(e, -ENOMEM, "OutOfMemory", "no memory for an Escape");

	if (rc)
		return rc;
	if (!as_json)
		explain_text(x, clock_wall_ms(), out);
	else if (!(j = explain_json(x)) || text_add_json(out, j))
		out->failed = true;
	return out->failed ? err_set(e, -ENOMEM, "OutOfMemory", "no memory for the output") : 0;
}

int explain_run(const struct options *o, struct buf *out, struct err *e)
{
	auto_session struct session *s = NULL;
	auto_json struct json *obj = NULL;
	int rc = session_open(o, &s, e);

	if (!rc)
		rc = session_get(s, &API_ESCAPES, o->name, &obj, e);
	return rc ? rc : escape_show(obj, o->json, out, e);
}
