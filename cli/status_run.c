/* SPDX-License-Identifier: Apache-2.0 */
#include "session.h"
#include "status.h"
#include "text.h"

#include <api/names.h>
#include <base/cleanup.h>
#include <base/clock.h>
#include <errno.h>

struct answers {
	struct json *policies, *reports, *escapes, *verdicts;
	struct err reports_error;
};

static void answers_free(struct answers *a)
{
	json_free(a->policies);
	json_free(a->reports);
	json_free(a->escapes);
	json_free(a->verdicts);
}

/* Who may see only a namespace may not see the nodes' reports, and still learns the rest. */
static int reports_list(struct session *s, struct answers *a, struct err *e)
{
	int rc = session_list(s, &API_REPORTS, NULL, &a->reports, &a->reports_error);

	if (rc && rc != -EACCES)
		*e = a->reports_error;
	return rc == -EACCES ? 0 : rc;
}

/* Nor what is made of them; a cluster whose CRDs are older has none. */
static int verdicts_list(struct session *s, struct answers *a, struct err *e)
{
	int rc = session_list(s, &API_VERDICTS, NULL, &a->verdicts, e);

	return rc == -EACCES || rc == -ENOENT ? 0 : rc;
}

static int answers_get(struct session *s, const char *namespace_, struct answers *a, struct err *e)
{
	int rc = session_list(s, &API_POLICIES, namespace_, &a->policies, e);

	if (!rc)
		rc = session_list(s, &API_ESCAPES, namespace_, &a->escapes, e);
	if (!rc)
		rc = reports_list(s, a, e);
	return rc ? rc : verdicts_list(s, a, e);
}

static int view_show(const struct status_view *v, bool as_json, struct buf *out, struct err *e)
{
	auto_json struct json *j = as_json ? status_json(v, clock_wall_ms()) : NULL;

	if (!as_json)
		status_text(v, clock_wall_ms(), out);
	else if (!j || text_add_json(out, j))
		out->failed = true;
	return out->failed ? err_set(e, -ENOMEM, "OutOfMemory", "no memory for the output") : 0;
}

int status_run(const struct options *o, struct buf *out, struct err *e)
{
	__attribute__((cleanup(answers_free))) struct answers a = {0};
	auto_session struct session *s = NULL;
	auto_status struct status_view v = {0};
	const char *namespace_;
	int rc = session_open(o, &s, e);

	if (rc)
		return rc;
	namespace_ = o->all_namespaces ? NULL : session_namespace(s);
	rc = answers_get(s, namespace_, &a, e);
	if (rc)
		return rc;
	const struct status_lists lists = {
		.policies = a.policies,
		.reports = a.reports,
		.escapes = a.escapes,
		.verdicts = a.verdicts,
		.namespace_ = namespace_,
		.nodes_hidden = a.reports_error.code ? a.reports_error.message : NULL,
	};

	rc = status_read(&lists, &v, e);
	return rc ? rc : view_show(&v, o->json, out, e);
}
