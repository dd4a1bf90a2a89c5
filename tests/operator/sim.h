/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One move in a small world that is driven by chance: an API server (the truth), an operator whose view lags
 * and that may crash between any two actions, two agents, a kubelet, processes. Each step is one indivisible
 * thing that one of them does. What is under test is the operator's plan; the agents are the protocol as
 * DESIGN has it, in a few lines.
 */
#ifndef ESCAPE_TESTS_OPERATOR_SIM_H
#define ESCAPE_TESTS_OPERATOR_SIM_H

#include "scene.h"

enum sim_stream { STREAM_ESCAPE, STREAM_OLD, STREAM_SUCCESSOR, STREAM_NODE, STREAMS };
enum sim_process { PROCESS_NONE, PROCESS_RUNNING, PROCESS_FROZEN };

#define SIM_DOCS 8192

struct sim {
	uint64_t rng;
	int64_t now_ms;
	int64_t version;
	struct json *truth[STREAMS]; /* NULL: absent; owned by docs */
	struct json *docs[SIM_DOCS];
	size_t n_docs;
	struct world view; /* the operator's */
	struct plan_config config;
	enum sim_process source, destination;
	bool sealed;            /* the dump is complete */
	bool destination_dead;  /* the node, for good */
	bool pod_deleted;       /* by a user */
	bool successor_deleted; /* by a user */
	bool claimed;           /* by the destination's agent, as it knows itself */
};

void sim_begin(struct sim *s, uint64_t seed);
void sim_end(struct sim *s);
uint64_t sim_chance(struct sim *s, uint64_t n); /* 0..n-1 */

/* The truth as it is now goes to the operator, one stream of it. */
void sim_deliver(struct sim *s, enum sim_stream stream);
/* Plans with its view and carries out until the end or, where crash is set, until chance stops it. */
void sim_operator(struct sim *s, bool crash);
void sim_operator_restarts(struct sim *s);
void sim_source_agent(struct sim *s);
void sim_destination_agent(struct sim *s);
void sim_kubelets(struct sim *s);
void sim_user_deletes_pod(struct sim *s);
void sim_user_deletes_successor(struct sim *s);
void sim_destination_dies(struct sim *s);

const char *sim_phase(const struct sim *s);
/* Replaces the truth of a stream with a changed copy, so that views keep the old one. */
struct json *sim_change(struct sim *s, enum sim_stream stream);
/* false: the resourceVersion in the patch does not hold any more. */
bool sim_patch(struct sim *s, enum sim_stream stream, const struct json *patch);

#endif
