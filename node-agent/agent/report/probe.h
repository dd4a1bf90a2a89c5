/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What this node can do: kernel (eBPF, BTF), CRIU, runc and escape-runc as the NODE has them, the store.
 * Looked at when the agent starts and each minute after, so that a remedy shows by itself. Becomes the
 * conditions of the NodeReport, each with reason and remedy.
 */
#ifndef ESCAPE_AGENT_PROBE_H
#define ESCAPE_AGENT_PROBE_H

#include <api/report.h>

#include "node-agent/agent/core/agent.h"

struct probe;

int probe_new(struct agent *a, struct probe **ret);
void probe_free(struct probe *p);
/* kernel: NULL when the monitor stands; else why not. */
void probe_kernel(struct probe *p, const struct err *kernel);
/* store: NULL when it is open and writable. */
void probe_store(struct probe *p, const struct err *store);
bool probe_can_restore(const struct probe *p);
void probe_fill(struct probe *p, struct report *ret);

/* argv[1] of a child of the agent that executes argv[2...] in the node's mount namespace. */
#define PROBE_EXEC_ON_NODE "--exec-on-node"
int probe_exec_on_node(char *const *argv);

struct version {
	char text[24];
	int parts[3];
};
/* The version behind `prefix` at the start of a line, e.g. "Version: " in "Version: 4.2.1". -ENOENT, -EINVAL.
 * Pure. */
int version_find(const char *text, size_t len, const char *prefix, struct version *ret);
bool version_at_least(const struct version *v, int major, int minor);

#endif
