/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One container's dump into the store: directory, keeper's order SNAPSHOT, seal; and one container's restore:
 * verify, keeper's order RESTORE. The two chains that snapshots, rollbacks and moves are made of.
 * Asynchronous; callbacks on the loop, exactly once.
 */
#ifndef ESCAPE_AGENT_DUMP_H
#define ESCAPE_AGENT_DUMP_H

#include "node-agent/agent/guard/guard.h"
#include "node-agent/agent/snapshots/storage.h"

/* Filled by the owner, which keeps it in place until the callback. */
struct dump {
	struct agent *agent;
	char container_id[80];
	struct storage_ids ids;
	char generation[STORAGE_GENERATION_MAX];
	int64_t taken_ms;
	bool live;
	uint32_t flags;
	uint64_t order_id;
	void (*done)(void *arg, struct dump *d);
	void *arg;
	/* Results */
	struct err err; /* code 0: done */
	struct keeper_reply reply;
	int64_t seal_ms;
	/* Private */
	char path[STORAGE_PATH_MAX];
	bool sealed;
};

/* From the guard's keeper: ids and container id. -EINVAL when a name does not fit. */
int dump_init(struct dump *d, struct guard *g);
/* Makes the directory; then done. */
int dump_begin(struct dump *d);
/* After dump_begin: order and seal; then done. On failure nothing of the dump is left. */
int dump_run(struct dump *d);

struct restore {
	struct agent *agent;
	char container_id[80];  /* into this container */
	struct storage_ids ids; /* whose dump */
	char generation[STORAGE_GENERATION_MAX];
	uint32_t flags;
	char scope[API_UID_MAX]; /* whose restore this is: the Escape's uid or the anomaly; makes the order
				    idempotent */
	void (*done)(void *arg, struct restore *r);
	void *arg;
	/* Results */
	struct err err;
	struct keeper_reply reply;
	int64_t verify_ms;
	/* Private */
	char path[STORAGE_PATH_MAX];
};

/* ids are the container's own; a move's destination puts the source's pod uid there. */
int restore_init(struct restore *r, struct guard *g);
/* Verifies the dump; then done. */
int restore_verify(struct restore *r);
/* After restore_verify: the order; then done. reply.code and err say how it ended; err KeeperLost or
 * KeeperSilent: nobody knows yet. */
int restore_run(struct restore *r);

/* Containers of a pod are dumped and restored side by side. The first error of all, NULL: none; and how long
 * a step took, which is what the slowest of them took. */
const struct err *dumps_error(const struct dump *d, size_t n);
int64_t dumps_step_ms(const struct dump *d, size_t n, enum keeper_step step);
int64_t dumps_seal_ms(const struct dump *d, size_t n);
const struct err *restores_error(const struct restore *r, size_t n);
int64_t restores_step_ms(const struct restore *r, size_t n, enum keeper_step step);
int64_t restores_verify_ms(const struct restore *r, size_t n);

#endif
