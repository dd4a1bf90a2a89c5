/* SPDX-License-Identifier: Apache-2.0 */
/* May a pod be scheduled to a node, as far as the two objects say: kube-scheduler's taints and node affinity.
 * Pure; what cannot be read matches nothing. */
#ifndef ESCAPE_API_POD_FIT_H
#define ESCAPE_API_POD_FIT_H

#include <doc/json.h>

/* The first taint with effect NoSchedule or NoExecute that the pod does not tolerate; NULL: none. Borrowed
 * from the node. */
const struct json *pod_fit_taint(const struct json *pod, const struct json *node);
/* Does the pod tolerate a taint with this key, value and effect? */
bool pod_fit_tolerates(const struct json *pod, const char *key, const char *value, const char *effect);
/* spec.nodeSelector. */
bool pod_fit_selector(const struct json *pod, const struct json *node);
/* spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution: one of the terms. pinned: a move
 * has pinned the pod to its node, with an In on metadata.name in each term, which the next move takes out. */
bool pod_fit_affinity(const struct json *pod, const struct json *node, bool pinned);
/* Is this the requirement of matchFields that pins? */
bool pod_fit_is_pin(const struct json *requirement);

#endif
