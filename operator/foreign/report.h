/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What foreign detectors send, read: Falco's JSON alert (also as falcosidekick's webhook passes it on, with
 * more fields) and Tetragon's JSON events. Pure; the input is hostile: texts are cut, control characters
 * become spaces, names that are none are left out.
 */
#ifndef ESCAPE_OPERATOR_FOREIGN_REPORT_H
#define ESCAPE_OPERATOR_FOREIGN_REPORT_H

#include <api/verdict.h>

/* Bytes of a request, and events in one. */
#define FOREIGN_BODY_MAX (256u << 10)
#define FOREIGN_EVENTS_MAX 64

/* Falco's, by falling weight. */
enum foreign_priority {
	PRIORITY_EMERGENCY,
	PRIORITY_ALERT,
	PRIORITY_CRITICAL,
	PRIORITY_ERROR,
	PRIORITY_WARNING,
	PRIORITY_NOTICE,
	PRIORITY_INFORMATIONAL,
	PRIORITY_DEBUG,
};
/* Whatever its case; "Info" is short for the one. -EINVAL. */
int foreign_priority_parse(const char *text, enum foreign_priority *ret);

struct foreign_report {
	enum verdict_source source; /* SOURCE_FALCO or SOURCE_TETRAGON */
	enum foreign_priority priority;
	char node[API_NAME_MAX];        /* as the detector names it, "" when it does not */
	char namespace_[API_LABEL_MAX]; /* of the pod it is about, or "" */
	char pod[API_NAME_MAX];
	char rule[VERDICT_TEXT_MAX];
	char message[256];
	int64_t at_ms; /* the event's own time; 0: it has none */
};

/*
 * 0: *ret is a report. -ENOMSG: an event that accuses no node (Tetragon's process_exec and the like, Falco's
 * sources other than syscalls). -EINVAL: neither Falco's nor Tetragon's, *e says what is missing.
 *
 * Falco: rule, priority, output, time, hostname, source, output_fields with k8s.ns.name and k8s.pod.name.
 * Tetragon: the events of TracingPolicies (process_kprobe, _tracepoint, _uprobe, _usdt, _lsm) with node_name
 * and time; the rule is policy_name, else function_name. They have no priority: one whose action stopped
 * something (a signal, an overridden return value) is Critical, one that was only seen is Warning.
 */
int foreign_read(const struct json *event, struct foreign_report *ret, struct err *e);

#endif
