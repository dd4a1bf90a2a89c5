/* SPDX-License-Identifier: Apache-2.0 */
/* EscapePolicy: which pods are protected, how they are watched, what is done. Plain structs and pure
 * functions. */
#ifndef ESCAPE_API_POLICY_H
#define ESCAPE_API_POLICY_H

#include <api/names.h>
#include <api/selector.h>
#include <doc/decode.h>

enum workload_type { WORKLOAD_AUTO, WORKLOAD_STATEFUL, WORKLOAD_STATELESS };
enum detector { DETECTOR_BOSC, DETECTOR_FUSED };
enum detect_stream { STREAM_THREAD };
enum detect_execs { EXECS_EXCLUDE, EXECS_INCLUDE };
enum detect_mode {
	MODE_LEARN,
	MODE_OBSERVE,
	MODE_ENFORCE
}; /* Learn: learns first, then enforces by itself */
enum state_choice { STATE_AUTO, STATE_LAST_SAFE, STATE_LIVE };
enum on_eviction { ON_EVICTION_EVICT, ON_EVICTION_MOVE };
enum strategy { STRATEGY_PREDATOR_PREY, STRATEGY_RANDOM, STRATEGY_FARTHEST };
enum network_mode { NETWORK_ADDRESS, NETWORK_SERVICE };

struct policy {
	char namespace_[API_LABEL_MAX];
	char name[API_NAME_MAX];
	char uid[API_UID_MAX];
	char resource_version[32];
	int64_t generation;
	int64_t created_ms;
	struct selector selector;
	struct {
		enum workload_type type;
	} workload;
	struct {
		enum detector detector;
		int64_t window_size; /* N, calls; paper II-A: 10 */
		int64_t epoch_size;  /* E, calls */
		int64_t threshold;   /* T, mismatches per epoch; Fused finds its own */
		enum detect_stream stream;
		enum detect_execs execs; /* what is executed into the container from outside */
		struct {
			int64_t min_epochs; /* at least this many epochs are learned */
			int64_t stable_for; /* epochs in a row without a new bag that end learning */
		} learning;
		enum detect_mode mode;
	} detection;
	struct {
		int64_t rollbacks; /* R: alarms answered by a rollback before the pod moves */
		int64_t within_ms; /* the time span in which they count */
		int64_t snapshot_interval_ms;
		int64_t snapshots_kept;
		int64_t safe_after_ms; /* a snapshot is safe when this long passed behind it with no alarm */
		enum state_choice state;
		enum on_eviction on_eviction;
		bool dry_run;
	} response;
	struct {
		enum strategy strategy;
		double heterogeneity_weight; /* 0..10 */
		struct {
			double zone, region, rack, kernel, cpu_model, cpu_features, runtime, os, provider,
				network;
		} distance;             /* what each difference adds to the distance of two nodes, 0..100 */
		int64_t max_concurrent; /* Moves of this policy at the same time */
		int64_t cooldown_ms;    /* between two moves of the same pod because of its node */
	} placement;
	struct {
		enum network_mode mode;
	} network;
};

/* Whole object as the API server gives it. Defaults are those of crds/escapepolicies.yaml. */
int policy_decode(const struct json *obj, struct policy *ret, struct err *e);
/* Table of .spec without the selector, for the test that holds it against the CRD. */
extern const struct field POLICY_SPEC_FIELDS[];
/* Does the policy protect this pod object? Same namespace, selector; not exempt (the annotation with any
 * value but "false"), not a static pod, not a DaemonSet pod of kube-system. */
bool policy_selects(const struct policy *p, const struct json *pod);
/* Is the pod restarted rather than rolled back? The policy's word, or with Auto the pod's
 * (API_ANN_WORKLOAD_TYPE). */
bool policy_stateless(const struct policy *p, const struct json *pod);
/* Of n policies the one that governs the pod: the oldest that selects it, ties by name. NULL: none. */
const struct policy *policy_for_pod(const struct policy *const *policies, size_t n, const struct json *pod);

extern const char *const WORKLOAD_NAMES[];
extern const char *const DETECTOR_NAMES[];
extern const char *const MODE_NAMES[];
extern const char *const STATE_NAMES[];
extern const char *const ON_EVICTION_NAMES[];
extern const char *const STRATEGY_NAMES[];
extern const char *const NETWORK_NAMES[];
extern const char *const STREAM_NAMES[];
extern const char *const EXECS_NAMES[];

#endif
