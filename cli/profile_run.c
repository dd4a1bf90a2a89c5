/* SPDX-License-Identifier: Apache-2.0 */
#include "profile_options.h"
#include "profiles.h"
#include "session.h"
#include "text.h"

#include <api/profile.h>
#include <base/cleanup.h>
#include <base/str.h>
#include <errno.h>

static int list(struct session *s, const struct options *o, struct buf *out, struct err *e)
{
	const char *namespace_ = o->all_namespaces ? NULL : session_namespace(s);
	auto_json struct json *all = NULL, *j = NULL;
	int rc = session_list(s, &API_PROFILES, namespace_, &all, e);

	if (rc)
		return rc;
	if (!o->json)
		profiles_text(all, namespace_, out);
	else if (!(j = profiles_json(all)) || text_add_json(out, j))
		out->failed = true;
	return out->failed ? err_set(e, -ENOMEM, "OutOfMemory", "no memory for the output") : 0;
}

/* Only of what was looked at: in the meantime it may be held for something else. */
static struct json *approval(const struct json *obj)
{
	auto_json struct json *patch = json_new_obj();
	struct json *spec = json_obj_at(patch, "spec");

	if (json_set_str(json_obj_at(patch, "metadata"), "resourceVersion",
		    json_str_at(obj, "metadata.resourceVersion", "")) ||
		json_set_str(spec, "state", PROFILE_STATE_NAMES[PROFILE_LEARNING]) ||
		json_set(spec, "held", json_new_null()))
		return NULL;
	return TAKE_PTR(patch);
}

static int approve(
	struct session *s, const char *name, const struct json *obj, struct buf *out, struct err *e)
{
	const char *state = json_str_at(obj, "spec.state", "");
	auto_json struct json *patch = approval(obj), *after = NULL;
	int rc;

	if (!str_eq(state, PROFILE_STATE_NAMES[PROFILE_HELD]))
		return err_set(e, -EINVAL, "NotHeld", "profile %s is %s: nothing waits for a word on it",
			name, *state ? state : PROFILE_STATE_NAMES[PROFILE_LEARNING]);
	if (!patch)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for a patch");
	rc = session_patch(s, &API_PROFILES, name, patch, &after, e);
	if (!rc) {
		text_addf(out, "profile %s: what held it is normal, learning goes on", name);
		buf_adds(out, "\n");
	}
	return rc;
}

static int discard(
	struct session *s, const char *name, const struct json *obj, struct buf *out, struct err *e)
{
	int rc = session_delete(s, &API_PROFILES, name, json_str_at(obj, "metadata.uid", ""), e);

	if (!rc) {
		text_addf(out, "profile %s: forgotten, learning begins anew", name);
		buf_adds(out, "\n");
	}
	return rc;
}

static int one(struct session *s, const struct profile_options *o, struct buf *out, struct err *e)
{
	auto_json struct json *obj = NULL;
	int rc = session_get(s, &API_PROFILES, o->name, &obj, e);

	if (rc)
		return rc;
	if (o->verb == PROFILE_EXPORT)
		return profile_export(obj, out, e);
	return o->verb == PROFILE_APPROVE ? approve(s, o->name, obj, out, e)
					  : discard(s, o->name, obj, out, e);
}

int profile_run(const struct options *o, struct buf *out, struct err *e)
{
	auto_session struct session *s = NULL;
	struct profile_options p;
	int rc;

	profile_options_parse(o, &p);
	rc = session_open(&p.at, &s, e);
	if (rc)
		return rc;
	return p.verb == PROFILE_LIST ? list(s, &p.at, out, e) : one(s, &p, out, e);
}
