/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The NodeReport: gathers what the modules know and writes it by server-side apply of its status. At once
 * after an anomaly, within a second after a change of state, else each 10 s as a heartbeat. Anomalies of an
 * earlier run are taken over from the report itself.
 */
#ifndef ESCAPE_AGENT_REPORT_H
#define ESCAPE_AGENT_REPORT_H

#include <api/report.h>

#include "node-agent/agent/core/agent.h"

struct reporter;

/* Fills in the containers; they are known to those above. */
typedef void (*report_filler)(struct agent *a, struct report *ret);

int reporter_new(struct agent *a, report_filler containers, struct reporter **ret);
void reporter_free(struct reporter *r);
void report_touch(struct reporter *r);
void report_anomaly_add(struct reporter *r, const struct report_anomaly *a);
void report_anomaly_update(struct reporter *r, const struct report_anomaly *a);
/* Has the API server taken this anomaly? */
bool report_told(const struct reporter *r, const char *id);
void report_detection(struct reporter *r, double seconds);

#endif
