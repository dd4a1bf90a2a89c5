/* SPDX-License-Identifier: Apache-2.0 */
/* The names users and components share: API group, kinds as the client addresses them, labels and
 * annotations. */
#ifndef ESCAPE_API_NAMES_H
#define ESCAPE_API_NAMES_H

#include <kube/client.h>

#define API_GROUP "escape.dev"
#define API_VERSION "v1alpha1"
#define API_GROUP_VERSION "escape.dev/v1alpha1"

extern const struct kube_resource API_POLICIES, API_PROFILES, API_REPORTS, API_VERDICTS, API_ESCAPES;

/* RuntimeClass whose containers have a keeper. */
#define API_RUNTIME_CLASS "escape"
/* On a successor pod: the Escape it belongs to. Only holds its start; never authorises anything. */
#define API_ANN_ESCAPE "escape.dev/escape"
/* On a pod that moved: comma-separated addresses that moved with it, oldest first. */
#define API_ANN_ADDRESSES "escape.dev/addresses"
/* On a pod that took over: name of the pod it took over from. */
#define API_ANN_SUCCESSOR_OF "escape.dev/successor-of"
/* On a pod that took over: the workload (pod_workload) of the pod it took over from, whose profile fits it
 * too. Needed while a successor has no owner yet, and after the second move of a bare pod. */
#define API_ANN_WORKLOAD "escape.dev/workload"
/* On a pod: "stateless" or "stateful", where the policy's workload.type is Auto. */
#define API_ANN_WORKLOAD_TYPE "escape.dev/workload-type"
/* On a Node: the operator cordoned it (its NodeVerdict says so too; neither alone is believed). */
#define API_ANN_CORDONED "escape.dev/cordoned"
/* On the operator's own pods: "leader" on the one that leads. */
#define API_LABEL_ROLE "escape.dev/role"
/* Opt-out on a pod. */
#define API_ANN_EXEMPT "escape.dev/exempt"

/* On a protected pod: how much it is worth, a number; the more valuable prey flees first. Absent: its
 * priority.
 */
#define API_ANN_VALUE "escape.dev/value"
/* On a pod that was to be evicted and is to move instead: when that was asked for. Written by the operator.
 */
#define API_ANN_EVICTED "escape.dev/evicted"

#define API_NAME_MAX 254 /* DNS subdomain and NUL */
#define API_LABEL_MAX 64
#define API_UID_MAX 64
#define API_ADDRESSES_MAX 8
#define API_ADDRESS_MAX 46

#endif
