/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests to the API server: get, list with pages, create, patches, delete, Events. Asynchronous; every
 * callback runs on the loop, exactly once, never from inside the call that started it. 429 and 503 with
 * Retry-After, and connection failures of idempotent requests, are retried inside the deadline with back-off;
 * 409 is the caller's to decide.
 */
#ifndef ESCAPE_KUBE_CLIENT_H
#define ESCAPE_KUBE_CLIENT_H

#include <base/err.h>
#include <doc/json.h>
#include <kube/config.h>
#include <loop/loop.h>

struct kube_client;

/* A kind as it is addressed in URLs. Static data. */
struct kube_resource {
	const char *group; /* "" for core */
	const char *version;
	const char *plural;
	const char *kind;
	bool namespaced;
};
extern const struct kube_resource KUBE_PODS, KUBE_NODES, KUBE_EVENTS, KUBE_LEASES, KUBE_SECRETS,
	KUBE_REPLICASETS, KUBE_NAMESPACES, KUBE_MUTATING_WEBHOOKS, KUBE_RUNTIMECLASSES;

/* config is copied. */
int kube_client_new(
	struct loop *l, const struct kube_config *config, struct kube_client **ret, struct err *e);
/* What is in flight ends with -ECANCELED. Informers and leases of this client are freed before it. */
void kube_client_free(struct kube_client *c);
struct loop *kube_client_loop(const struct kube_client *c);
const struct kube_config *kube_client_config(const struct kube_client *c);

enum kube_patch { KUBE_PATCH_MERGE, KUBE_PATCH_JSON, KUBE_APPLY };

/*
 * e NULL on success (2xx); object is the reply, borrowed until the callback returns. On failure e->code is
 * -ENOENT (404), -EEXIST (409 AlreadyExists), -EAGAIN (409 Conflict: read again), -ESTALE (410), -EACCES
 * (401, 403), -EINVAL (422, 400), -EBUSY (429), -ETIMEDOUT, -ECONNREFUSED and so on; reason and message are
 * those of the metav1.Status.
 */
typedef void (*kube_done)(void *arg, const struct json *object, const struct err *e);

/* namespace_ NULL for cluster-scoped kinds (or all namespaces in a list). subresource NULL or "status",
 * "eviction", "scale". */
int kube_get(struct kube_client *c, const struct kube_resource *r, const char *namespace_, const char *name,
	kube_done done, void *arg);
/* subresource_of NULL, or "NAME/SUBRESOURCE" of an existing object ("web-0/eviction"). */
int kube_create(struct kube_client *c, const struct kube_resource *r, const char *namespace_,
	const char *subresource_of, const struct json *object, kube_done done, void *arg);
/*
 * Merge patch, JSON patch, or server-side apply (fieldManager "escape-<component>", force). A precondition is
 * a metadata.resourceVersion inside the patch itself: the API server answers 409 Conflict when it no longer
 * holds.
 */
int kube_patch(struct kube_client *c, const struct kube_resource *r, const char *namespace_, const char *name,
	const char *subresource, enum kube_patch type, const struct json *patch, kube_done done, void *arg);
struct kube_delete_opts {
	int64_t grace_s; /* -1: the object's own */
	const char *uid; /* precondition, or NULL */
};
int kube_delete(struct kube_client *c, const struct kube_resource *r, const char *namespace_,
	const char *name, const struct kube_delete_opts *opts, kube_done done, void *arg);
/* All pages (limit 500, continue) gathered into one list object {"metadata":{...},"items":[...]}. A 410 in
 * the middle starts over. */
int kube_list(struct kube_client *c, const struct kube_resource *r, const char *namespace_,
	const char *label_selector, const char *field_selector, kube_done done, void *arg);
/* For requests started from now on, retries included; 0 gives the default back: 30 s. */
void kube_client_set_deadline(struct kube_client *c, uint32_t deadline_ms);
/* Name used as fieldManager and as reportingComponent of Events, e.g. "escape-operator"; instance is the pod
 * or node name. */
void kube_client_identify(struct kube_client *c, const char *component, const char *instance);
/* events.k8s.io style Event on `regarding` (kind, namespace, name, uid, apiVersion are read from it);
 * failures are logged at debug. type "Normal" or "Warning". */
void kube_event(struct kube_client *c, const struct json *regarding, const char *type, const char *reason,
	const char *message);

#endif
