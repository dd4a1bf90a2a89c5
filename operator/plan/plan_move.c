/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/plan/plan_escape.h"
#include "operator/plan/plan_priv.h"
#include "operator/plan/view.h"

#include <base/cleanup.h>
#include <base/str.h>

struct json *plan_staging_patch(const struct escape *x, const struct json *successor, int64_t now_ms)
{
	auto_json struct json *extra = json_new_obj();

	if (json_set_str(extra, "successorUID", json_str_at(successor, "metadata.uid", "")))
		return NULL;
	return escape_patch_phase(x, PHASE_STAGING, ACTOR_OPERATOR, now_ms, "", "", NULL, 0, TAKE_PTR(extra));
}

static void abort_move(const struct step *s, const char *reason, const char *message)
{
	step_to(s, PHASE_ABORTING, reason, message);
}

/* What calls a move off as long as the source has not been sealed. True: called off. */
static bool called_off(const struct step *s)
{
	const struct world_node *to = world_node(s->w, s->x->spec.destination_node);

	if (!s->old) {
		step_to_when_gone(s, PHASE_ABORTING, "PodGone", "the pod was deleted before it moved");
		return true;
	}
	if (s->old->deleting || s->old->ended) {
		abort_move(s, "PodGone", "the pod ended or was deleted before it moved");
		return true;
	}
	if (!to || !to->known) {
		abort_move(s, "DestinationLost", "the destination's Node is gone");
		return true;
	}
	if (view_node_hacked(to, s->c, s->now_ms)) {
		abort_move(s, "DestinationHacked", "the destination counts as hacked now");
		return true;
	}
	return false;
}

/* True: called off. Where our view of pods does not have it, the API server is asked first. */
static bool successor_lost(const struct step *s)
{
	struct action *a;

	if (s->successor && !s->successor->deleting && !s->successor->ended)
		return false;
	a = step_to(s, PHASE_ABORTING, "SuccessorLost", "the pod that takes over is gone or ended");
	if (!s->successor)
		action_need_gone(a, s->x->spec.successor, s->x->status.successor_uid);
	return true;
}

static void plan_pending(const struct step *s)
{
	struct action *a;

	if (called_off(s))
		return;
	if (step_overdue(s)) {
		abort_move(s, "StagingTimeout", "the pod that takes over could not be created in time");
		return;
	}
	a = action_add(s->out, ACTION_CREATE_SUCCESSOR, s->x->namespace_, s->x->name, s->x->uid);
	action_need_version(a, s->x);
}

static void plan_staging(const struct step *s, const char *reason, const char *message)
{
	if (!called_off(s) && !successor_lost(s) && step_overdue(s))
		abort_move(s, reason, message);
}

static void plan_sealed(const struct step *s)
{
	const struct world_node *to = world_node(s->w, s->x->spec.destination_node);

	if (successor_lost(s))
		return;
	if (view_node_hacked(to, s->c, s->now_ms))
		abort_move(s, "DestinationHacked", "the destination counts as hacked now");
	/* The pod stands still while it waits for the claim, so this deadline is short. Where the old pod is
	 * gone the dump is the only copy and nothing can thaw: then the claim is waited for. */
	else if (s->old && step_overdue_after(s, s->c->claim_deadline_ms))
		abort_move(s, "ClaimTimeout", "the destination did not claim the dump in time");
}

static void stuck_patch(const struct step *s)
{
	auto_json struct json *patch = json_new_obj();
	struct json *meta = json_obj_at(patch, "metadata");
	struct json *status = json_obj_at(patch, "status");
	struct action *a;

	a = action_add(s->out, ACTION_PATCH_ESCAPE, s->x->namespace_, s->x->name, s->x->uid);
	if (!meta || json_set_str(meta, "resourceVersion", s->x->resource_version) ||
		json_set_bool(status, "stuck", true) || json_set_str(status, "reason", "DestinationSilent") ||
		json_set_str(status, "message",
			"the destination claimed the dump and does not answer: nobody knows whether the pod "
			"runs "
			"there, so the source stays frozen. It goes on when the agent answers, or when the "
			"Node is "
			"deleted or tainted node.kubernetes.io/out-of-service"))
		s->out->failed = true;
	else
		a->object = TAKE_PTR(patch);
}

static void plan_restoring(const struct step *s)
{
	const struct world_node *to = world_node(s->w, s->x->spec.destination_node);
	struct action *a;

	if (!to || !to->known || to->node.out_of_service) {
		a = step_to(s, PHASE_ABORTING, "DestinationLost",
			"the destination's Node is gone or out of service: nothing runs there");
		str_copy(a->need.lost_node, sizeof(a->need.lost_node), s->x->spec.destination_node);
		return;
	}
	if (!s->x->status.stuck && step_overdue(s))
		stuck_patch(s);
}

/* The old pod goes on, or is gone: whatever was staged for it goes. */
static void successor_remove(const struct step *s)
{
	if (s->successor && s->successor->staged && !s->successor->deleting)
		action_delete_pod(s->out, s->successor);
}

static void plan_aborting(const struct step *s)
{
	successor_remove(s);
	if (!s->old)
		step_to_when_gone(s, PHASE_FAILED, s->x->status.reason,
			"the pod was deleted before the move was called off; a sealed dump, if there is one, "
			"stays in "
			"the store");
}

void plan_move(const struct step *s)
{
	switch (s->x->status.phase) {
	case PHASE_PENDING:
		plan_pending(s);
		break;
	case PHASE_STAGING:
		plan_staging(
			s, "StagingTimeout", "the pod that takes over was not ready to be restored in time");
		break;
	case PHASE_STAGED:
		plan_staging(s, "SealTimeout", "the source did not seal its dump in time");
		break;
	case PHASE_SEALED:
		plan_sealed(s);
		break;
	case PHASE_RESTORING:
		plan_restoring(s);
		break;
	case PHASE_RESTORED:
		plan_handover(s);
		break;
	case PHASE_ABORTING:
		plan_aborting(s);
		break;
	case PHASE_ABORTED:
	case PHASE_FAILED:
		successor_remove(s);
		break;
	case PHASE_SUCCEEDED:
		plan_network_release(s);
		break;
	}
}
