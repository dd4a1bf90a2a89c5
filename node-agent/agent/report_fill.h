/* SPDX-License-Identifier: Apache-2.0 */
/* The containers' part of the NodeReport, from guards and from pods that a policy selects but no keeper
 * guards. */
#ifndef ESCAPE_AGENT_REPORT_FILL_H
#define ESCAPE_AGENT_REPORT_FILL_H

#include <api/report.h>

#include "node-agent/agent/core/agent.h"

void report_fill_containers(struct agent *a, struct report *ret);

#endif
