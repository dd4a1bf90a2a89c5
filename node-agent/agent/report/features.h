/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The features of the NodeReport: the kernel's are tried once, when the agent starts; CRIU's as soon as its
 * version is known, and again when that changes. One that was not tried yet is not reported.
 */
#ifndef ESCAPE_AGENT_FEATURES_H
#define ESCAPE_AGENT_FEATURES_H

#include <api/report.h>

#include "node-agent/agent/core/agent.h"

struct features;

int features_new(struct agent *a, struct features **ret);
void features_free(struct features *f);
/* version: what the node's criu says of itself, "" when it is not there. */
void features_of_criu(struct features *f, const char *version);
void features_fill(const struct features *f, struct report *ret);

#endif
