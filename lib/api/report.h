/* SPDX-License-Identifier: Apache-2.0 */
/* NodeReport: what one node's agent says, and only that agent. Its name is the node's name; everything is in
 * .status. */
#ifndef ESCAPE_API_REPORT_H
#define ESCAPE_API_REPORT_H

#include <api/names.h>
#include <doc/decode.h>

#define REPORT_ANOMALIES_MAX 32
#define REPORT_CONTAINERS_MAX 128
#define REPORT_CONDITIONS_MAX 8
#define REPORT_FEATURES_MAX 32
#define REPORT_CPU_FEATURES_MAX 1024

/* What an alarm rests on, the most telling first; the rest is left out. */
#define REPORT_FINDINGS_MAX 8
#define REPORT_CALLS_MAX 16

enum finding_kind { FINDING_PAIR, FINDING_TRIPLE, FINDING_BAG };
extern const char *const FINDING_KIND_NAMES[]; /* Pair Triple Bag */

struct report_call {
	int64_t number;
	char name[40]; /* e.g. "execve", "execve (32-bit)"; "": a number without a name */
	int64_t times; /* Bag: how often it is in it; else 0 */
};

struct report_finding {
	enum finding_kind kind;
	struct report_call calls[REPORT_CALLS_MAX]; /* in their order; Bag: the most frequent first */
	size_t n_calls;
	int64_t count; /* how often it was found in the epoch */
	char comm[32]; /* of the task that showed it first, */
	int64_t pid;   /* and its process, as the container numbers it; 0: not known */
};

struct report_anomaly {
	char id[API_UID_MAX]; /* unique on the node: <boot-independent random hex> */
	char namespace_[API_LABEL_MAX];
	char pod[API_NAME_MAX];
	char pod_uid[API_UID_MAX];
	char container[API_LABEL_MAX];
	char policy[API_NAME_MAX];
	char detector[16];
	int64_t mismatches, threshold, epoch;
	int64_t first_ms;      /* wall; the first call that was not normal */
	int64_t detected_ms;   /* wall */
	int64_t frozen_ms;     /* wall; 0: not frozen (Observe, dryRun) */
	int64_t score_percent; /* of the threshold, when the container stood still; 0: not known */
	char comm[32];         /* of the task whose call crossed the threshold, */
	int64_t pid;           /* its process, as the container numbers it; 0: not known, */
	char executable[256];  /* and what that runs, escaped; "": not known */
	struct report_finding findings[REPORT_FINDINGS_MAX];
	size_t n_findings;
};

struct report_container {
	char namespace_[API_LABEL_MAX];
	char pod[API_NAME_MAX];
	char pod_uid[API_UID_MAX];
	char container[API_LABEL_MAX];
	char policy[API_NAME_MAX];
	char state[16];    /* Unprotected (no keeper), Learning, Watching, Frozen, Held, Busy */
	char message[160]; /* e.g. why it is not protected */
	int64_t epochs, bags;
	int64_t learned_percent;
	int64_t seconds_left;     /* until it has learned, an estimate; 0: none */
	char safe_generation[40]; /* newest snapshot that counts as safe, or "" */
	int64_t snapshots;
};

struct report_condition {
	char type[32];  /* Ready, KernelReady, RuntimeReady, StoreReady */
	char status[8]; /* True, False */
	char reason[64];
	char message[256]; /* with the remedy */
	int64_t since_ms;
};

/* Found by trying, on the running node. One that could not be tried is not listed. */
struct report_feature {
	char name[32];
	bool available;
	char detail[96]; /* which kind it is, or why it is not there */
};

struct report {
	char node[API_NAME_MAX];
	char resource_version[32];
	int64_t heartbeat_ms;
	char agent_version[32];
	char kernel[96], cpu_model[96], criu_version[24], runc_version[24];
	/* Instruction sets that programs may use: the kernel's names of /proc/cpuinfo, ascending, one space
	 * between;
	 * "" when not known. */
	char cpu_features[REPORT_CPU_FEATURES_MAX];
	bool can_detect;      /* kernel side good */
	bool can_restore;     /* runtime and store good */
	int64_t detection_ms; /* mean time from first mismatch of the epoch to frozen, td of equation 3; 0:
				 never measured */
	struct report_anomaly anomalies[REPORT_ANOMALIES_MAX];
	size_t n_anomalies;
	struct report_container containers[REPORT_CONTAINERS_MAX];
	size_t n_containers;
	struct report_condition conditions[REPORT_CONDITIONS_MAX];
	size_t n_conditions;
	struct report_feature features[REPORT_FEATURES_MAX];
	size_t n_features;
};

int report_decode(const struct json *obj, struct report *ret, struct err *e);
/* The object for a server-side apply of .status. Caller frees. */
struct json *report_encode(const struct report *r);
/* For a person, in one line: "pair dup2, execve (sh, pid 17)". dst is cut where it ends. */
void report_finding_text(const struct report_finding *f, char *dst, size_t size);
/* The whole alarm in one line: how far from normal, by whom, since when, and the first findings. */
void report_anomaly_text(const struct report_anomaly *a, char *dst, size_t size);
extern const struct field REPORT_STATUS_FIELDS[], REPORT_CONDITION_FIELDS[];
/* Of struct report_anomaly: all of it, and what an Escape keeps of it as evidence. */
extern const struct field REPORT_ANOMALY_FIELDS[], REPORT_EVIDENCE_FIELDS[];
extern const struct field REPORT_FINDING_FIELDS[];

#endif
