/* SPDX-License-Identifier: Apache-2.0 */
/* The files of the destination's side: move_dest.c (phases up to Sealed), move_restore.c (the claim and what
 * follows). */
#ifndef ESCAPE_AGENT_MOVE_DEST_PRIV_H
#define ESCAPE_AGENT_MOVE_DEST_PRIV_H

#include "node-agent/agent/escapes/job.h"
#include "node-agent/agent/guard/guard.h"

bool dest_moves_addresses(const struct job *j);
/* The successor's application containers here. */
int dest_guards(const struct job *j, struct guard **guards, size_t *n);
/* Of any process in the successor's network namespace; 0: none. */
int dest_pod_pid(const struct job *j);
/* -> Aborting. Only when nothing of the successor's containers runs. */
void dest_give_up(struct job *j, const struct err *e);
void dest_claim(struct job *j);
void dest_restore(struct job *j);

#endif
