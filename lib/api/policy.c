/* SPDX-License-Identifier: Apache-2.0 */
#include "field.h"

#include <api/policy.h>
#include <base/str.h>
#include <errno.h>
#include <string.h>

#define SECOND 1000.0
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)

const char *const WORKLOAD_NAMES[] = {"Auto", "Stateful", "Stateless", NULL};
const char *const DETECTOR_NAMES[] = {"BoSC", "Fused", NULL};
const char *const STREAM_NAMES[] = {"Thread", NULL};
const char *const EXECS_NAMES[] = {"Exclude", "Include", NULL};
const char *const MODE_NAMES[] = {"Learn", "Observe", "Enforce", NULL};
const char *const STATE_NAMES[] = {"Auto", "LastSafe", "Live", NULL};
const char *const ON_EVICTION_NAMES[] = {"Evict", "Move", NULL};
const char *const STRATEGY_NAMES[] = {"PredatorPrey", "Random", "Farthest", NULL};
const char *const NETWORK_NAMES[] = {"Address", "Service", NULL};

static const struct field WORKLOAD[] = {
	F_ENUM("type", struct policy, workload.type, WORKLOAD_NAMES, DEFAULT("Auto")),
	F_END,
};

static const struct field LEARNING[] = {
	F_INT("minEpochs", struct policy, detection.learning.min_epochs, 1, 1000000, DEFAULT("20")),
	F_INT("stableFor", struct policy, detection.learning.stable_for, 1, 1000000, DEFAULT("10")),
	F_END,
};

static const struct field DETECTION[] = {
	F_ENUM("detector", struct policy, detection.detector, DETECTOR_NAMES, DEFAULT("Fused")),
	F_INT("windowSize", struct policy, detection.window_size, 2, 64, DEFAULT("10")),
	F_INT("epochSize", struct policy, detection.epoch_size, 50, 100000, DEFAULT("500")),
	F_INT("threshold", struct policy, detection.threshold, 1, 99999, DEFAULT("50")),
	F_ENUM("stream", struct policy, detection.stream, STREAM_NAMES, DEFAULT("Thread")),
	F_ENUM("execs", struct policy, detection.execs, EXECS_NAMES, DEFAULT("Exclude")),
	F_OBJ("learning", LEARNING),
	F_ENUM("mode", struct policy, detection.mode, MODE_NAMES, DEFAULT("Learn")),
	F_END,
};

static const struct field RESPONSE[] = {
	F_INT("rollbacks", struct policy, response.rollbacks, 0, 100, DEFAULT("3")),
	F_DUR("within", struct policy, response.within_ms, SECOND, 168 * HOUR, DEFAULT("10m")),
	F_DUR("snapshotInterval", struct policy, response.snapshot_interval_ms, SECOND, 24 * HOUR,
		DEFAULT("1m")),
	F_INT("snapshotsKept", struct policy, response.snapshots_kept, 1, 20, DEFAULT("3")),
	F_DUR("safeAfter", struct policy, response.safe_after_ms, 0, HOUR, DEFAULT("5s")),
	F_ENUM("state", struct policy, response.state, STATE_NAMES, DEFAULT("Auto")),
	F_ENUM("onEviction", struct policy, response.on_eviction, ON_EVICTION_NAMES, DEFAULT("Evict")),
	F_BOOL("dryRun", struct policy, response.dry_run, DEFAULT("false")),
	F_END,
};

static const struct field DISTANCE[] = {
	F_NUM("zone", struct policy, placement.distance.zone, 0, 100, DEFAULT("0.25")),
	F_NUM("region", struct policy, placement.distance.region, 0, 100, DEFAULT("0.15")),
	F_NUM("rack", struct policy, placement.distance.rack, 0, 100, DEFAULT("0.05")),
	F_NUM("kernel", struct policy, placement.distance.kernel, 0, 100, DEFAULT("0.15")),
	F_NUM("cpuModel", struct policy, placement.distance.cpu_model, 0, 100, DEFAULT("0.1")),
	F_NUM("cpuFeatures", struct policy, placement.distance.cpu_features, 0, 100, DEFAULT("0.05")),
	F_NUM("runtime", struct policy, placement.distance.runtime, 0, 100, DEFAULT("0.1")),
	F_NUM("os", struct policy, placement.distance.os, 0, 100, DEFAULT("0.05")),
	F_NUM("provider", struct policy, placement.distance.provider, 0, 100, DEFAULT("0.05")),
	F_NUM("network", struct policy, placement.distance.network, 0, 100, DEFAULT("0.05")),
	F_END,
};

