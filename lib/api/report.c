/* SPDX-License-Identifier: Apache-2.0 */
#include "field.h"

#include <api/report.h>
#include <base/cleanup.h>
#include <string.h>

#define F_COUNT(k, T, m) F_INT(k, T, m, 0, JSON_INT_MAX)

const char *const FINDING_KIND_NAMES[] = {"Pair", "Triple", "Bag", NULL};

static const struct field CALL[] = {
	F_INT("number", struct report_call, number, 0, JSON_INT_MAX, REQUIRED),
	F_STR("name", struct report_call, name),
	F_COUNT("times", struct report_call, times),
	F_END,
};

const struct field REPORT_FINDING_FIELDS[] = {
	F_ENUM("kind", struct report_finding, kind, FINDING_KIND_NAMES, REQUIRED),
	F_ARR("calls", struct report_finding, calls, n_calls, CALL, REPORT_CALLS_MAX),
	F_COUNT("count", struct report_finding, count),
	F_STR("comm", struct report_finding, comm),
	F_COUNT("pid", struct report_finding, pid),
	F_END,
};

/* clang-format off */
#define EVIDENCE \
	F_STR("detector", struct report_anomaly, detector), \
	F_COUNT("mismatches", struct report_anomaly, mismatches), \
	F_COUNT("threshold", struct report_anomaly, threshold), \
	F_COUNT("scorePercent", struct report_anomaly, score_percent), \
	F_COUNT("epoch", struct report_anomaly, epoch), \
	F_TIME("firstMismatchAt", struct report_anomaly, first_ms), \
	F_TIME("frozenAt", struct report_anomaly, frozen_ms), \
	F_STR("comm", struct report_anomaly, comm), \
	F_COUNT("pid", struct report_anomaly, pid), \
	F_STR("executable", struct report_anomaly, executable), \
	F_ARR("findings", struct report_anomaly, findings, n_findings, REPORT_FINDING_FIELDS, REPORT_FINDINGS_MAX), \
	F_END
/* clang-format on */

const struct field REPORT_EVIDENCE_FIELDS[] = {
	F_TIME("detectedAt", struct report_anomaly, detected_ms),
	EVIDENCE,
};

const struct field REPORT_ANOMALY_FIELDS[] = {
	F_STR("id", struct report_anomaly, id, REQUIRED),
	F_STR("namespace", struct report_anomaly, namespace_, REQUIRED),
	F_STR("pod", struct report_anomaly, pod, REQUIRED),
	F_STR("podUID", struct report_anomaly, pod_uid, REQUIRED),
	F_STR("container", struct report_anomaly, container, REQUIRED),
	F_STR("policy", struct report_anomaly, policy),
	F_TIME("detectedAt", struct report_anomaly, detected_ms, REQUIRED),
	EVIDENCE,
};

static const struct field CONTAINER[] = {
	F_STR("namespace", struct report_container, namespace_, REQUIRED),
	F_STR("pod", struct report_container, pod, REQUIRED),
	F_STR("podUID", struct report_container, pod_uid, REQUIRED),
	F_STR("container", struct report_container, container, REQUIRED),
	F_STR("policy", struct report_container, policy),
	F_STR("state", struct report_container, state),
	F_STR("message", struct report_container, message),
	F_COUNT("epochs", struct report_container, epochs),
	F_COUNT("bags", struct report_container, bags),
	F_INT("learnedPercent", struct report_container, learned_percent, 0, 100),
	F_COUNT("secondsLeft", struct report_container, seconds_left),
	F_STR("safeGeneration", struct report_container, safe_generation),
	F_COUNT("snapshots", struct report_container, snapshots),
	F_END,
};

const struct field REPORT_CONDITION_FIELDS[] = {
	F_STR("type", struct report_condition, type, REQUIRED),
	F_STR("status", struct report_condition, status, REQUIRED),
	F_STR("reason", struct report_condition, reason, REQUIRED),
	F_STR("message", struct report_condition, message),
	F_TIME("lastTransitionTime", struct report_condition, since_ms, REQUIRED),
	F_END,
};

static const struct field FEATURE[] = {
	F_STR("name", struct report_feature, name, REQUIRED),
	F_BOOL("available", struct report_feature, available, REQUIRED),
	F_STR("detail", struct report_feature, detail),
	F_END,
};

const struct field REPORT_STATUS_FIELDS[] = {
	F_TIME("heartbeat", struct report, heartbeat_ms),
	F_STR("agentVersion", struct report, agent_version),
	F_STR("kernel", struct report, kernel),
	F_STR("cpuModel", struct report, cpu_model),
	F_STR("cpuFeatures", struct report, cpu_features),
	F_STR("criuVersion", struct report, criu_version),
	F_STR("runcVersion", struct report, runc_version),
	F_BOOL("canDetect", struct report, can_detect),
	F_BOOL("canRestore", struct report, can_restore),
	F_COUNT("detectionMs", struct report, detection_ms),
	F_ARR("anomalies", struct report, anomalies, n_anomalies, REPORT_ANOMALY_FIELDS,
		REPORT_ANOMALIES_MAX),
	F_ARR("containers", struct report, containers, n_containers, CONTAINER, REPORT_CONTAINERS_MAX),
	F_ARR("conditions", struct report, conditions, n_conditions, REPORT_CONDITION_FIELDS,
		REPORT_CONDITIONS_MAX),
	F_ARR("features", struct report, features, n_features, FEATURE, REPORT_FEATURES_MAX),
	F_END,
};

static const struct field METADATA[] = {
	F_STR("name", struct report, node, REQUIRED),
	F_STR("resourceVersion", struct report, resource_version),
	F_END,
};

static const struct field REPORT[] = {
	F_OBJ("metadata", METADATA, REQUIRED),
	F_OBJ("status", REPORT_STATUS_FIELDS),
	F_END,
};

int report_decode(const struct json *obj, struct report *ret, struct err *e)
{
	memset(ret, 0, sizeof(*ret));
	return object_decode(obj, REPORT, ret, e);
}

struct json *report_encode(const struct report *r)
{
	auto_json struct json *obj = json_new_obj();
	struct json *meta = json_obj_at(obj, "metadata");

	if (!meta || json_set_str(obj, "apiVersion", API_GROUP_VERSION) ||
		json_set_str(obj, "kind", API_REPORTS.kind) || json_set_str(meta, "name", r->node) ||
		json_set(obj, "status", encode(REPORT_STATUS_FIELDS, r)))
		return NULL;
	return TAKE_PTR(obj);
}
