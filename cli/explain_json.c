/* SPDX-License-Identifier: Apache-2.0 */
#include "explain.h"

#include <base/cleanup.h>

static struct json *moment_json(const struct escape_time *t, int64_t began_ms)
{
	auto_json struct json *j = json_new_obj();

	if (json_set_str(j, "phase", t->phase) || json_set_num(j, "ms", (double)(t->at_ms - began_ms)))
		return NULL;
	return TAKE_PTR(j);
}

static struct json *timeline_json(const struct escape_status *s)
{
	auto_json struct json *all = json_new_arr();

	for (size_t i = 0; i < s->n_timeline; i++)
		if (json_add(all, moment_json(&s->timeline[i], s->timeline[0].at_ms)))
			return NULL;
	return TAKE_PTR(all);
}

struct json *explain_json(const struct escape *x)
{
	auto_json struct json *j = json_new_obj();

	if (json_set_str(j, "namespace", x->namespace_) || json_set_str(j, "name", x->name) ||
		json_set(j, "spec", encode(ESCAPE_SPEC_FIELDS, &x->spec)) ||
		json_set(j, "status", encode(ESCAPE_STATUS_FIELDS, &x->status)) ||
		json_set(j, "timelineMs", timeline_json(&x->status)))
		return NULL;
	return TAKE_PTR(j);
}
