/* SPDX-License-Identifier: Apache-2.0 */
/* An alarm for a person: what was unusual, by which process, how far from normal, since when. Pure. */
#ifndef ESCAPE_CLI_EVIDENCE_H
#define ESCAPE_CLI_EVIDENCE_H

#include <api/report.h>
#include <base/buf.h>

/* A section of its own; nothing when there was no alarm. */
void evidence_text(const struct report_anomaly *a, struct buf *out);

/* An alarm as a node reports it. */
struct pod_alarm {
	char node[API_NAME_MAX];
	struct report_anomaly anomaly;
};

/* The newest of a pod in a list of NodeReports. -ENOENT: none is reported; one that cannot be read: -EINVAL.
 */
int pod_alarm_find(const struct json *reports, const char *namespace_, const char *pod, struct pod_alarm *ret,
	struct err *e);
void pod_alarm_text(const struct pod_alarm *p, int64_t now_ms, struct buf *out);
/* As in the API, with the node. NULL: out of memory. Caller frees. */
struct json *pod_alarm_json(const struct pod_alarm *p);

#endif
