/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the operator knows: policies, pods, nodes with their reports, and Escapes, decoded once when they
 * change. Plans read it and do no I/O. It is not the truth where a copy could double: there the shell reads
 * again (action.h). The world owns its entries; JSON in them is borrowed from whoever put it and must live
 * until it is replaced or dropped. Loop thread only.
 */
#ifndef ESCAPE_OPERATOR_WORLD_H
#define ESCAPE_OPERATOR_WORLD_H

#include <api/escape.h>
#include <api/pod.h>
#include <api/policy.h>
#include <api/profile.h>
#include <api/report.h>
#include <api/resources.h>
#include <api/verdict.h>
/* Out of memory, an addition then leaves hh.tbl NULL instead of ending the process. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

/* A kubelet that has not renewed its Lease for this long is not there (Kubernetes' own default). */
#define WORLD_LEASE_MS 40000
#define WORLD_KEY_MAX (API_LABEL_MAX + API_NAME_MAX)
/* On a successor until the hand-over: keeps it out of every selector. */
#define WORLD_STAGED_LABEL "escape.dev/successor"
#define WORLD_DELETION_COST "controller.kubernetes.io/pod-deletion-cost"

struct world_policy {
	char key[WORLD_KEY_MAX];
	struct policy policy;
	const struct json *obj;
	UT_hash_handle hh;
};

/* The part of a pod that plans need (struct pod is ten times as large). */
struct world_pod {
	char key[WORLD_KEY_MAX];
	char namespace_[API_LABEL_MAX];
	char name[API_NAME_MAX];
	char uid[API_UID_MAX];
	char node[API_NAME_MAX];
	char ip[API_ADDRESS_MAX];
	char owner_kind[64]; /* the controller's, or "" */
	char escape[API_NAME_MAX];
	char addresses[API_ADDRESSES_MAX][API_ADDRESS_MAX];
	size_t n_addresses;
	struct err immovable; /* code 0: the pod may move */
	struct resources asks;
	int64_t evicted_ms, value;
	bool running, guarded, deleting, ready;
	bool leaving;                /* deleting, with no grace worth waiting for */
	bool ended;                  /* Succeeded or Failed: it will not run again */
	bool staged;                 /* WORLD_STAGED_LABEL: not handed over yet */
	bool yielding;               /* WORLD_DELETION_COST is set as the hand-over sets it */
	const struct policy *policy; /* governs it, or NULL */
	struct world_node *on;       /* where what it asks for is counted, or NULL */
	struct world_pod *on_prev, *on_next;
	bool is_protected; /* counted in n_protected */
	const struct json *obj;
	UT_hash_handle hh, hh_uid;
};

struct world_guarded {
	char pod_uid[API_UID_MAX];
	bool learning;
	bool full; /* it cannot end: what is learned does not fit into a profile */
};

struct world_node {
	char name[API_NAME_MAX];
	bool known; /* there is a Node object; node, allocatable and obj are set */
	struct node node;
	struct resources allocatable;
	const struct json *obj;
	struct resources used;  /* by the pods there that have not ended, kept current as they come and go */
	struct world_pod *pods; /* these, by on_next; the Node may be unknown yet */
	size_t n_pods;
	bool reported; /* there is a NodeReport; what follows is its */
	int64_t heartbeat_ms;
	int64_t detection_ms;
	bool can_restore;
	char cpu_model[96], criu_version[24], cpu_features_id[24];
	char *cpu_features; /* as in the report; NULL: not known. The id above is short and differs with it */
	struct report_anomaly *anomalies;
	size_t n_anomalies;
	struct world_guarded *guarded;
	size_t n_guarded;
	struct verdict *verdict; /* NULL: there is no NodeVerdict */
	bool leased;             /* kubelet has a Lease; what follows is its */
	char lease_renewed[40];
	int64_t lease_ms;              /* when it was last renewed, by our own clock */
	int64_t lease_since_ms;        /* since when it has been renewed without a gap, likewise */
	int64_t heard_ms;              /* when the heartbeat last changed, likewise; 0: never seen */
	int64_t heard_heartbeat_ms;    /* to which value */
	char agent_uid[API_UID_MAX];   /* of the agent's pod; "": there is none */
	int64_t agent_created_ms;      /* by the API server's clock */
	struct verdict_cause *foreign; /* told by foreign detectors, not yet in the NodeVerdict */
	size_t n_foreign;
	UT_hash_handle hh;
};

