/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The destination's side of a Move. Staging: the successor's first container waits, addresses are there but
 * cut off -> Staged. Sealed: the claim, by compare-and-swap -> Restoring. Restoring: every container restored
 * as kubelet brings it, then the network -> Restored; a certain failure
 * -> Aborting, after nothing of the pod runs here any more. Continues after a restart from the phase and the
 * keepers' states.
 */
#ifndef ESCAPE_AGENT_MOVE_DEST_H
#define ESCAPE_AGENT_MOVE_DEST_H

#include "node-agent/agent/escapes/job.h"

/* Takes the job. */
void move_dest_run(struct job *j);
/*
 * Each second: packets wait at an unanswered neighbour entry while a take-over is short (the kernel would
 * reject what waits longer than three seconds); where it takes longer, they are dropped from then on.
 */
void move_dest_tick(struct agent *a);

#endif
