/* SPDX-License-Identifier: Apache-2.0 */
#include <api/escape.h>
#include <base/cleanup.h>

const char *const ESCAPE_PHASE_NAMES[] = {
	[PHASE_PENDING] = "Pending",
	[PHASE_STAGING] = "Staging",
	[PHASE_STAGED] = "Staged",
	[PHASE_SEALED] = "Sealed",
	[PHASE_RESTORING] = "Restoring",
	[PHASE_RESTORED] = "Restored",
	[PHASE_ABORTING] = "Aborting",
	[PHASE_SUCCEEDED] = "Succeeded",
	[PHASE_ABORTED] = "Aborted",
	[PHASE_FAILED] = "Failed",
	NULL,
};

const struct phase_step PHASE_STEPS[] = {
	/* The way of a move. Sealed -> Restoring is the one commit point: only the destination takes it. */
	{ESCAPE_MOVE, PHASE_PENDING, PHASE_STAGING, ACTOR_OPERATOR},
	{ESCAPE_MOVE, PHASE_STAGING, PHASE_STAGED, ACTOR_DESTINATION},
	{ESCAPE_MOVE, PHASE_STAGED, PHASE_SEALED, ACTOR_SOURCE},
	{ESCAPE_MOVE, PHASE_SEALED, PHASE_RESTORING, ACTOR_DESTINATION},
	{ESCAPE_MOVE, PHASE_RESTORING, PHASE_RESTORED, ACTOR_DESTINATION},
	{ESCAPE_MOVE, PHASE_RESTORED, PHASE_SUCCEEDED, ACTOR_OPERATOR},

	/* Before the commit the operator may call it off at any time ... */
	{ESCAPE_MOVE, PHASE_PENDING, PHASE_ABORTING, ACTOR_OPERATOR},
	{ESCAPE_MOVE, PHASE_STAGING, PHASE_ABORTING, ACTOR_OPERATOR},
	{ESCAPE_MOVE, PHASE_STAGED, PHASE_ABORTING, ACTOR_OPERATOR},
	{ESCAPE_MOVE, PHASE_SEALED, PHASE_ABORTING, ACTOR_OPERATOR},
	/* ... and so may the one whose turn it is and who cannot: staging refused, dump failed, dump not
	   believed. */
	{ESCAPE_MOVE, PHASE_STAGING, PHASE_ABORTING, ACTOR_DESTINATION},
	{ESCAPE_MOVE, PHASE_STAGED, PHASE_ABORTING, ACTOR_SOURCE},
	{ESCAPE_MOVE, PHASE_SEALED, PHASE_ABORTING, ACTOR_DESTINATION},
	/* After it only who knows for certain that nothing runs there: the destination itself, or the
	 * operator once the destination's Node is gone, is tainted out-of-service, or an admin gave their
	 * word. */
	{ESCAPE_MOVE, PHASE_RESTORING, PHASE_ABORTING, ACTOR_DESTINATION},
	{ESCAPE_MOVE, PHASE_RESTORING, PHASE_ABORTING, ACTOR_OPERATOR},

	/* The source has its life back; or the source is gone for good and nobody can give it back. */
	{ESCAPE_MOVE, PHASE_ABORTING, PHASE_ABORTED, ACTOR_SOURCE},
	{ESCAPE_MOVE, PHASE_ABORTING, PHASE_FAILED, ACTOR_OPERATOR},

	{ESCAPE_ROLLBACK, PHASE_PENDING, PHASE_RESTORING, ACTOR_SOURCE},
	{ESCAPE_ROLLBACK, PHASE_RESTORING, PHASE_SUCCEEDED, ACTOR_SOURCE},
	{ESCAPE_ROLLBACK, PHASE_RESTORING, PHASE_FAILED, ACTOR_SOURCE},
	{ESCAPE_ROLLBACK, PHASE_PENDING, PHASE_FAILED,
		ACTOR_SOURCE}, /* refused: no safe snapshot, altered dump */
	{ESCAPE_ROLLBACK, PHASE_PENDING, PHASE_FAILED,
		ACTOR_OPERATOR}, /* the pod is gone, or nobody took it up */
	{ESCAPE_ROLLBACK, PHASE_RESTORING, PHASE_FAILED, ACTOR_OPERATOR}, /* the pod or its node is gone */

	{ESCAPE_RESTART, PHASE_PENDING, PHASE_SUCCEEDED, ACTOR_OPERATOR},
	{ESCAPE_RESTART, PHASE_PENDING, PHASE_FAILED, ACTOR_OPERATOR},
};
const size_t PHASE_STEPS_COUNT = ARRAY_LEN(PHASE_STEPS);

bool escape_step_allowed(
	enum escape_kind kind, enum escape_phase from, enum escape_phase to, enum escape_actor actor)
{
	for (size_t i = 0; i < PHASE_STEPS_COUNT; i++) {
		const struct phase_step *s = &PHASE_STEPS[i];

		if (s->kind == kind && s->from == from && s->to == to && s->actor == actor)
			return true;
	}
	return false;
}

bool escape_phase_final(enum escape_phase p)
{
	return p == PHASE_SUCCEEDED || p == PHASE_ABORTED || p == PHASE_FAILED;
}
