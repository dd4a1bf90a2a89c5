/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One container with a keeper: its pod, its policy, its watch, its freezer and its alarm. guard_sync is
 * level-triggered: called at any change of keeper, pod, policy or profile, it makes the watch what it should
 * be now. Owned by the agent's list, lives as long as its keeper. Callers that wait for something keep the
 * container id and look it up again (guard_find).
 */
#ifndef ESCAPE_AGENT_GUARD_H
#define ESCAPE_AGENT_GUARD_H

#include <api/pod.h>
#include <api/policy.h>
#include <api/report.h>

#include "node-agent/agent/core/agent.h"
#include "node-agent/agent/guard/decide.h"
#include "node-agent/agent/keepers/freezer.h"
#include "node-agent/agent/keepers/keepers.h"

struct contribution;

struct guard {
	struct guard *next;
	struct agent *agent;
	struct keeper *keeper; /* borrowed, never NULL */

	bool pod_known;
	bool init_container;
	char workload[API_NAME_MAX];
	const struct policy *policy; /* of the policies' table; NULL: not governed */

	struct monitor_watch *watch;
	struct monitor_params params;
	enum monitor_mode mode;
	int marked_pid;
	unsigned restore_tries;            /* restores that failed without harm */
	unsigned orders;                   /* that run CRIU in the container: the watch is off meanwhile */
	char image_id[256];                /* of the pod's status: the image's digest; "": not known yet */
	char profile[API_NAME_MAX];        /* "": not known yet */
	char profile_seen[32];             /* resourceVersion that was looked at, */
	char profile_version[32];          /* and the one that is loaded; "": none is */
	bool profile_held;                 /* its learning waits for an admin */
	struct contribution *contribution; /* of the watch; NULL: no watch */
	char watch_problem[160];           /* why there is no watch, or "" */

	struct freezer freezer;
	int freezer_pid; /* whose cgroup it is */

	bool alarmed; /* stands frozen because of `alarm` */
	bool sighted; /* looked at for an alarm of an earlier agent */
	struct report_anomaly alarm;
	uint64_t first_mismatch_ns, verdict_ns;
	struct loop_timer *freeze_check;
	struct loop_timer *decision;
	bool local_tried;
	char local_anomaly[API_UID_MAX]; /* answered by a rollback of our own */

	bool looking_up; /* held: the Escape is asked for at the API server */
	bool absent;     /* held: it said that there is none */
	bool held_answered;
};

/* What others do for each guard; agent.guard_ops. */
struct guard_ops {
	/* What an alarm needs is there before it is needed; nonzero: there will be no guard. */
	int (*prepare)(struct guard *g);
	/* From guard_sync, when all is known that can be. */
	void (*on_sync)(struct guard *g);
	void (*on_verdict)(void *guard, const struct monitor_verdict *v);
};

/* Of the keepers' callbacks. Is there a guard for it (was there one), and something may have changed? */
bool guards_on_keeper(struct agent *a, struct keeper *k);
bool guards_on_keeper_gone(struct agent *a, struct keeper *k);
void guards_sync_all(struct agent *a);
void guards_sync_pod(struct agent *a, const char *pod_uid);
void guards_free(struct agent *a);

struct guard *guard_find(struct agent *a, const char *container_id);
void guard_sync(struct guard *g);
/* CRIU is about to work in the container (and has ended). */
void guard_hold_watch(struct guard *g);
void guard_release_watch(struct guard *g);
/* Image as dumps name it. */
const char *guard_image(const struct guard *g);
/* Freezes at once, by the freezer when there is one. */
int guard_freeze(struct guard *g);
/* Forgets the alarm after the container was given a safe state; watching goes on. */
void guard_alarm_clear(struct guard *g);

#define GUARDS_OF_POD_MAX POD_CONTAINERS_MAX
/* Application containers of the pod (init containers left out). More than max: -E2BIG. */
int guards_of_pod(struct agent *a, const char *pod_uid, struct guard **ret, size_t max, size_t *ret_n);

#endif
