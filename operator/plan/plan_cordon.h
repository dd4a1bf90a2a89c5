/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hacked node is cordoned, where that is switched on, and un-cordoned when it is clean again: only if it
 * was us. Two records say so, the NodeVerdict, which the node's kubelet cannot write, and an annotation on
 * the Node, which is written in the same step as the cordon itself. Neither alone is believed; an admin who
 * un-cordons by hand is not overruled. Pure.
 */
#ifndef ESCAPE_OPERATOR_PLAN_CORDON_H
#define ESCAPE_OPERATOR_PLAN_CORDON_H

#include "operator/plan/action.h"
#include "operator/plan/config.h"

/* What the record must say before the Node is touched, and after. */
void plan_cordon_record(const struct world_node *n, const struct plan_config *c, struct verdict_status *s);
void plan_cordon(const struct world_node *n, const struct plan_config *c, const struct verdict_status *s,
	struct actions *out);

#endif
