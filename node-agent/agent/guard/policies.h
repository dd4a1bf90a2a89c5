/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The EscapePolicies, decoded. A policy that cannot be decoded is as if absent, and is logged. Pointers to
 * policies are good until the next change, which ends with guards_sync_all. Loop thread only.
 */
#ifndef ESCAPE_AGENT_POLICIES_H
#define ESCAPE_AGENT_POLICIES_H

#include <api/policy.h>

#include "node-agent/agent/core/agent.h"

struct policies;

int policies_new(struct agent *a, struct policies **ret);
void policies_free(struct policies *ps);
void policies_on_change(
	void *arg, enum kube_change change, const struct json *object, const struct json *old);
/* The one that governs the pod, or NULL. */
const struct policy *policies_for_pod(const struct policies *ps, const struct json *pod);

#endif
