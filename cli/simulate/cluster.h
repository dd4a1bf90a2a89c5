/* SPDX-License-Identifier: Apache-2.0 */
/* A live cluster as a forest to play in: what its nodes, NodeReports and EscapePolicies say. Pure; what the
 * lists hold is copied, so they may go. */
#ifndef ESCAPE_CLI_SIMULATE_CLUSTER_H
#define ESCAPE_CLI_SIMULATE_CLUSTER_H

#include <api/pod.h>
#include <api/report.h>
#include <base/err.h>
#include <doc/json.h>
#include <model/game_hosts.h>

enum { CLUSTER_POLICIES_MAX = 16 };

struct cluster_policy {
	char name[API_NAME_MAX + API_LABEL_MAX];
	enum game_strategy strategy;
	double heterogeneity_weight;
};

struct cluster {
	uint32_t n;
	struct node *nodes;
	char (*cpu_models)[96];
	char (*cpu_features)[REPORT_CPU_FEATURES_MAX];
	bool *closed;     /* cannot take a container that moves */
	uint32_t *hacked; /* indices, n_hacked of them */
	uint32_t n_hacked;
	double td; /* mean of what nodes have measured, in seconds, which the model's unit is; 1 when none has
		    */
	uint32_t n_measured;
	size_t n_policies;
	struct cluster_policy policies[CLUSTER_POLICIES_MAX];
};

/* Hacked is what its NodeVerdict calls so. -EINVAL when there are too few or too many nodes to play with,
 * -ENOMEM. cluster_free takes what either leaves. */
int cluster_read(const struct json *nodes, const struct json *reports, const struct json *verdicts,
	const struct json *policies, struct cluster *ret, struct err *e);
void cluster_free(struct cluster *c);
int cluster_graph(const struct cluster *c, double wall, struct game_graph *ret, struct err *e);

#endif
