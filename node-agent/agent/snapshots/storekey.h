/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opens the store: reads the cluster's key from the Secret escape-store-key in the agent's own namespace, as
 * often as needed, then opens the directory. Afterwards checks now and then that it can still be written. Its
 * outcome is the condition StoreReady.
 */
#ifndef ESCAPE_AGENT_STOREKEY_H
#define ESCAPE_AGENT_STOREKEY_H

#include "node-agent/agent/core/agent.h"

#define STOREKEY_SECRET "escape-store-key"
#define STOREKEY_ENTRY "key"

/* Each second: what is due. */
void storekey_tick(struct agent *a);

#endif
