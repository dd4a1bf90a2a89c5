/* SPDX-License-Identifier: Apache-2.0 */
#include "field.h"

#include <api/escape.h>
#include <base/cleanup.h>
#include <base/str.h>
#include <errno.h>
#include <string.h>

const char *const ESCAPE_KIND_NAMES[] = {"Rollback", "Restart", "Move", NULL};

const struct field ESCAPE_SPEC_FIELDS[] = {
	F_ENUM("kind", struct escape_spec, kind, ESCAPE_KIND_NAMES, REQUIRED),
	F_STR("policy", struct escape_spec, policy),
	F_STR("podName", struct escape_spec, pod_name, REQUIRED),
	F_STR("podUID", struct escape_spec, pod_uid, REQUIRED),
	F_STR("container", struct escape_spec, container),
	F_STR("sourceNode", struct escape_spec, source_node, REQUIRED),
	F_STR("destinationNode", struct escape_spec, destination_node),
	F_STR("successor", struct escape_spec, successor),
	F_ENUM("state", struct escape_spec, state, STATE_NAMES, DEFAULT("Auto")),
	F_ENUM("network", struct escape_spec, network, NETWORK_NAMES, DEFAULT("Address")),
	F_ARR("addresses", struct escape_spec, addresses, n_addresses, NULL, API_ADDRESSES_MAX),
	F_STR("reason", struct escape_spec, reason),
	F_STR("message", struct escape_spec, message),
	F_STR("anomaly", struct escape_spec, anomaly),
	F_STR("seed", struct escape_spec, seed),
	F_END,
};

static const struct field TIMELINE[] = {
	F_STR("phase", struct escape_time, phase, REQUIRED),
	F_TIME("at", struct escape_time, at_ms, REQUIRED),
	F_END,
};

static const struct field STEPS[] = {
	F_STR("name", struct escape_stepms, name, REQUIRED),
	F_INT("ms", struct escape_stepms, ms, 0, JSON_INT_MAX, REQUIRED),
	F_END,
};

static const struct field CANDIDATES[] = {
	F_STR("node", struct escape_candidate, node, REQUIRED),
	F_NUM("density", struct escape_candidate, density, 0, 1),
	F_NUM("survival", struct escape_candidate, survival, 0, 1),
	F_NUM("distance", struct escape_candidate, distance, 0, 1),
	F_NUM("weight", struct escape_candidate, weight, 0, 1),
	F_STR("differs", struct escape_candidate, differs),
	F_STR("excluded", struct escape_candidate, excluded),
	F_END,
};

static const struct field CHOICE[] = {
	F_STR("strategy", struct escape_status, choice.strategy),
	F_NUM("heterogeneityWeight", struct escape_status, choice.heterogeneity_weight, 0, 10),
	F_NUM("detectionTime", struct escape_status, choice.td, 0, 1e9),
	F_NUM("horizon", struct escape_status, choice.horizon, 0, 1e9),
	F_INT("nodes", struct escape_status, choice.nodes, 0, 0),
	F_INT("feasible", struct escape_status, choice.feasible, 0, 0),
	F_END,
};

const struct field ESCAPE_STATUS_FIELDS[] = {
	F_ENUM("phase", struct escape_status, phase, ESCAPE_PHASE_NAMES, DEFAULT("Pending")),
	F_STR("reason", struct escape_status, reason),
	F_STR("message", struct escape_status, message),
	F_STR("successorUID", struct escape_status, successor_uid),
	F_STR("generation", struct escape_status, generation),
	F_BOOL("networkReleased", struct escape_status, network_released),
	F_BOOL("stuck", struct escape_status, stuck),
	F_ARR("timeline", struct escape_status, timeline, n_timeline, TIMELINE, ESCAPE_TIMELINE_MAX),
	F_ARR("steps", struct escape_status, steps, n_steps, STEPS, ESCAPE_STEPS_MAX),
	F_OBJ("choice", CHOICE),
	F_ARR("candidates", struct escape_status, candidates, n_candidates, CANDIDATES,
		ESCAPE_CANDIDATES_MAX),
	F_OBJ("evidence", REPORT_EVIDENCE_FIELDS, .offset = offsetof(struct escape_status, evidence)),
	F_END,
};

static const struct field METADATA[] = {
	F_STR("namespace", struct escape, namespace_, REQUIRED),
	F_STR("name", struct escape, name, REQUIRED),
	F_STR("uid", struct escape, uid),
	F_STR("resourceVersion", struct escape, resource_version),
	F_TIME("creationTimestamp", struct escape, created_ms),
	F_END,
};

/* Seen from the spec and the status, whose tables start at their own structs. */
static const struct field ESCAPE[] = {
	F_OBJ("metadata", METADATA, REQUIRED),
	F_OBJ("spec", ESCAPE_SPEC_FIELDS, REQUIRED, .offset = offsetof(struct escape, spec)),
	F_OBJ("status", ESCAPE_STATUS_FIELDS, .offset = offsetof(struct escape, status)),
	F_END,
};

/* What the CRD says with CEL: a Move names another node and the pod that takes over. */
static int spec_check(const struct escape_spec *s, struct err *e)
{
	if (s->kind != ESCAPE_MOVE)
		return 0;
	if (!*s->destination_node || !*s->successor)
		return err_set(e, -EINVAL, "BadEscape", "spec: a Move needs destinationNode and successor");
	if (str_eq(s->destination_node, s->source_node))
		return err_set(e, -EINVAL, "BadEscape",
			"spec.destinationNode: must differ from sourceNode %s", s->source_node);
	return 0;
}

int escape_decode(const struct json *obj, struct escape *ret, struct err *e)
{
	int rc;

	memset(ret, 0, sizeof(*ret));
	rc = object_decode(obj, ESCAPE, ret, e);
	if (rc)
		return rc;
	ret->deleting = json_is_str(json_at(obj, "metadata.deletionTimestamp"));
	return spec_check(&ret->spec, e);
}

struct json *escape_encode_new(const struct escape *x)
{
	auto_json struct json *obj = json_new_obj();
	struct json *meta = json_obj_at(obj, "metadata");

	if (json_set(obj, "spec", encode(ESCAPE_SPEC_FIELDS, &x->spec)) || !meta)
		return NULL;
	if (json_set_str(obj, "apiVersion", API_GROUP_VERSION) ||
		json_set_str(obj, "kind", API_ESCAPES.kind) || json_set_str(meta, "name", x->name) ||
		json_set_str(meta, "namespace", x->namespace_))
		return NULL;
	return TAKE_PTR(obj);
}
