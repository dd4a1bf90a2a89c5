/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Escape: one rollback, restart or move. Spec by the operator; status by the operator and the two agents. The
 * phases and who may take each step are in PHASE_STEPS: that table is the protocol of DESIGN section 6, and a
 * ValidatingAdmissionPolicy and the tests are held against it.
 */
#ifndef ESCAPE_API_ESCAPE_H
#define ESCAPE_API_ESCAPE_H

#include <api/names.h>
#include <api/policy.h>
#include <api/report.h>
#include <doc/decode.h>

enum escape_kind { ESCAPE_ROLLBACK, ESCAPE_RESTART, ESCAPE_MOVE };
extern const char *const ESCAPE_KIND_NAMES[]; /* Rollback Restart Move */

enum escape_phase {
	PHASE_PENDING,
	PHASE_STAGING,   /* Move: successor pod created */
	PHASE_STAGED,    /* Move: its keeper waits, addresses prepared but down */
	PHASE_SEALED,    /* Move: source frozen and cut off, sealed dump in the store */
	PHASE_RESTORING, /* Move: claimed by the destination, the commit point. Rollback: the source node's
			    agent is at it */
	PHASE_RESTORED,  /* Move: runs at the destination */
	PHASE_ABORTING,  /* Move: the other compare-and-swap; the source gives its copy back its life */
	PHASE_SUCCEEDED,
	PHASE_ABORTED,
	PHASE_FAILED,
};
extern const char *const ESCAPE_PHASE_NAMES[];

enum escape_actor { ACTOR_OPERATOR, ACTOR_SOURCE, ACTOR_DESTINATION };
struct phase_step {
	enum escape_kind kind;
	enum escape_phase from, to;
	enum escape_actor actor;
};
extern const struct phase_step PHASE_STEPS[];
extern const size_t PHASE_STEPS_COUNT;
/* May this actor take an Escape of this kind from one phase to the other? */
bool escape_step_allowed(
	enum escape_kind kind, enum escape_phase from, enum escape_phase to, enum escape_actor actor);
bool escape_phase_final(enum escape_phase p);

#define ESCAPE_TIMELINE_MAX 16
#define ESCAPE_STEPS_MAX 24
#define ESCAPE_CANDIDATES_MAX 32

struct escape_time {
	char phase[24];
	int64_t at_ms; /* wall clock of the writer */
};
struct escape_stepms {
	char name[32]; /* freeze, dump, files, seal, verify, network, kill, restore */
	int64_t ms;
};
/* What the choice was made by, beside the seed and the candidates. */
struct escape_choice {
	char strategy[16]; /* of STRATEGY_NAMES; "": no choice */
	double heterogeneity_weight;
	double td, horizon;      /* of the model, in its time unit */
	int64_t nodes, feasible; /* looked at, and not excluded; listed may be fewer */
};
struct escape_candidate {
	char node[API_NAME_MAX];
	double density;    /* local hacked density, 0..1 */
	double survival;   /* equations 1 and 3 at the horizon, 0..1 */
	double distance;   /* from the source, 0..1 */
	double weight;     /* share in the seeded choice, 0..1; 0 when excluded */
	char differs[96];  /* in what from the source, names of distanceWeights, one space apart */
	char excluded[96]; /* why not, or "" */
};

struct escape {
	char namespace_[API_LABEL_MAX];
	char name[API_NAME_MAX];
	char uid[API_UID_MAX];
	char resource_version[32];
	bool deleting;
	int64_t created_ms;
	struct escape_spec {
		enum escape_kind kind;
		char policy[API_NAME_MAX];
		char pod_name[API_NAME_MAX];
		char pod_uid[API_UID_MAX];
		char container[API_LABEL_MAX]; /* whose alarm; "" when the reason is the node */
		char source_node[API_NAME_MAX];
		char destination_node[API_NAME_MAX]; /* Move */
		char successor[API_NAME_MAX];        /* Move: name of the pod that takes over */
		enum state_choice state;             /* LastSafe or Live */
		enum network_mode network;
		char addresses[API_ADDRESSES_MAX][API_ADDRESS_MAX]; /* that move with the pod, oldest first */
		size_t n_addresses;
		char reason[64]; /* Alarm, PersistentAttack, NodeHacked, Manual */
		char message[512];
		char anomaly[API_UID_MAX]; /* id in the NodeReport, or "" */
		char seed[24];             /* decimal u64 of the placement's choice */
	} spec;
	struct escape_status {
		enum escape_phase phase;
		char reason[ERR_REASON_MAX];
		char message[ERR_MESSAGE_MAX];
		char successor_uid[API_UID_MAX];
		char generation[40];   /* of the dump in the store that is (to be) restored */
		bool network_released; /* the addresses live nowhere now: routes and reservations may go */
		bool stuck;            /* destination silent after the claim: nobody knows, nothing thaws */
		struct escape_time timeline[ESCAPE_TIMELINE_MAX];
		size_t n_timeline;
		struct escape_stepms steps[ESCAPE_STEPS_MAX];
		size_t n_steps;
		struct escape_choice choice;
		struct escape_candidate candidates[ESCAPE_CANDIDATES_MAX];
		size_t n_candidates;
		/* Of the pod's own alarm, REPORT_EVIDENCE_FIELDS only; detected_ms 0: none. */
		struct report_anomaly evidence;
	} status;
};

int escape_decode(const struct json *obj, struct escape *ret, struct err *e);
extern const struct field ESCAPE_SPEC_FIELDS[], ESCAPE_STATUS_FIELDS[];
/* A whole object for kube_create (metadata.name, namespace, spec; ownerless). Caller frees. */
struct json *escape_encode_new(const struct escape *x);
/*
 * Merge patch of .status for the step x->status.phase -> to, with x's resourceVersion as precondition: phase,
 * reason and message (NULL: what is there stays), the timeline with one more entry (now_ms), and n more
 * steps. `extra` (may be NULL, taken) is merged into status. NULL when the step is not allowed to this actor
 * or memory is out. Caller frees.
 */
struct json *escape_patch_phase(const struct escape *x, enum escape_phase to, enum escape_actor actor,
	int64_t now_ms, const char *reason, const char *message, const struct escape_stepms *steps,
	size_t n_steps, struct json *extra);

#endif
