/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/reconcile/informers.h"

#include <base/cleanup.h>
#include <base/clock.h>
#include <base/log.h>
#include <base/str.h>
#include <errno.h>
#include <kube/informer.h>

enum kind {
	KIND_POLICIES,
	KIND_PODS,
	KIND_NODES,
	KIND_REPORTS,
	KIND_VERDICTS,
	KIND_LEASES,
	KIND_ESCAPES,
	KIND_PROFILES,
	KINDS
};

struct informers {
	struct world *world;
	struct reconcile *reconcile;
	struct kube_informer *informers[KINDS];
};

static const struct kube_resource *const RESOURCES[KINDS] = {
	[KIND_POLICIES] = &API_POLICIES,
	[KIND_PODS] = &KUBE_PODS,
	[KIND_NODES] = &KUBE_NODES,
	[KIND_REPORTS] = &API_REPORTS,
	[KIND_VERDICTS] = &API_VERDICTS,
	[KIND_LEASES] = &KUBE_LEASES,
	[KIND_ESCAPES] = &API_ESCAPES,
	[KIND_PROFILES] = &API_PROFILES,
};

/* Where kubelets keep theirs. */
static const char *const NAMESPACES[KINDS] = {[KIND_LEASES] = "kube-node-lease"};

static const char *namespace_of(const struct json *obj)
{
	return json_str_at(obj, "metadata.namespace", "");
}

static const char *name_of(const struct json *obj)
{
	return json_str_at(obj, "metadata.name", "");
}

static void unreadable(enum kind kind, const struct json *obj, const struct err *e)
{
	log_warn("object ignored, it cannot be read", "kind", RESOURCES[kind]->kind, "namespace",
		namespace_of(obj), "name", name_of(obj), "message", e->message);
}

static void on_policy(void *arg, enum kube_change change, const struct json *obj, const struct json *old)
{
	struct informers *in = arg;
	struct err e = {0};

	(void)old;
	if (change == KUBE_REMOVED)
		world_drop_policy(in->world, namespace_of(obj), name_of(obj));
	else if (world_put_policy(in->world, obj, &e))
		unreadable(KIND_POLICIES, obj, &e);
	reconcile_policy(in->reconcile, namespace_of(obj), name_of(obj));
}

/* Told before it goes and after it came: what depended on the old state is looked at as well. */
static void on_pod(void *arg, enum kube_change change, const struct json *obj, const struct json *old)
{
	struct informers *in = arg;
	const struct world_pod *p = world_pod(in->world, namespace_of(obj), name_of(obj));
	struct err e = {0};

	(void)old;
	if (p)
		reconcile_pod(in->reconcile, p);
	if (change == KUBE_REMOVED) {
		world_drop_pod(in->world, namespace_of(obj), name_of(obj));
		return;
	}
	if (world_put_pod(in->world, obj, &e)) {
		unreadable(KIND_PODS, obj, &e);
		return;
	}
	p = world_pod(in->world, namespace_of(obj), name_of(obj));
	if (p)
		reconcile_pod(in->reconcile, p);
}

static void on_node(void *arg, enum kube_change change, const struct json *obj, const struct json *old)
{
	struct informers *in = arg;
	struct err e = {0};

	(void)old;
	if (change == KUBE_REMOVED)
		world_drop_node(in->world, name_of(obj));
	else if (world_put_node(in->world, obj, &e))
		unreadable(KIND_NODES, obj, &e);
	reconcile_nodes(in->reconcile);
}

static void on_report(void *arg, enum kube_change change, const struct json *obj, const struct json *old)
{
	struct informers *in = arg;
	struct err e = {0};

	(void)old;
	if (change == KUBE_REMOVED)
		world_drop_report(in->world, name_of(obj));
	else if (world_put_report(in->world, obj, &e))
		unreadable(KIND_REPORTS, obj, &e);
	world_heard(in->world, name_of(obj), clock_wall_ms());
	reconcile_nodes(in->reconcile);
}

static void on_verdict(void *arg, enum kube_change change, const struct json *obj, const struct json *old)
{
	struct informers *in = arg;
	struct err e = {0};

	(void)old;
	if (change == KUBE_REMOVED)
		world_drop_verdict(in->world, name_of(obj));
	else if (world_put_verdict(in->world, obj, &e))
		unreadable(KIND_VERDICTS, obj, &e);
	reconcile_nodes(in->reconcile);
}

/* Every kubelet renews its own all the time; what that means is looked at now and then. */
static void on_lease(void *arg, enum kube_change change, const struct json *obj, const struct json *old)
{
	struct informers *in = arg;
	struct err e = {0};

	(void)old;
	if (change == KUBE_REMOVED)
		world_drop_lease(in->world, name_of(obj));
	else if (world_put_lease(in->world, obj, clock_wall_ms(), &e))
		unreadable(KIND_LEASES, obj, &e);
}

static void on_escape(void *arg, enum kube_change change, const struct json *obj, const struct json *old)
{
	struct informers *in = arg;

	(void)old;
	if (change == KUBE_REMOVED)
		reconcile_drop_escape(in->reconcile, namespace_of(obj), name_of(obj));
	else
		reconcile_take_escape(in->reconcile, obj, true);
}

static void on_profile(void *arg, enum kube_change change, const struct json *obj, const struct json *old)
{
	struct informers *in = arg;
	struct err e = {0};

	(void)old;
	if (change == KUBE_REMOVED)
		world_drop_profile(in->world, namespace_of(obj), name_of(obj));
	else if (world_put_profile(in->world, obj, &e))
		unreadable(KIND_PROFILES, obj, &e);
	reconcile_profile(in->reconcile, namespace_of(obj));
}

static const kube_on_change HANDLERS[KINDS] = {
	[KIND_POLICIES] = on_policy,
	[KIND_PODS] = on_pod,
	[KIND_NODES] = on_node,
	[KIND_REPORTS] = on_report,
	[KIND_VERDICTS] = on_verdict,
	[KIND_LEASES] = on_lease,
	[KIND_ESCAPES] = on_escape,
	[KIND_PROFILES] = on_profile,
};

const char *informers_missing(const struct informers *in)
{
	for (size_t i = 0; i < KINDS; i++)
		if (!in->informers[i] || !kube_informer_synced(in->informers[i]))
			return RESOURCES[i]->plural;
	return NULL;
}

static void on_synced(void *arg)
{
	struct informers *in = arg;

	if (!informers_missing(in))
		reconcile_set_synced(in->reconcile);
}

int informers_new(struct kube_client *c, struct world *world, struct reconcile *r, struct informers **ret,
	struct err *e)
{
	struct informers *in = calloc(1, sizeof(*in));
	int rc = 0;

	if (!in)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for informers");
	in->world = world;
	in->reconcile = r;
	for (size_t i = 0; !rc && i < KINDS; i++) {
		const struct kube_informer_args args = {.resource = RESOURCES[i],
			.namespace_ = NAMESPACES[i],
			.on_change = HANDLERS[i],
			.on_synced = on_synced,
			.arg = in};

		rc = kube_informer_new(c, &args, &in->informers[i], e);
	}
	if (rc)
		informers_free(in);
	else
		*ret = in;
	return rc;
}

void informers_free(struct informers *in)
{
	if (!in)
		return;
	for (size_t i = 0; i < KINDS; i++)
		kube_informer_free(in->informers[i]);
	free(in);
}
