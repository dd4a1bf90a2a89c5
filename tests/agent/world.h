/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A node of its own for a test: the real agent (all but eBPF, network and probes), a fake API server with a
 * policy, nodes and pods, fake keepers, a real store with snapshots. The test plays the operator through a
 * client of its own. Node "node-a".
 */
#ifndef ESCAPE_TESTS_WORLD_H
#define ESCAPE_TESTS_WORLD_H

#include <api/escape.h>
#include <kube/client.h>

#include "fake_api.h"
#include "fake_keeper.h"
#include "fake_node.h"
#include "node-agent/agent/daemon.h"
#include "node-agent/agent/snapshots/storage.h"

#define POD_UID "11111111-aaaa"
#define SUCCESSOR_UID "22222222-bbbb"

struct world {
	struct loop *loop;
	struct fake_api *api;
	struct kube_client *operator_;
	struct agent_config cfg;
	struct agent *agent;
	struct storage *storage;
	char root[64], run[96], containers[128], store[96], config[96];
	struct fake_keeper keeper; /* of pod "prey", container "app" */
};

int world_setup(void **state);
int world_teardown(void **state);
/* The API server and the agent begin. The keeper must have been started before or comes later, as the test
 * likes. */
void world_begin(struct world *w);
/* The agent ends in order and a new one begins, at a new address of the same API server. */
void world_restart(struct world *w);
void world_until(struct world *w, bool (*done)(struct world *w), const char *what);
/* Single quotes stand for double ones. */
void world_create(struct world *w, const struct kube_resource *r, const char *namespace_, const char *json);
void world_patch(struct world *w, const struct kube_resource *r, const char *namespace_, const char *name,
	const char *sub, const char *json);
/* Caller frees; NULL when absent. */
struct json *world_get(
	struct world *w, const struct kube_resource *r, const char *namespace_, const char *name);
size_t world_count(struct world *w, const struct kube_resource *r);
void world_delete(struct world *w, const struct kube_resource *r, const char *namespace_, const char *name);
/* The phase of Escape default/name is this one. */
bool world_phase_is(struct world *w, const char *name, enum escape_phase phase);
/* A sealed snapshot of pod `uid`, taken so long ago. */
void world_snapshot(
	struct world *w, const char *uid, int64_t age_ms, char generation[static STORAGE_GENERATION_MAX]);
/* The same of another container, with the generation of one that was taken before. */
void world_snapshot_also(struct world *w, const char *uid, const char *container, const char *generation);
/* Changes a byte of it. */
void world_spoil(struct world *w, const char *uid, const char *generation);
bool world_has_dump(struct world *w, const char *uid, const char *generation);
void world_keeper(struct world *w, struct fake_keeper *k, const char *id, const char *pod, const char *uid,
	enum keeper_state state);
bool world_fenced(struct world *w, const char *uid);

#endif