static const struct field PLACEMENT[] = {
	F_ENUM("strategy", struct policy, placement.strategy, STRATEGY_NAMES, DEFAULT("PredatorPrey")),
	F_NUM("heterogeneityWeight", struct policy, placement.heterogeneity_weight, 0, 10, DEFAULT("1")),
	F_OBJ("distanceWeights", DISTANCE),
	F_INT("maxConcurrent", struct policy, placement.max_concurrent, 1, 100, DEFAULT("2")),
	F_DUR("cooldown", struct policy, placement.cooldown_ms, 0, 24 * HOUR, DEFAULT("5m")),
	F_END,
};

static const struct field NETWORK[] = {
	F_ENUM("mode", struct policy, network.mode, NETWORK_NAMES, DEFAULT("Address")),
	F_END,
};

const struct field POLICY_SPEC_FIELDS[] = {
	F_OBJ("workload", WORKLOAD),
	F_OBJ("detection", DETECTION),
	F_OBJ("response", RESPONSE),
	F_OBJ("placement", PLACEMENT),
	F_OBJ("network", NETWORK),
	F_END,
};

static const struct field METADATA[] = {
	F_STR("namespace", struct policy, namespace_, REQUIRED),
	F_STR("name", struct policy, name, REQUIRED),
	F_STR("uid", struct policy, uid),
	F_STR("resourceVersion", struct policy, resource_version),
	F_INT("generation", struct policy, generation, 0, 0),
	F_TIME("creationTimestamp", struct policy, created_ms),
	F_END,
};

static const struct field POLICY[] = {
	F_OBJ("metadata", METADATA, REQUIRED),
	F_OBJ("spec", POLICY_SPEC_FIELDS, REQUIRED),
	F_END,
};

/* What the CRD says with CEL: the limits of one field that depend on another. */
static int policy_check(const struct policy *p, struct err *e)
{
	if (p->detection.window_size > p->detection.epoch_size)
		return err_set(e, -EINVAL, "BadPolicy",
			"spec.detection: windowSize %lld must not exceed epochSize %lld",
			(long long)p->detection.window_size, (long long)p->detection.epoch_size);
	if (p->detection.threshold >= p->detection.epoch_size)
		return err_set(e, -EINVAL, "BadPolicy",
			"spec.detection: threshold %lld must be less than epochSize %lld, or no epoch is "
			"ever anomalous",
			(long long)p->detection.threshold, (long long)p->detection.epoch_size);
	return 0;
}

int policy_decode(const struct json *obj, struct policy *ret, struct err *e)
{
	struct policy p = {0};
	int rc;

	rc = object_decode(obj, POLICY, &p, e);
	if (!rc && selector_decode(json_at(obj, "spec.selector"), &p.selector, e))
		rc = err_wrap(e, "spec.selector");
	if (!rc)
		rc = policy_check(&p, e);
	if (!rc)
		*ret = p;
	return rc;
}

static bool pod_is_exempt(const struct json *pod)
{
	const struct json *annotations = json_at(pod, "metadata.annotations");
	const struct json *exempt = json_member(annotations, API_ANN_EXEMPT);

	return (exempt && !str_eq(json_str(exempt), "false")) ||
	       json_member(annotations, "kubernetes.io/config.mirror");
}

static bool pod_is_system_daemon(const struct json *pod)
{
	if (!str_eq(json_str_at(pod, "metadata.namespace", NULL), "kube-system"))
		return false;
	json_foreach(owner, json_at(pod, "metadata.ownerReferences"))
	{
		if (str_eq(json_str_at(owner, "kind", NULL), "DaemonSet"))
			return true;
	}
	return false;
}

bool policy_selects(const struct policy *p, const struct json *pod)
{
	return str_eq(p->namespace_, json_str_at(pod, "metadata.namespace", NULL)) && !pod_is_exempt(pod) &&
	       !pod_is_system_daemon(pod) && selector_matches(&p->selector, json_at(pod, "metadata.labels"));
}

bool policy_stateless(const struct policy *p, const struct json *pod)
{
	const struct json *said = json_member(json_at(pod, "metadata.annotations"), API_ANN_WORKLOAD_TYPE);

	if (p->workload.type != WORKLOAD_AUTO)
		return p->workload.type == WORKLOAD_STATELESS;
	return str_eq(json_str(said), "stateless");
}

static bool policy_before(const struct policy *a, const struct policy *b)
{
	if (a->created_ms != b->created_ms)
		return a->created_ms < b->created_ms;
	return strcmp(a->name, b->name) < 0;
}

const struct policy *policy_for_pod(const struct policy *const *policies, size_t n, const struct json *pod)
{
	const struct policy *best = NULL;

	for (size_t i = 0; i < n; i++)
		if (policy_selects(policies[i], pod) && (!best || policy_before(policies[i], best)))
			best = policies[i];
	return best;
}
