/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of Pods and Nodes that ESCAPE reads, as plain structs. */
#ifndef ESCAPE_API_POD_H
#define ESCAPE_API_POD_H

#include <api/names.h>
#include <doc/json.h>

#define POD_CONTAINERS_MAX 16
#define POD_VALUE_MAX 2000001000 /* system-node-critical, the highest priority there is */

struct pod_container {
	char name[API_LABEL_MAX];
	char image[256];
	char image_id[256];
	char container_id[80]; /* without "containerd://" */
	int64_t restarts;
	bool running, ready, init;
};

struct pod {
	char namespace_[API_LABEL_MAX];
	char name[API_NAME_MAX];
	char uid[API_UID_MAX];
	char node[API_NAME_MAX];
	char phase[16];
	char ip[API_ADDRESS_MAX];
	char owner_kind[64], owner_name[API_NAME_MAX], owner_uid[API_UID_MAX]; /* the controller, or "" */
	char escape[API_NAME_MAX];                                             /* API_ANN_ESCAPE */
	char addresses[API_ADDRESSES_MAX][API_ADDRESS_MAX]; /* API_ANN_ADDRESSES, invalid ones dropped */
	size_t n_addresses;
	int64_t evicted_ms; /* API_ANN_EVICTED, wall clock; 0: absent or no time */
	int64_t value;      /* API_ANN_VALUE, else spec.priority, else 0; -POD_VALUE_MAX..POD_VALUE_MAX */
	bool guarded;       /* runtimeClassName is API_RUNTIME_CLASS */
	bool host_network, deleting, ready;
	struct pod_container containers[POD_CONTAINERS_MAX];
	size_t n_containers;
};

int pod_decode(const struct json *obj, struct pod *ret, struct err *e);
/* Name of the workload a profile belongs to: Deployment name for a ReplicaSet made by one (pod-template-hash
 * label), else the owner, else the pod; a successor keeps that of the pod it took over from (its profile must
 * fit). */
int pod_workload(const struct json *obj, char dst[static API_NAME_MAX]);
/* What of a status's imageID is the same on every node: the digest, without where it was pulled from. -EINVAL
 * for an empty one, or one that does not fit. */
int pod_image_digest(const char *image_id, char *dst, size_t size);
/* Why this pod cannot be checkpointed or moved, by its spec alone; 0 when it can. -ENOTSUP with reason in *e
 * (HostPathVolume, HostNetwork, SharedProcessNamespace, TooManyContainers, HostUsers, ReadWriteOnceVolume
 * ...). The access modes of a claim are not in the pod: whether all nodes see a claim's volume is the
 * caller's to know. */
int pod_preflight(const struct json *obj, bool for_move, struct err *e);

struct node {
	char name[API_NAME_MAX];
	char internal_ip[API_ADDRESS_MAX];
	char pod_cidr[64];
	char zone[API_LABEL_MAX], region[API_LABEL_MAX];
	char rack[API_LABEL_MAX];      /* by the first of a few labels in use for it, or "" */
	char provider[32];             /* scheme of spec.providerID, e.g. "aws" */
	char network[API_ADDRESS_MAX]; /* label escape.dev/network, else the /24 or /64 of internal_ip */
	char kernel[96], runtime[64], os_image[96], arch[16];
	bool ready, unschedulable, out_of_service;
	bool noschedule_taint; /* any NoSchedule or NoExecute taint */
};

int node_decode(const struct json *obj, struct node *ret, struct err *e);

#endif
