/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is hacked: what an admin, the node's own alarms, the silence of its agent and foreign detectors say
 * about one node, put together. Pure. What was found earlier comes from the NodeVerdict's status, so that a
 * new operator judges as the old one did.
 *
 * A node speaks for itself only: nothing here reads one node's report to judge another.
 */
#ifndef ESCAPE_OPERATOR_JUDGE_H
#define ESCAPE_OPERATOR_JUDGE_H

#include "operator/plan/config.h"
#include "operator/world/world.h"

/* An admin's mark Hacked that has not run out. */
bool judge_marked(const struct world_node *n, int64_t now_ms);
/* An admin's mark Clean forgives what happened up to this time; INT64_MIN: there is none. */
int64_t judge_cleared_ms(const struct world_node *n, int64_t now_ms);
/* What happened last at this time: is it neither old nor cleared? */
bool judge_counts(const struct world_node *n, int64_t last_ms, const struct plan_config *c, int64_t now_ms);
/*
 * The agent is silent while its pod is there and the kubelet beside it renews its Lease: somebody may have
 * silenced it. When that became suspicious, 0: it is not. Not before a node that was away has been back for
 * --agent-silent, nor before a restarted agent had that time to speak (which a node can stretch, but not for
 * ever).
 */
int64_t judge_silent_since(const struct world_node *n, const struct plan_config *c, int64_t now_ms);

/*
 * The whole status but `cordoned` and the conditions, which are those of before. foreign: whether foreign
 * detectors may make this node hacked; else what they say makes it suspect, and the cause is `limited`.
 */
void judge_node(const struct world_node *n, const struct plan_config *c, int64_t now_ms, bool foreign,
	struct verdict_status *ret);
/* Does a foreign detector say Hacked, in what is not yet in the NodeVerdict? */
bool judge_asks_foreign(const struct world_node *n, const struct plan_config *c, int64_t now_ms);
/* Foreign detectors made it hacked, and that counts. */
bool judge_by_foreign(const struct world_node *n, const struct plan_config *c, int64_t now_ms);

#endif
