/* SPDX-License-Identifier: Apache-2.0 */
/* Between escapes.c and job.c only. */
#ifndef ESCAPE_AGENT_ESCAPES_PRIV_H
#define ESCAPE_AGENT_ESCAPES_PRIV_H

#include "node-agent/agent/escapes/escapes.h"

/* The work on key is over for now. */
void escapes_job_done(struct escapes *es, const char *key, bool ok);

#endif
