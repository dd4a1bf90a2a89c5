/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions the plans ask the world: is a node hacked, is an agent there, what has already been answered.
 * Pure. Times are wall clock in ms; anomalies and heartbeats carry their node's clock, so a little skew only
 * moves a limit by that much.
 */
#ifndef ESCAPE_OPERATOR_VIEW_H
#define ESCAPE_OPERATOR_VIEW_H

#include "operator/plan/config.h"
#include "operator/world/world.h"

bool view_anomaly_counts(const struct report_anomaly *a, const struct plan_config *c, int64_t now_ms);
enum verdict_state view_node_state(const struct world_node *n, const struct plan_config *c, int64_t now_ms);
bool view_node_hacked(const struct world_node *n, const struct plan_config *c, int64_t now_ms);
/* The oldest anomaly on the node that counts and is not this pod's own; NULL: the predator is not beside it.
 */
const struct report_anomaly *view_hacked_by_other(
	const struct world_node *n, const char *pod_uid, const struct plan_config *c, int64_t now_ms);
/* The weightiest cause in its NodeVerdict that makes the node hacked and is not about this pod; NULL: none.
 */
const struct verdict_cause *view_cause_beside(
	const struct world_node *n, const char *pod_uid, const struct plan_config *c, int64_t now_ms);
/* Somebody other than our own detection says that the predator is in this pod: its memory is not to be
 * trusted. */
bool view_pod_accused(
	const struct world_node *n, const char *pod_uid, const struct plan_config *c, int64_t now_ms);
bool view_agent_alive(const struct world_node *n, const struct plan_config *c, int64_t now_ms);
bool view_pod_learning(const struct world *w, const struct world_pod *p);
/* What one of its containers does fits into no profile. */
bool view_pod_full(const struct world *w, const struct world_pod *p);
/* Kept from harm by a policy that acts: guarded pod, mode Learn or Enforce. */
bool view_enforced(const struct world_pod *p);

/* An Escape of this pod that has not ended. */
const struct world_escape *view_active_of_pod(const struct world *w, const char *pod_uid);
/* The Escape that answered this anomaly of this pod. One that failed only because nobody took it up answers
 * nothing. */
const struct world_escape *view_answer(const struct world *w, const char *pod_uid, const char *anomaly);
size_t view_attempts(const struct world *w, const char *pod_uid, const char *anomaly);
size_t view_rollbacks_since(const struct world *w, const char *pod_uid, int64_t since_ms);
/* When the pod last moved or tried to: the Move that brought it here, or one of its own that was called off.
 * -1: never. */
int64_t view_last_move_ms(const struct world *w, const struct world_pod *p);
/* From this source node, or from all (NULL). */
size_t view_active(const struct world *w, const char *node);
size_t view_active_moves(const struct world *w, const struct policy *p);
bool view_anomaly_reported(const struct world *w, const char *anomaly);

#endif
