/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a plan wants done, as data: the shell (perform.c) carries actions out in order, and stops at the first
 * that fails. A plan may be made from a stale view, so an action names what must be so at the API server
 * itself just before it; where it is not, nothing is done and the plan is made again from what was read.
 */
#ifndef ESCAPE_OPERATOR_ACTION_H
#define ESCAPE_OPERATOR_ACTION_H

#include "operator/world/world.h"

enum action_kind {
	ACTION_CREATE_ESCAPE, /* object; then status (may be NULL) is merged into its status */
	ACTION_PATCH_ESCAPE,  /* object: merge patch of the status, with resourceVersion */
	ACTION_DELETE_ESCAPE,
	ACTION_CREATE_SUCCESSOR, /* of the Escape namespace/name: read it and its pod, create, then to Staging
				  */
	ACTION_PATCH_POD,        /* object: merge patch with metadata.uid */
	ACTION_DELETE_POD,
	ACTION_PATCH_POLICY,   /* object: merge patch of the status */
	ACTION_PATCH_PROFILE,  /* object: merge patch with resourceVersion */
	ACTION_CREATE_VERDICT, /* object: without status; that one exists is as good */
	ACTION_PATCH_VERDICT,  /* object: merge patch of the status */
	ACTION_DELETE_VERDICT,
	ACTION_PATCH_NODE, /* object: merge patch with resourceVersion */
	ACTION_EVENT,
};

struct action {
	enum action_kind kind;
	char namespace_[API_LABEL_MAX];
	char name[API_NAME_MAX];
	char uid[API_UID_MAX]; /* must still be this object; "" for what is created */
	struct json *object;   /* owned */
	struct json *status;   /* owned */
	struct {
		const char
			*kind; /* of the object the Event is about: "Pod", "Node", "Escape", "EscapePolicy" */
		const char *type; /* "Normal" or "Warning" */
		char reason[ERR_REASON_MAX];
		char message[ERR_MESSAGE_MAX];
		char once[160]; /* told only once per key; "": always */
	} event;
	/* What must be so at the API server just before: */
	struct {
		char escape[API_NAME_MAX], version[32]; /* this Escape still has this resourceVersion */
		struct {
			char name[API_NAME_MAX], uid[API_UID_MAX];
		} gone[2];                    /* no pod of this name has this uid ("" for any) */
		char lost_node[API_NAME_MAX]; /* the Node is absent or tainted out-of-service */
	} need;
};

struct actions {
	struct action *items;
	size_t n, cap;
	struct action spare; /* where an action goes that there was no memory for */
	bool failed;         /* memory ran out: not all actions are in here */
	int64_t wake_ms;     /* plan again at this wall-clock time; 0: only when something changes */
};

void actions_free(struct actions *a);
static inline void cleanup_actionsp(struct actions *a)
{
	actions_free(a);
}
#define auto_actions __attribute__((cleanup(cleanup_actionsp)))

/* A new action at the end, to be filled in; on lack of memory a spare one that is thrown away and `failed`
 * set. */
struct action *action_add(
	struct actions *a, enum action_kind kind, const char *namespace_, const char *name, const char *uid);
/* The earlier of the two times. */
void actions_wake(struct actions *a, int64_t at_ms);

/* regarding: "Pod", "Node", "Escape", "EscapePolicy". once may be NULL. */
__attribute__((format(printf, 9, 10))) void action_event(struct actions *a, const char *regarding,
	const char *namespace_, const char *name, const char *uid, const char *type, const char *reason,
	const char *once, const char *fmt, ...);
/* One step of an Escape by the operator; extra (taken, may be NULL) is merged into the status. */
struct action *action_step(struct actions *a, const struct escape *x, enum escape_phase to, int64_t now_ms,
	const char *reason, const char *message, struct json *extra);
struct action *action_delete_pod(struct actions *a, const struct world_pod *p);
void action_need_gone(struct action *a, const char *pod_name, const char *pod_uid);
void action_need_version(struct action *a, const struct escape *x);

#endif
