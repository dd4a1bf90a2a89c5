/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent's decisions as pure functions over plain values: how a container is watched, whether the reflex
 * freezes it, what becomes of a held start, which snapshot is safe. No I/O, no clock, no state.
 */
#ifndef ESCAPE_AGENT_DECIDE_H
#define ESCAPE_AGENT_DECIDE_H

#include <api/escape.h>
#include <api/policy.h>

#include "node-agent/monitor/monitor.h"
#include "node-agent/runtime/keeper_proto.h"

struct watch_input {
	const struct policy *policy; /* NULL: not governed */
	bool monitor_ready;
	bool init_container;
	enum keeper_state state;
	bool order_under_way; /* CRIU's own calls inside the container's tasks must not be counted */
	bool profile_ready;
	bool learning_held; /* until an admin decides */
};
/* MONITOR_OFF also means: no watch needed. */
enum monitor_mode decide_mode(const struct watch_input *in);
/* Does an alarm under this policy freeze the container? */
bool decide_freezes(const struct policy *p);

enum held_action {
	HELD_WAIT,    /* not known yet: the next event decides, or the keeper's deadline */
	HELD_LOOKUP,  /* ask the API server itself whether the Escape exists */
	HELD_STAGE,   /* a successor's container: the Escape's phases drive it from here */
	HELD_SKIP,    /* an init container of a successor: has run in the source already */
	HELD_RELEASE, /* an ordinary start */
	HELD_REFUSE,
};
struct held_input {
	const char *node;    /* ours */
	const char *pod_uid; /* of the held container */
	bool init_known;     /* the pod's spec is known, so is whether this is an init container */
	bool init_container;
	const struct escape *escape; /* that the annotation names; NULL: not in the cache */
	bool absent;                 /* the API server itself said that there is none */
};
enum held_action decide_held(const struct held_input *in);

/* An alarm waits this long for the operator's Escape while the API server has not heard of it ... */
#define DECIDE_UNTOLD_MS 5000
/* ... and this long when it has: the operator is away. */
#define DECIDE_TOLD_MS 30000
/* Is it for the agent to roll back by itself a container frozen at frozen_ms, for which no Escape has come?
 * Never more than that. */
bool decide_locally(bool told, int64_t frozen_ms, int64_t now_ms);

/* The latest alarm of a pod, wall clock: what was taken from safe_after before it until the pod was given a
 * safe state is suspect. */
struct alarm_span {
	int64_t detected_ms; /* 0: no alarm */
	int64_t cleared_ms;  /* 0: it stands */
};
bool decide_suspect(int64_t taken_ms, const struct alarm_span *alarm, int64_t safe_after_ms);
/*
 * Index of the newest of n ascending snapshots that is safe: safe_after passed behind it before now, and it
 * is not suspect. n when there is none. `below`: only indices below it (n for all).
 */
size_t decide_safe(const int64_t *taken_ms, size_t n, size_t below, int64_t now_ms,
	const struct alarm_span *alarm, int64_t safe_after_ms);
/*
 * How many of the oldest snapshots may go so that `keep` remain. The newest safe one and those younger than
 * it stay in any case: each of them is, or is about to become, what an alarm needs.
 */
size_t decide_expired(const int64_t *taken_ms, size_t n, size_t keep, int64_t now_ms, int64_t safe_after_ms);

#endif
