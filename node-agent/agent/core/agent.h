/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the agent's modules share: configuration, the loop, the clients and each other, and the small things
 * that all of them do. Knows no module from inside; made and taken down by daemon.c, which owns every module
 * in it. One loop, one thread; what blocks goes through agent_work.
 */
#ifndef ESCAPE_AGENT_AGENT_H
#define ESCAPE_AGENT_AGENT_H

#include <base/err.h>
#include <kube/client.h>
#include <kube/informer.h>
#include <loop/loop.h>

struct agent_config {
	const char *node;
	const char *namespace_; /* our own */
	const char *run_dir;    /* /run/escape */
	const char *state_dir;  /* /var/lib/escape: outlives a reboot */
	const char *store_dir;
	const char *cgroup_root;
	const char *cni_dir;
	const char *kubeconfig; /* or NULL */
	int http_port;
};

struct agent {
	const struct agent_config *cfg;
	struct loop *loop;
	struct kube_client *kube;
	struct kube_informer *pods; /* of this node */
	struct kube_informer *policies_informer, *escapes_informer, *nodes, *profiles_informer;
	struct http_server *http;
	struct loop_timer *tick; /* each second: learning, snapshots due, gauges */
	struct monitor *monitor; /* NULL: this kernel cannot */
	struct keepers *keepers;
	struct storage *storage; /* NULL until the store's key is there and the directory is good */
	struct guard *guards;
	const struct guard_ops *guard_ops;
	struct policies *policies;
	struct profiles *profiles;
	struct snapshots *snapshots;
	struct escapes *escapes;
	struct routes *routes;
	struct reporter *reporter;
	struct probe *probe;
	struct agent_metrics *metrics;
	struct inplace *inplaces; /* under way */
	char containers_dir[256], fences_dir[256];
	bool store_busy;      /* storekey: asking, opening or checking */
	int64_t store_due_ms; /* storekey: monotonic */
	size_t works;         /* loop_work under way */
	bool stopping;
};

/* loop_work that agent_free waits for; -ESHUTDOWN while stopping. */
int agent_work(struct agent *a, void (*work)(void *arg), void (*done)(void *arg), void *arg);
/* Event on a pod; message by printf. */
void agent_event(struct agent *a, const char *namespace_, const char *pod, const char *uid, const char *type,
	const char *reason, const char *fmt, ...) __attribute__((format(printf, 7, 8)));
/* The pod's object from the cache when it is the one with this uid, else NULL. Borrowed until the loop's next
 * turn. */
const struct json *agent_pod(
	const struct agent *a, const char *namespace_, const char *name, const char *uid);
/* Is a pod of this uid on this node, as far as the cache knows? */
bool agent_pod_exists(const struct agent *a, const char *uid);
/* Never 0. For order ids: the same parts give the same id, on every try and after every restart. */
uint64_t agent_order_id(const char *scope, const char *step, const char *detail);
/* One that was never used before: for an order that must be carried out even if one like it was. */
uint64_t agent_order_id_new(void);

#endif
