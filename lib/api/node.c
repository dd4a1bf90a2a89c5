/* SPDX-License-Identifier: Apache-2.0 */
#include <api/pod.h>
#include <arpa/inet.h>
#include <base/cleanup.h>
#include <base/str.h>
#include <errno.h>
#include <string.h>

/* Descriptions only steer placement: one that is too long is cut, never an error. */
static void text_read(const struct json *obj, const char *path, char *dst, size_t size)
{
	const char *s = json_str_at(obj, path, "");
	size_t len = strnlen(s, size - 1);

	memcpy(dst, s, len);
	dst[len] = '\0';
}

static void label_read(const struct json *labels, const char *key, char *dst, size_t size)
{
	str_copy(dst, size, json_str(json_member(labels, key)));
}

/* Kubernetes has no label of its own for it. */
static void rack_read(const struct json *labels, struct node *n)
{
	static const char *const KEYS[] = {"escape.dev/rack", "topology.kubernetes.io/rack",
		"topology.rook.io/rack", "topology.k8s.aws/network-node-layer-3"};

	for (size_t i = 0; i < ARRAY_LEN(KEYS) && !*n->rack; i++)
		label_read(labels, KEYS[i], n->rack, sizeof(n->rack));
}

/* "aws:///eu-west-1a/i-0123" */
static void provider_read(const char *id, struct node *n)
{
	size_t len = strcspn(id, ":");

	if (len < sizeof(n->provider) && id[len]) {
		memcpy(n->provider, id, len);
		n->provider[len] = '\0';
	}
}

/* The usual size of one segment: who shares it meets no router on the way. */
static void network_read(const struct json *labels, struct node *n)
{
	unsigned char raw[16] = {0};
	int family = strchr(n->internal_ip, ':') ? AF_INET6 : AF_INET;

	label_read(labels, "escape.dev/network", n->network, sizeof(n->network));
	if (*n->network || inet_pton(family, n->internal_ip, raw) != 1)
		return;
	memset(raw + (family == AF_INET ? 3 : 8), 0, family == AF_INET ? 1 : 8);
	if (!inet_ntop(family, raw, n->network, sizeof(n->network)))
		*n->network = '\0';
}

static void node_status_read(const struct json *obj, struct node *n)
{
	json_foreach(a, json_at(obj, "status.addresses"))
	{
		if (str_eq(json_str_at(a, "type", NULL), "InternalIP") && !*n->internal_ip)
			str_copy(n->internal_ip, sizeof(n->internal_ip), json_str_at(a, "address", ""));
	}
	json_foreach(c, json_at(obj, "status.conditions"))
	{
		if (str_eq(json_str_at(c, "type", NULL), "Ready"))
			n->ready = str_eq(json_str_at(c, "status", NULL), "True");
	}
	text_read(obj, "status.nodeInfo.kernelVersion", n->kernel, sizeof(n->kernel));
	text_read(obj, "status.nodeInfo.containerRuntimeVersion", n->runtime, sizeof(n->runtime));
	text_read(obj, "status.nodeInfo.osImage", n->os_image, sizeof(n->os_image));
	text_read(obj, "status.nodeInfo.architecture", n->arch, sizeof(n->arch));
}

static void taints_read(const struct json *taints, struct node *n)
{
	json_foreach(t, taints)
	{
		const char *effect = json_str_at(t, "effect", "");

		if (str_eq(effect, "NoSchedule") || str_eq(effect, "NoExecute"))
			n->noschedule_taint = true;
		if (str_eq(json_str_at(t, "key", NULL), "node.kubernetes.io/out-of-service"))
			n->out_of_service = true;
	}
}

int node_decode(const struct json *obj, struct node *ret, struct err *e)
{
	const struct json *labels = json_at(obj, "metadata.labels");
	const char *name = json_str_at(obj, "metadata.name", "");
	struct node n = {0};

	if (!*name || str_copy(n.name, sizeof(n.name), name))
		return err_set(
			e, -EINVAL, "BadNode", "metadata.name is missing or longer than 253 characters");
	node_status_read(obj, &n);
	taints_read(json_at(obj, "spec.taints"), &n);
	n.unschedulable = json_bool_at(obj, "spec.unschedulable", false);
	text_read(obj, "spec.podCIDR", n.pod_cidr, sizeof(n.pod_cidr));
	label_read(labels, "topology.kubernetes.io/zone", n.zone, sizeof(n.zone));
	label_read(labels, "topology.kubernetes.io/region", n.region, sizeof(n.region));
	rack_read(labels, &n);
	provider_read(json_str_at(obj, "spec.providerID", ""), &n);
	network_read(labels, &n);
	*ret = n;
	return 0;
}
