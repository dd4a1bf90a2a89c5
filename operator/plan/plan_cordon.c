/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/plan/plan_cordon.h"

#include <base/cleanup.h>
#include <base/str.h>

static bool is_annotated(const struct world_node *n)
{
	return json_member(json_at(n->obj, "metadata.annotations"), API_ANN_CORDONED);
}

static bool wants_cordon(const struct world_node *n, const struct verdict_status *s)
{
	return s->state == VERDICT_HACKED && !n->node.unschedulable && !is_annotated(n);
}

void plan_cordon_record(const struct world_node *n, const struct plan_config *c, struct verdict_status *s)
{
	if (!n->known)
		s->cordoned = false;
	else if (c->cordon && wants_cordon(n, s))
		s->cordoned = true;
	else if (s->state == VERDICT_CLEAN && !is_annotated(n))
		s->cordoned = false;
}

/* Both in one step, and only if nobody changed the Node meanwhile. */
static struct json *node_patch(const struct world_node *n, bool cordon)
{
	auto_json struct json *patch = json_new_obj();
	struct json *annotations = json_obj_at(patch, "metadata.annotations");
	struct json *spec = json_obj_at(patch, "spec");

	if (!annotations || !spec ||
		json_set_str(json_obj_at(patch, "metadata"), "resourceVersion",
			json_str_at(n->obj, "metadata.resourceVersion", "")) ||
		json_set(annotations, API_ANN_CORDONED, cordon ? json_new_str("hacked") : json_new_null()) ||
		json_set(spec, "unschedulable", cordon ? json_new_bool(true) : json_new_null()))
		return NULL;
	return TAKE_PTR(patch);
}

void plan_cordon(const struct world_node *n, const struct plan_config *c, const struct verdict_status *s,
	struct actions *out)
{
	bool cordon = wants_cordon(n, s), release = s->state == VERDICT_CLEAN && is_annotated(n);
	struct action *a;

	/* The record comes first: it must be there already when the Node is touched. */
	if (!c->cordon || !n->known || !n->verdict || !n->verdict->status.cordoned || (!cordon && !release))
		return;
	a = action_add(out, ACTION_PATCH_NODE, "", n->name, "");
	a->object = node_patch(n, cordon);
	out->failed |= !a->object;
}