struct world_escape {
	char key[WORLD_KEY_MAX];
	struct escape x;
	int64_t since_ms; /* when its present phase was first seen here; nobody else's clock */
	int64_t put_ms;
	bool watched; /* the informer has shown it; else it is known from our own create only */
	UT_hash_handle hh;
};

/* What was learned is not kept here. */
struct world_profile {
	char key[WORLD_KEY_MAX];
	char namespace_[API_LABEL_MAX];
	char name[API_NAME_MAX];
	char uid[API_UID_MAX];
	char resource_version[32];
	char workload[API_NAME_MAX];
	char container[API_LABEL_MAX];
	char image[256];
	int64_t window_size, epoch_size;
	int64_t created_ms;
	enum profile_state state;
	char held[256]; /* why it is Held */
	UT_hash_handle hh;
};

struct world {
	struct resource_names resources;
	size_t n_protected;          /* guarded pods of policies that have not ended */
	size_t n_evicted;            /* pods that somebody asked to evict */
	const char *agent_namespace; /* borrowed; agents elsewhere are none. NULL: no pod is an agent */
	struct world_policy *policies;
	struct world_pod *pods, *pods_by_uid;
	struct world_node *nodes;
	struct world_escape *escapes;
	struct world_profile *profiles;
};

void world_free(struct world *w); /* its content */

/* Each replaces what was there. On error the object is dropped from the world: what cannot be read is not
 * acted upon. */
int world_put_policy(struct world *w, const struct json *obj, struct err *e);
int world_put_pod(struct world *w, const struct json *obj, struct err *e);
int world_put_node(struct world *w, const struct json *obj, struct err *e);
int world_put_report(struct world *w, const struct json *obj, struct err *e);
/* watched: from the informer. An older version than the one known is ignored. */
int world_put_escape(struct world *w, const struct json *obj, bool watched, int64_t now_ms, struct err *e);

int world_put_verdict(struct world *w, const struct json *obj, struct err *e);
/* The report of this node has just come: its heartbeat may be another one now. */
void world_heard(struct world *w, const char *name, int64_t now_ms);
/* A Lease of kube-node-lease. Its time is the node's; ours is when we saw it change. */
int world_put_lease(struct world *w, const struct json *obj, int64_t now_ms, struct err *e);
/* A report of a foreign detector about a node that is known, merged with its like; kept until the NodeVerdict
 * has it. -ENOENT, -ENOMEM. */
int world_note_foreign(struct world *w, const char *node, const struct verdict_cause *c);

int world_put_profile(struct world *w, const struct json *obj, struct err *e);

void world_drop_policy(struct world *w, const char *namespace_, const char *name);
void world_drop_profile(struct world *w, const char *namespace_, const char *name);
void world_drop_pod(struct world *w, const char *namespace_, const char *name);
void world_drop_node(struct world *w, const char *name);
void world_drop_report(struct world *w, const char *name);
void world_drop_verdict(struct world *w, const char *name);
void world_drop_lease(struct world *w, const char *name);
void world_drop_escape(struct world *w, const char *namespace_, const char *name);
/* An Escape made by us that the informer has not shown for a while was deleted before it could. */
void world_forget_unwatched(struct world *w, int64_t now_ms);

const struct world_policy *world_policy(const struct world *w, const char *namespace_, const char *name);
const struct world_pod *world_pod(const struct world *w, const char *namespace_, const char *name);
const struct world_pod *world_pod_by_uid(const struct world *w, const char *uid);
const struct world_node *world_node(const struct world *w, const char *name);
const struct world_escape *world_escape(const struct world *w, const char *namespace_, const char *name);

#endif
