/* SPDX-License-Identifier: Apache-2.0 */
#include "node_options.h"
#include "nodes.h"
#include "session.h"
#include "text.h"

#include <base/cleanup.h>
#include <base/clock.h>
#include <base/str.h>
#include <errno.h>

static int json_show(const struct json *j, struct buf *out, struct err *e)
{
	if (!j || text_add_json(out, j))
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for the output");
	return 0;
}

static int list(struct session *s, const struct node_options *o, struct buf *out, struct err *e)
{
	auto_json struct json *nodes = NULL, *verdicts = NULL, *j = NULL;
	auto_nodes struct nodes_view v = {0};
	int rc = session_list(s, &API_VERDICTS, NULL, &verdicts, e);

	if (rc)
		return rc;
	rc = session_list(s, &KUBE_NODES, NULL, &nodes, e);
	if (rc && rc != -EACCES)
		return rc;
	rc = nodes_read(nodes, verdicts, &v, e);
	if (rc)
		return rc;
	if (!o->at.json) {
		nodes_text(&v, clock_wall_ms(), out);
		return out->failed ? err_set(e, -ENOMEM, "OutOfMemory", "no memory for the output") : 0;
	}
	j = nodes_json(&v);
	return json_show(j, out, e);
}

/* A mark on a name that is mistyped would protect nobody. Who may not see Nodes is believed. */
static int node_exists(struct session *s, const char *node, struct err *e)
{
	auto_json struct json *obj = NULL;
	int rc = session_get(s, &KUBE_NODES, node, &obj, e);

	if (rc == -ENOENT)
		return err_set(e, rc, "NotFound", "there is no node %s (kubectl get nodes lists them)", node);
	return rc == -EACCES ? 0 : rc;
}

/* {"spec": ...}: all of it, so that nothing of an earlier word stays. */
static struct json *word(const struct node_options *o, int64_t now_ms)
{
	char at[CLOCK_RFC3339_MAX], until[CLOCK_RFC3339_MAX];
	auto_json struct json *patch = json_new_obj();
	struct json *spec = json_obj_at(patch, "spec");

	clock_format_micro(now_ms, at);
	clock_format(now_ms + o->for_ms, until);
	if (!spec ||
		json_set_str(
			spec, "mark", VERDICT_MARK_NAMES[o->verb == NODE_MARK ? MARK_HACKED : MARK_CLEAN]) ||
		json_set_str(spec, "reason", o->reason) || json_set_str(spec, "at", at) ||
		json_set(spec, "until", o->for_ms ? json_new_str(until) : json_new_null()))
		return NULL;
	return TAKE_PTR(patch);
}

static int word_create(
	struct session *s, const struct node_options *o, struct json *obj, struct json **ret, struct err *e)
{
	if (!o->for_ms)
		json_remove(json_edit(obj, "spec"), "until");
	if (json_set_str(obj, "apiVersion", API_GROUP_VERSION) ||
		json_set_str(obj, "kind", API_VERDICTS.kind) ||
		json_set_str(json_obj_at(obj, "metadata"), "name", o->node))
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for a NodeVerdict");
	return session_create(s, &API_VERDICTS, obj, ret, e);
}

static int speak(struct session *s, const struct node_options *o, struct buf *out, struct err *e)
{
	auto_json struct json *patch = word(o, clock_wall_ms()), *done = NULL;
	int rc = patch ? node_exists(s, o->node, e)
		       : err_set(e, -ENOMEM, "OutOfMemory", "no memory for a NodeVerdict");

	if (rc)
		return rc;
	rc = session_patch(s, &API_VERDICTS, o->node, patch, &done, e);
	if (rc == -ENOENT)
		rc = word_create(s, o, patch, &done, e);
	if (rc)
		return rc;
	if (o->at.json)
		return json_show(done, out, e);
	if (o->verb == NODE_MARK)
		text_addf(out, "node %s counts as hacked: %s", o->node, o->reason);
	else
		text_addf(out, "what is known against node %s up to now is forgiven: %s", o->node, o->reason);
	buf_adds(out, "\n");
	return 0;
}

int node_run(const struct options *o, struct buf *out, struct err *e)
{
	auto_session struct session *s = NULL;
	struct node_options n;
	int rc;

	node_options_parse(o, &n);
	rc = session_open(&n.at, &s, e);
	if (rc)
		return rc;
	return n.verb == NODE_LIST ? list(s, &n, out, e) : speak(s, &n, out, e);
}
