/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The source's side of a Move. Staged: freeze, cut off, fence, dump and seal (Live) or choose the last safe
 * snapshot (LastSafe), then Sealed; the pod stays frozen. Aborting: give it its life back, then Aborted.
 * Every act is idempotent; nothing thaws but at Aborting.
 */
#ifndef ESCAPE_AGENT_MOVE_SOURCE_H
#define ESCAPE_AGENT_MOVE_SOURCE_H

#include "node-agent/agent/escapes/job.h"

/* Takes the job. */
void move_source_run(struct job *j);

#endif
