/* SPDX-License-Identifier: Apache-2.0 */
/* The whole agent of one node: its modules made, started and taken down. What they tell each other is in
 * events.c. */
#ifndef ESCAPE_AGENT_DAEMON_H
#define ESCAPE_AGENT_DAEMON_H

#include "node-agent/agent/core/agent.h"

/* cfg is borrowed until agent_free. */
int agent_new(struct loop *l, const struct agent_config *cfg, struct agent **ret, struct err *e);
void agent_free(struct agent *a);

#endif
