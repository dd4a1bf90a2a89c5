/* SPDX-License-Identifier: Apache-2.0 */
#include <kube/resource.h>

#include <base/str.h>
#include <errno.h>
#include <string.h>

const struct kube_resource KUBE_PODS = {"", "v1", "pods", "Pod", true};
const struct kube_resource KUBE_NODES = {"", "v1", "nodes", "Node", false};
const struct kube_resource KUBE_EVENTS = {"events.k8s.io", "v1", "events", "Event", true};
const struct kube_resource KUBE_LEASES = {"coordination.k8s.io", "v1", "leases", "Lease", true};
const struct kube_resource KUBE_SECRETS = {"", "v1", "secrets", "Secret", true};
const struct kube_resource KUBE_REPLICASETS = {"apps", "v1", "replicasets", "ReplicaSet", true};
const struct kube_resource KUBE_NAMESPACES = {"", "v1", "namespaces", "Namespace", false};
const struct kube_resource KUBE_MUTATING_WEBHOOKS = {"admissionregistration.k8s.io", "v1",
	"mutatingwebhookconfigurations", "MutatingWebhookConfiguration", false};
const struct kube_resource KUBE_RUNTIMECLASSES = {
	"node.k8s.io", "v1", "runtimeclasses", "RuntimeClass", false};

static bool is_unreserved(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       strchr("-._~", c);
}

static void escape_add(struct buf *b, const char *s)
{
	for (; *s; s++) {
		if (is_unreserved((unsigned char)*s))
			buf_add(b, s, 1);
		else
			buf_addf(b, "%%%02X", (unsigned char)*s);
	}
}

static int segment_add(struct buf *b, const char *segment)
{
	if (!str_is_component(segment))
		return -EINVAL;
	buf_adds(b, "/");
	escape_add(b, segment);
	return 0;
}

int kube_path_add(struct buf *b, const struct kube_resource *r, const char *namespace_, const char *name,
	const char *sub)
{
	if (r->namespaced && name && !namespace_)
		return -EINVAL;
	if (r->group[0])
		buf_addf(b, "/apis/%s/%s", r->group, r->version);
	else
		buf_addf(b, "/api/%s", r->version);
	if (r->namespaced && namespace_) {
		buf_adds(b, "/namespaces");
		if (segment_add(b, namespace_))
			return -EINVAL;
	}
	buf_addf(b, "/%s", r->plural);
	if (name && segment_add(b, name))
		return -EINVAL;
	if (sub && segment_add(b, sub))
		return -EINVAL;
	return b->failed ? -ENOMEM : 0;
}

int kube_query_add(struct buf *b, const char *key, const char *value)
{
	if (!value)
		return 0;
	buf_adds(b, b->data && strchr(b->data, '?') ? "&" : "?");
	escape_add(b, key);
	buf_adds(b, "=");
	escape_add(b, value);
	return b->failed ? -ENOMEM : 0;
}
