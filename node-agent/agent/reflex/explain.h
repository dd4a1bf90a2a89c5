/* SPDX-License-Identifier: Apache-2.0 */
/* From what the kernel kept to what a person reads: names, the most telling findings, percent. Pure. */
#ifndef ESCAPE_AGENT_EXPLAIN_H
#define ESCAPE_AGENT_EXPLAIN_H

#include <api/report.h>

#include "node-agent/monitor/monitor.h"

/* A task's name with what cannot be printed as '?'. */
void explain_comm(char dst[static 32], const struct monitor_task *t);
/* Score and findings. graded: the alarm came from pairs and triples, so these come first, else the bags. */
void explain_fill(struct report_anomaly *a, const struct monitor_evidence *e, bool graded);

#endif
