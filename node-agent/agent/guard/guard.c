/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/agent/guard/guard.h"

#include <base/log.h>
#include <base/str.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "node-agent/agent/guard/alarm.h"
#include "node-agent/agent/guard/policies.h"
#include "node-agent/agent/guard/watching.h"
#include "node-agent/agent/report/report.h"

static void guard_free(struct guard *g)
{
	watching_end(g);
	loop_timer_free(g->freeze_check);
	loop_timer_free(g->decision);
	freezer_close(&g->freezer);
	free(g);
}

static struct guard *guard_new(struct agent *a, struct keeper *k)
{
	struct guard *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	g->agent = a;
	g->keeper = k;
	g->freezer = FREEZER_CLOSED;
	if (a->guard_ops->prepare(g)) {
		guard_free(g);
		return NULL;
	}
	g->next = a->guards;
	a->guards = g;
	k->user = g;
	return g;
}

static void init_container_learn(struct guard *g, const struct json *pod)
{
	struct pod p;

	if (pod_decode(pod, &p, NULL))
		return;
	for (size_t i = 0; i < p.n_containers; i++)
		if (str_eq(p.containers[i].name, g->keeper->last.container))
			g->init_container = p.containers[i].init;
	g->pod_known = true;
}

/* Of this very container: another one of the same name may have had another image. */
static void image_learn(struct guard *g, const struct json *pod)
{
	json_foreach(status, json_at(pod, "status.containerStatuses"))
	{
		const char *id = strstr(json_str_at(status, "containerID", ""), "://");

		if (id && str_eq(id + 3, g->keeper->id) &&
			pod_image_digest(
				json_str_at(status, "imageID", ""), g->image_id, sizeof(g->image_id)))
			g->image_id[0] = '\0';
	}
}

static void pod_learn(struct guard *g)
{
	const struct keeper_reply *r = &g->keeper->last;
	const struct json *pod = agent_pod(g->agent, r->pod_namespace, r->pod_name, r->pod_uid);

	/* A pod that left the cache while its containers end keeps what is known of it. */
	if (!pod)
		return;
	if (!g->pod_known)
		init_container_learn(g, pod);
	if (!*g->image_id)
		image_learn(g, pod);
	if (pod_workload(pod, g->workload))
		g->workload[0] = '\0';
	g->policy = policies_for_pod(g->agent->policies, pod);
}

/* The cgroup is the container's from `start` on; before it the keeper itself is in there. */
static void freezer_learn(struct guard *g)
{
	const struct keeper_reply *r = &g->keeper->last;
	struct err e;

	if (g->freezer.fd >= 0 || !r->init_pid || g->freezer_pid == r->init_pid)
		return;
	if (r->state != KEEPER_RUNNING && r->state != KEEPER_FROZEN)
		return;
	g->freezer_pid = r->init_pid;
	if (freezer_open(g->agent->cfg->cgroup_root, r->init_pid, &g->freezer, &e))
		log_warn("freezer not found, the keeper will freeze instead", "container", g->keeper->id,
			"reason", e.reason, "why", e.message);
}

void guard_sync(struct guard *g)
{
	if (g->agent->stopping)
		return;
	g->policy = NULL;
	pod_learn(g);
	freezer_learn(g);
	g->agent->guard_ops->on_sync(g);
	report_touch(g->agent->reporter);
}

bool guards_on_keeper(struct agent *a, struct keeper *k)
{
	struct guard *g = k->user;

	/* A container that no kubelet made has no pod to be protected with. */
	if (!*k->last.pod_uid || a->stopping)
		return false;
	if (!g)
		g = guard_new(a, k);
	if (!g) {
		log_error("container not guarded", "container", k->id, "why", "out of memory");
		return false;
	}
	log_debug("keeper", "container", k->id, "pod", k->last.pod_name);
	guard_sync(g);
	return true;
}

bool guards_on_keeper_gone(struct agent *a, struct keeper *k)
{
	struct guard *g = k->user;

	if (!g)
		return false;
	k->user = NULL;
	for (struct guard **at = &a->guards; *at; at = &(*at)->next) {
		if (*at != g)
			continue;
		*at = g->next;
		break;
	}
	guard_free(g);
	if (a->stopping)
		return false;
	report_touch(a->reporter);
	return true;
}

void guards_sync_all(struct agent *a)
{
	for (struct guard *g = a->guards; g; g = g->next)
		guard_sync(g);
}

void guards_sync_pod(struct agent *a, const char *pod_uid)
{
	for (struct guard *g = a->guards; g; g = g->next)
		if (str_eq(g->keeper->last.pod_uid, pod_uid))
			guard_sync(g);
}

void guards_free(struct agent *a)
{
	while (a->guards) {
		struct guard *g = a->guards;

		a->guards = g->next;
		g->keeper->user = NULL;
		guard_free(g);
	}
}

struct guard *guard_find(struct agent *a, const char *container_id)
{
	/* The keepers go first when the agent stops; what still ends then finds no guard. */
	struct keeper *k = a->keepers ? keepers_find(a->keepers, container_id) : NULL;

	return k ? k->user : NULL;
}

void guard_hold_watch(struct guard *g)
{
	g->orders++;
	watching_sync(g);
}

void guard_release_watch(struct guard *g)
{
	if (g->orders)
		g->orders--;
	guard_sync(g);
}

const char *guard_image(const struct guard *g)
{
	return g->keeper->last.image;
}

/* The keeper is told as well, so that its books agree with the cgroup. */
static void on_frozen_by_order(void *arg, const struct keeper_reply *r, const struct err *e)
{
	(void)arg;
	if (e)
		log_warn("freeze order failed", "container", r ? r->container_id : "", "reason", e->reason,
			"why", e->message);
}

int guard_freeze(struct guard *g)
{
	struct keeper_args args = {.verb = KEEPER_FREEZE, .deadline_ms = 5000};
	int rc = g->freezer.fd >= 0 ? freezer_set(&g->freezer, true) : -ENOENT;
	int told;

	told = keeper_order(g->keeper, &args, on_frozen_by_order, NULL, NULL);
	return rc ? told : 0;
}

void guard_alarm_clear(struct guard *g)
{
	loop_timer_stop(g->decision);
	if (alarm_remove(g->agent->containers_dir, g->keeper->id))
		log_error("alarm file not removed", "container", g->keeper->id);
	g->alarmed = false;
	g->local_tried = false;
	memset(&g->alarm, 0, sizeof(g->alarm));
	if (g->watch)
		monitor_watch_rearm(g->watch);
	report_touch(g->agent->reporter);
}

int guards_of_pod(struct agent *a, const char *pod_uid, struct guard **ret, size_t max, size_t *ret_n)
{
	size_t n = 0;

	for (struct guard *g = a->guards; g; g = g->next) {
		const struct keeper_reply *r = &g->keeper->last;

		if (!str_eq(r->pod_uid, pod_uid) || g->init_container || r->state == KEEPER_ENDED)
			continue;
		if (n == max)
			return -E2BIG;
		ret[n++] = g;
	}
	*ret_n = n;
	return 0;
}
