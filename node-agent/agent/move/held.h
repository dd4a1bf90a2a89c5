/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of a container whose start is held: decide_held carried out. The restore itself is
 * move_dest.h's. */
#ifndef ESCAPE_AGENT_HELD_H
#define ESCAPE_AGENT_HELD_H

#include "node-agent/agent/guard/guard.h"

/* The guard's keeper is HELD. Called again at any change until it no longer is. */
void held_evaluate(struct guard *g);

#endif
