/* SPDX-License-Identifier: Apache-2.0 */
#include "field.h"

#include <api/verdict.h>
#include <string.h>

const char *const VERDICT_STATE_NAMES[] = {"Clean", "Suspect", "Hacked", NULL};
const char *const VERDICT_MARK_NAMES[] = {"Hacked", "Clean", NULL};
const char *const VERDICT_SOURCE_NAMES[] = {"Alarm", "Silence", "Admin", "Falco", "Tetragon", NULL};

#define F_COUNT(k, T, m) F_INT(k, T, m, 0, JSON_INT_MAX)

static const struct field CAUSE[] = {
	F_ENUM("source", struct verdict_cause, source, VERDICT_SOURCE_NAMES, REQUIRED),
	F_ENUM("weight", struct verdict_cause, weight, VERDICT_STATE_NAMES, REQUIRED),
	F_STR("reason", struct verdict_cause, reason, REQUIRED),
	F_STR("message", struct verdict_cause, message),
	F_STR("pod", struct verdict_cause, pod),
	F_STR("podUID", struct verdict_cause, pod_uid),
	F_TIME("firstAt", struct verdict_cause, first_ms, REQUIRED),
	F_TIME("lastAt", struct verdict_cause, last_ms, REQUIRED),
	F_COUNT("count", struct verdict_cause, count),
	F_BOOL("limited", struct verdict_cause, limited),
	F_END,
};

const struct field VERDICT_SPEC_FIELDS[] = {
	F_ENUM("mark", struct verdict_spec, mark, VERDICT_MARK_NAMES,
		.has_offset = offsetof(struct verdict_spec, has_mark)),
	F_STR("reason", struct verdict_spec, reason),
	F_TIME("at", struct verdict_spec, at_ms),
	F_TIME("until", struct verdict_spec, until_ms),
	F_END,
};

const struct field VERDICT_STATUS_FIELDS[] = {
	F_ENUM("state", struct verdict_status, state, VERDICT_STATE_NAMES, REQUIRED),
	F_TIME("since", struct verdict_status, since_ms),
	F_TIME("quietUntil", struct verdict_status, quiet_until_ms),
	F_COUNT("observedGeneration", struct verdict_status, observed_generation),
	F_TIME("markedAt", struct verdict_status, marked_ms),
	F_BOOL("cordoned", struct verdict_status, cordoned),
	F_ARR("causes", struct verdict_status, causes, n_causes, CAUSE, VERDICT_CAUSES_MAX),
	F_ARR("conditions", struct verdict_status, conditions, n_conditions, REPORT_CONDITION_FIELDS,
		VERDICT_CONDITIONS_MAX),
	F_END,
};

static const struct field METADATA[] = {
	F_STR("name", struct verdict, node, REQUIRED),
	F_STR("uid", struct verdict, uid),
	F_STR("resourceVersion", struct verdict, resource_version),
	F_COUNT("generation", struct verdict, generation),
	F_END,
};

static const struct field VERDICT[] = {
	F_OBJ("metadata", METADATA, REQUIRED),
	F_OBJ("spec", VERDICT_SPEC_FIELDS, .offset = offsetof(struct verdict, spec)),
	F_OBJ("status", VERDICT_STATUS_FIELDS, .offset = offsetof(struct verdict, status)),
	F_END,
};

int verdict_decode(const struct json *obj, struct verdict *ret, struct err *e)
{
	memset(ret, 0, sizeof(*ret));
	return object_decode(obj, VERDICT, ret, e);
}
