/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NodeVerdict: whether one node is hacked, and why. Its name is the node's. The spec is an admin's word, the
 * status what the operator makes of everything it knows; no agent and no kubelet may write either. A node
 * without one is clean.
 */
#ifndef ESCAPE_API_VERDICT_H
#define ESCAPE_API_VERDICT_H

#include <api/report.h>

#define VERDICT_CAUSES_MAX 16
#define VERDICT_CONDITIONS_MAX 4
#define VERDICT_TEXT_MAX 128

/* In the order of their weight. */
enum verdict_state { VERDICT_CLEAN, VERDICT_SUSPECT, VERDICT_HACKED };
extern const char *const VERDICT_STATE_NAMES[];

enum verdict_mark { MARK_HACKED, MARK_CLEAN };
extern const char *const VERDICT_MARK_NAMES[];

enum verdict_source {
	SOURCE_ALARM,
	SOURCE_SILENCE,
	SOURCE_ADMIN,
	SOURCE_FALCO,
	SOURCE_TETRAGON,
	VERDICT_SOURCES
};
extern const char *const VERDICT_SOURCE_NAMES[];

/* One reason for suspicion. Two with the same source, reason and pod are one, seen `count` times. */
struct verdict_cause {
	enum verdict_source source;
	enum verdict_state weight;     /* what it makes of the node: Suspect or Hacked */
	char reason[VERDICT_TEXT_MAX]; /* of foreign detectors their rule */
	char message[256];
	char pod[API_LABEL_MAX + API_NAME_MAX]; /* "namespace/name" it is about, or "" */
	char pod_uid[API_UID_MAX];
	int64_t first_ms, last_ms;
	int64_t count; /* at least so often */
	bool limited;  /* would weigh Hacked, but the limit on foreign reports made it Suspect */
};

struct verdict_spec {
	enum verdict_mark mark; /* if has_mark */
	bool has_mark;
	char reason[256];
	int64_t at_ms;    /* when the word was given; 0: when the operator first saw it */
	int64_t until_ms; /* Hacked only: it ends by itself; 0: it does not */
};

struct verdict_status {
	enum verdict_state state;
	int64_t since_ms;
	int64_t quiet_until_ms; /* it is forgiven then, if nothing comes; 0: it does not end by itself */
	int64_t observed_generation;
	int64_t marked_ms; /* when this generation of the spec was first seen */
	bool cordoned;     /* by the operator, which will take that back */
	struct verdict_cause causes[VERDICT_CAUSES_MAX];
	size_t n_causes;
	struct report_condition conditions[VERDICT_CONDITIONS_MAX];
	size_t n_conditions;
};

struct verdict {
	char node[API_NAME_MAX];
	char uid[API_UID_MAX];
	char resource_version[32];
	int64_t generation;
	struct verdict_spec spec;
	struct verdict_status status;
};

int verdict_decode(const struct json *obj, struct verdict *ret, struct err *e);
extern const struct field VERDICT_SPEC_FIELDS[], VERDICT_STATUS_FIELDS[];

#endif
