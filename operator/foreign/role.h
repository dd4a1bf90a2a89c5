/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The label escape.dev/role=leader on the leader's own pod, so that a Service can lead to it: foreign
 * detectors do not try another replica. A pod that is not the leader takes the label off. Outside a cluster
 * there is no such pod, and nothing happens. Loop thread only.
 */
#ifndef ESCAPE_OPERATOR_ROLE_H
#define ESCAPE_OPERATOR_ROLE_H

#include <kube/client.h>

struct role;
/* Names are borrowed. Nothing is written before the first role_set_leader. */
int role_new(struct kube_client *c, const char *namespace_, const char *pod, struct role **ret);
void role_set_leader(struct role *r, bool leader);
/* After the client is freed. */
void role_free(struct role *r);

#endif
