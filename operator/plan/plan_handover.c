/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/plan/plan_priv.h"
#include "operator/plan/successor.h"
#include "operator/plan/view.h"

#include <base/cleanup.h>
#include <base/str.h>

static void pod_patch(const struct step *s, const struct world_pod *p, struct json *patch)
{
	struct action *a = action_add(s->out, ACTION_PATCH_POD, p->namespace_, p->name, p->uid);

	a->object = patch;
	if (!patch)
		s->out->failed = true;
}

/*
 * A ReplicaSet that sees both removes first what is not ready, then what costs less: with an unready
 * successor beside a ready old pod it would remove the wrong one.
 */
static bool handover_may_begin(const struct step *s)
{
	if (s->successor->ready || s->successor->ended || !s->old || s->old->deleting)
		return true;
	if (!step_overdue(s))
		return false;
	return !*s->old->owner_kind || !s->old->ready;
}

static void old_remove(const struct step *s)
{
	struct action *a;

	/* Frozen processes would sit out the whole grace that somebody else's delete gave them. */
	if (s->old->leaving)
		return;
	a = action_delete_pod(s->out, s->old);
	action_need_version(a, s->x);
	if (!s->successor)
		action_need_gone(a, s->x->spec.successor, s->x->status.successor_uid);
}

static void handover_finish(const struct step *s)
{
	auto_json struct json *extra = json_new_obj();
	struct action *a;

	if (json_set_bool(extra, "stuck", false)) {
		s->out->failed = true;
		return;
	}
	a = action_step(s->out, s->x, PHASE_SUCCEEDED, s->now_ms, "Moved",
		s->successor ? "" : "the pod that took over was deleted meanwhile", TAKE_PTR(extra));
	action_need_gone(a, s->x->spec.pod_name, s->x->spec.pod_uid);
	if (!s->successor)
		action_need_gone(a, s->x->spec.successor, s->x->status.successor_uid);
}

void plan_handover(const struct step *s)
{
	if (s->successor && s->successor->staged) {
		if (!handover_may_begin(s))
			return;
		if (s->old && *s->old->owner_kind && !s->old->yielding)
			pod_patch(s, s->old, successor_yield_patch(s->old->uid));
		pod_patch(s, s->successor, successor_handover_patch(s->successor->obj));
	}
	if (s->old)
		old_remove(s);
	else
		handover_finish(s);
}

/* Its addresses are on their way once more: the routes must not go before the next move has put its own. */
static bool moves_on(const struct step *s)
{
	const struct world_escape *next = view_active_of_pod(s->w, s->x->status.successor_uid);

	return next && next->x.spec.kind == ESCAPE_MOVE;
}

void plan_network_release(const struct step *s)
{
	auto_json struct json *patch = NULL;
	struct action *a;

	if (s->x->status.network_released || s->successor || moves_on(s))
		return;
	patch = json_new_obj();
	a = action_add(s->out, ACTION_PATCH_ESCAPE, s->x->namespace_, s->x->name, s->x->uid);
	action_need_gone(a, s->x->spec.successor, s->x->status.successor_uid);
	if (!json_obj_at(patch, "metadata") || !json_obj_at(patch, "status") ||
		json_set_str(json_obj_at(patch, "metadata"), "resourceVersion", s->x->resource_version) ||
		json_set_bool(json_obj_at(patch, "status"), "networkReleased", true))
		s->out->failed = true;
	else
		a->object = TAKE_PTR(patch);
}
