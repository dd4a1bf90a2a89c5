/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BehaviorProfiles of the containers on this node: loaded into their watches when Ready, published when a
 * container has learned, merged with what other replicas published. Not here: when learning ends
 * (watching.h). Loop thread only.
 */
#ifndef ESCAPE_AGENT_PROFILES_H
#define ESCAPE_AGENT_PROFILES_H

#include "node-agent/agent/guard/guard.h"

/* Loads the Ready profile into the watch when there is one that is not loaded yet. 0 also when there is none.
 */
int profiles_load(struct guard *g, struct err *e);
/* Publishes what the watch has learned; at most once at a time, and after a failure not before a while. */
void profiles_publish(struct guard *g);
void profiles_on_change(
	void *arg, enum kube_change change, const struct json *object, const struct json *old);
/* Union of two ascending lists, at most max. Caller frees. -E2BIG above max. Pure. */
int profiles_merge(const uint64_t *a, size_t n_a, const uint64_t *b, size_t n_b, size_t max, uint64_t **ret,
	size_t *ret_n);

#endif
