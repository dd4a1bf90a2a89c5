/* SPDX-License-Identifier: Apache-2.0 */
/* A node is one entry, whatever is known of it: Node, NodeReport, NodeVerdict, Lease and agent share its name
 * and come and go on their own. Shared by the files of this folder only. */
#ifndef ESCAPE_OPERATOR_WORLD_PRIV_H
#define ESCAPE_OPERATOR_WORLD_PRIV_H

#include "operator/world/world.h"

/* Found or made; NULL: out of memory. */
struct world_node *world_node_entry(struct world *w, const char *name);
/* Frees the entry when nothing is known of it any more. */
void world_node_forget(struct world *w, struct world_node *n);

void world_profiles_free(struct world *w);
/* Whatever is known of them. */
void world_nodes_free(struct world *w);

/* The pod may be an agent: its node then has one, or none any more. */
void world_agent_came(struct world *w, const struct world_pod *p);
void world_agent_went(struct world *w, const struct world_pod *p);

/* Counts what the pod asks for on its node, whether that node is known yet or not; -ENOMEM. Nothing for a pod
 * that has no node or has ended. */
int world_pod_settle(struct world *w, struct world_pod *p);
void world_pod_unsettle(struct world *w, struct world_pod *p);

#endif
