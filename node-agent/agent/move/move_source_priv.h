/* SPDX-License-Identifier: Apache-2.0 */
/* The files of the source's side: move_source.c (phases and the stop), move_seal.c (Staged), move_abort.c
 * (Aborting). */
#ifndef ESCAPE_AGENT_MOVE_SOURCE_PRIV_H
#define ESCAPE_AGENT_MOVE_SOURCE_PRIV_H

#include "node-agent/agent/escapes/job.h"
#include "node-agent/agent/guard/guard.h"

/*
 * The pod is cut off and fenced. A pod of several containers, and one whose last safe state moves, stands
 * still from here on; a single live container is better frozen by its keeper, which knows how to wait for the
 * end of an exec. Connections that will not move are reset before the cut, so that their peers know. Fills
 * the job's steps.
 */
int source_stop(struct job *j, struct guard **guards, size_t n, struct err *e);
/* The cut and the fence go; freezing is not touched. */
int source_open(struct job *j, struct err *e);
void source_reserve(const struct job *j);
void source_seal_live(struct job *j, struct guard **guards, size_t n);
void source_seal_last_safe(struct job *j, struct guard **guards, size_t n);
/* The dump or its choice failed: Staged -> Aborting with that reason; the abort's own run then undoes what
 * was done. */
void source_give_up(struct job *j, const struct err *e);
void source_abort(struct job *j);
/* Thaws what no alarm holds, after cut and fence went; then `next`. A keeper that does not answer ends the
 * job, to be tried again. */
void source_thaw(struct job *j, void (*next)(struct job *j));

#endif
