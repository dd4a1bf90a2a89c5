/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A world made of a few lines of JSON, for the tests of the plans. Objects are written with single quotes,
 * put by kind, and owned by the scene. Time stands still at SCENE_NOW unless a test moves it.
 */
#ifndef ESCAPE_TESTS_OPERATOR_SCENE_H
#define ESCAPE_TESTS_OPERATOR_SCENE_H

#include "operator/plan/action.h"
#include "operator/plan/config.h"

/* cmocka.h needs these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define SCENE_NOW INT64_C(1800000000000)
#define SCENE_DOCS 512

struct scene {
	struct world w;
	struct plan_config c;
	int64_t now_ms;
	struct json *docs[SCENE_DOCS];
	size_t n_docs;
};

void scene_begin(struct scene *s);
void scene_end(struct scene *s);

/* Parses printf output in which ' stands for ". Owned by the scene. */
__attribute__((format(printf, 2, 3))) const struct json *scene_json(struct scene *s, const char *fmt, ...);
/* A whole object that the caller made: taken, and put into the world by its kind. */
void scene_keep(struct scene *s, struct json *obj);
/* The NodeVerdict that was put last for the node, or NULL. */
const struct json *scene_verdict(const struct scene *s, const char *node);
/* A UID that follows from the name; valid until eight more were asked for. */
const char *scene_uid(const char *name);
/* As scene_json, put into the world by its kind; metadata.uid is scene_uid(name) when not given. */
__attribute__((format(printf, 2, 3))) const struct json *scene_put(struct scene *s, const char *fmt, ...);

/* Ready node with an agent that can restore; anomalies is a JSON list, may be "[]". */
void scene_node(struct scene *s, const char *name, const char *anomalies);
/* Running pod shop/<name> with label app=shop, RuntimeClass escape; more goes into metadata (e.g.
 * ",'annotations':{}"). */
void scene_pod(struct scene *s, const char *name, const char *node, const char *more_metadata);
void scene_pod_of_replicaset(struct scene *s, const char *name, const char *node);
/* Policy shop/policy that selects app=shop; spec members, e.g. "'response':{'rollbacks':1}", or "". */
void scene_policy(struct scene *s, const char *spec);
/* An item for scene_node: of pod shop/<pod>, detected this long before now. Valid until eight more were asked
 * for. */
const char *scene_anomaly(const struct scene *s, const char *id, const char *pod, int64_t age_ms);
/* Escape shop/<name> about pod <pod>, created age_ms ago; kind, phase and more spec and status members. */
void scene_escape(struct scene *s, const char *name, const char *kind, const char *pod, const char *phase,
	int64_t age_ms, const char *spec, const char *status);

/* Policy with these spec members, shop/prey on node-a with one alarm, node-b and node-c to flee to. Begins
 * the scene. */
void scene_attacked(struct scene *s, const char *policy);

const struct action *actions_first(const struct actions *a, enum action_kind kind);
size_t actions_count(const struct actions *a, enum action_kind kind);
const char *action_str(const struct action *a, const char *path);
const struct action *actions_event(const struct actions *a, const char *reason);

#endif
