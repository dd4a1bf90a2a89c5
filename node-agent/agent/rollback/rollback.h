/* SPDX-License-Identifier: Apache-2.0 */
/* An Escape of kind Rollback whose node is ours: Pending -> Restoring -> Succeeded or Failed. */
#ifndef ESCAPE_AGENT_ROLLBACK_H
#define ESCAPE_AGENT_ROLLBACK_H

#include "node-agent/agent/escapes/job.h"
#include "node-agent/agent/rollback/inplace.h"

/* Takes the job. */
void rollback_run(struct job *j);
/* Did a restore end in a way that says nothing about its outcome, so that it is to be tried again? Pure. */
bool rollback_is_uncertain(const struct err *e);
/* Copies what a restore in place took into the job's steps. */
void rollback_note_steps(struct job *j, const struct inplace_result *r);

#endif
