/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The alarm of a frozen container as a small JSON file beside its keeper's socket, so that an agent that
 * restarts knows why the container stands still and since when. The anomaly's form is that of the NodeReport.
 * Blocking, but tiny and local.
 */
#ifndef ESCAPE_AGENT_ALARM_H
#define ESCAPE_AGENT_ALARM_H

#include <api/report.h>

/* dir: the keepers' run directory. */
int alarm_write(const char *dir, const char *container_id, const struct report_anomaly *a, struct err *e);
/* -ENOENT: no alarm; -EINVAL: a file that is none. */
int alarm_read(const char *dir, const char *container_id, struct report_anomaly *ret, struct err *e);
int alarm_remove(const char *dir, const char *container_id);

#endif
