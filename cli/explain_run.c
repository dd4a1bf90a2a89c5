/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence.h"
#include "explain.h"
#include "explain_replay.h"
#include "session.h"
#include "text.h"

#include <base/cleanup.h>
#include <base/clock.h>
#include <errno.h>

static int json_show(struct json *taken, struct buf *out, struct err *e)
{
	auto_json struct json *j = taken;

	if (!j || text_add_json(out, j))
		out->failed = true;
	return out->failed ? err_set(e, -ENOMEM, "OutOfMemory", "no memory for the output") : 0;
}

/* What does not repeat is shown all the same, and is an error for whoever only looks at the exit status. */
static int replay_show(const struct escape *x, bool as_json, struct buf *out, struct err *e)
{
	struct explain_replay r;
	int rc = explain_replay(x, &r, e);

	if (rc)
		return rc;
	if (as_json)
		rc = json_show(explain_replay_json(x, &r), out, e);
	else
		explain_replay_text(x, &r, out);
	if (!rc && !r.same)
		rc = err_set(e, -EILSEQ, "DoesNotRepeat", "the choice does not repeat from what is recorded");
	return rc;
}

static int escape_show(const struct json *obj, const struct options *o, struct buf *out, struct err *e)
{
	auto_free struct escape *x = calloc(1, sizeof(*x));
	int rc = x ? escape_decode(obj, x, e) : err_set(e, -ENOMEM, "OutOfMemory", "no memory for an Escape");

	if (rc)
		return rc;
	if (o->replay)
		return replay_show(x, o->json, out, e);
	if (o->json)
		return json_show(explain_json(x), out, e);
	explain_text(x, clock_wall_ms(), out);
	return out->failed ? err_set(e, -ENOMEM, "OutOfMemory", "no memory for the output") : 0;
}

static int escape_explain(struct session *s, const struct options *o, struct buf *out, struct err *e)
{
	auto_json struct json *obj = NULL;
	int rc = session_get(s, &API_ESCAPES, o->name, &obj, e);

	return rc ? rc : escape_show(obj, o, out, e);
}

static int pod_explain(struct session *s, const struct options *o, struct buf *out, struct err *e)
{
	auto_free struct pod_alarm *p = calloc(1, sizeof(*p));
	auto_json struct json *reports = NULL;
	int rc = p ? session_list(s, &API_REPORTS, NULL, &reports, e)
		   : err_set(e, -ENOMEM, "OutOfMemory", "no memory for an alarm");

	if (!rc)
		rc = pod_alarm_find(reports, session_namespace(s), o->name, p, e);
	if (rc)
		return rc;
	if (o->json)
		return json_show(pod_alarm_json(p), out, e);
	pod_alarm_text(p, clock_wall_ms(), out);
	return out->failed ? err_set(e, -ENOMEM, "OutOfMemory", "no memory for the output") : 0;
}

int explain_run(const struct options *o, struct buf *out, struct err *e)
{
	auto_session struct session *s = NULL;
	int rc = session_open(o, &s, e);

	if (rc)
		return rc;
	return o->of_pod ? pod_explain(s, o, out, e) : escape_explain(s, o, out, e);
}
