/* SPDX-License-Identifier: Apache-2.0 */
/* The numbers that steer the plans. Set once by the command line, then constant; plans take them as an
 * argument. */
#ifndef ESCAPE_OPERATOR_CONFIG_H
#define ESCAPE_OPERATOR_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct plan_config {
	int64_t forgive_ms;           /* what makes a node suspect or hacked counts this long */
	int64_t silence_hacked_ms;    /* a node whose agent alone has been silent for this long is hacked */
	double foreign_share;         /* of the nodes that may be hacked on the word of foreign detectors */
	bool cordon;                  /* hacked nodes are cordoned */
	int64_t agent_silent_ms;      /* an agent whose heartbeat is older is not there */
	int64_t step_deadline_ms;     /* for each step of an Escape that somebody else has to take */
	int64_t eviction_patience_ms; /* so long an eviction waits for the pod's move */
	int64_t claim_deadline_ms;    /* for the claim of a sealed dump: the pod is frozen meanwhile */
	size_t keep_finished;         /* finished Escapes kept per namespace */
	double brake_share;           /* of the protected pods that may escape at the same time */
	double horizon;               /* t of equations 1 to 3, in time units */
	int64_t time_unit_ms;         /* what one time unit of the model is */
	bool seeded;                  /* placements draw from `seed`, not from what the kernel calls random */
	uint64_t seed;
};

#define PLAN_CONFIG_DEFAULT                                                                                  \
	((struct plan_config){.forgive_ms = 600000,                                                          \
		.silence_hacked_ms = 300000,                                                                 \
		.foreign_share = 0.25,                                                                       \
		.agent_silent_ms = 60000,                                                                    \
		.step_deadline_ms = 60000,                                                                   \
		.eviction_patience_ms = 300000,                                                              \
		.claim_deadline_ms = 10000,                                                                  \
		.keep_finished = 20,                                                                         \
		.brake_share = 0.5,                                                                          \
		.horizon = 100,                                                                              \
		.time_unit_ms = 1000})

#endif
