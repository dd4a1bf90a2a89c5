/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/agent/report_fill.h"

#include <base/str.h>
#include <stdlib.h>

#include "node-agent/agent/escapes/escapes.h"
#include "node-agent/agent/guard/contribute.h"
#include "node-agent/agent/guard/guard.h"
#include "node-agent/agent/guard/policies.h"
#include "node-agent/agent/keepers/fence.h"
#include "node-agent/agent/snapshots/snapshots.h"

static const char *state_of(const struct guard *g)
{
	switch ((enum keeper_state)g->keeper->last.state) {
	case KEEPER_HELD:
		return "Held";
	case KEEPER_BUSY:
		return "Busy";
	case KEEPER_FROZEN:
		return "Frozen";
	default:
		break;
	}
	if (g->alarmed)
		return "Frozen";
	if (!g->watch)
		return "Unprotected";
	return *g->profile_version ? "Watching" : "Learning";
}

static void numbers_fill(const struct guard *g, struct report_container *c)
{
	struct monitor_stats s;

	c->snapshots = (int64_t)snapshots_count(g->agent, g->keeper->last.pod_uid);
	if (snapshots_safe(g->agent, g->keeper->last.pod_uid, "", c->safe_generation, NULL))
		c->safe_generation[0] = '\0';
	if (!g->watch || monitor_watch_stats(g->watch, &s))
		return;
	c->epochs = (int64_t)s.epochs;
	c->bags = (int64_t)s.bags;
	c->learned_percent = *g->profile_version ? 100 : g->contribution->percent;
	c->seconds_left = *g->profile_version ? 0 : g->contribution->seconds_left;
}

/* Nobody will say any more whether the successor runs, so nothing thaws by itself. */
static bool is_left_over(const struct guard *g)
{
	const struct keeper_reply *r = &g->keeper->last;

	return r->state == KEEPER_FROZEN && !g->alarmed && fence_stands(g->agent->fences_dir, r->pod_uid) &&
	       !escapes_open_for_pod(g->agent->escapes, r->pod_uid);
}

static void learning_fill(const struct guard *g, struct report_container *c)
{
	if (g->profile_held)
		str_fmt(c->message, sizeof(c->message),
			"learning is held, an admin has to decide: profile %s", g->profile);
	else if (g->contribution->problem.code)
		str_fmt(c->message, sizeof(c->message), "%s: %.120s", g->contribution->problem.reason,
			g->contribution->problem.message);
	else if (!*g->image_id)
		str_copy(c->message, sizeof(c->message), "the pod's status does not name its image yet");
}

static void message_fill(const struct guard *g, struct report_container *c)
{
	if (!g->keeper->connected)
		str_copy(c->message, sizeof(c->message), "its keeper does not answer");
	else if (is_left_over(g))
		str_copy(c->message, sizeof(c->message),
			"frozen for a move whose Escape is gone: delete the pod once its successor is known "
			"to run or not");
	else if (*g->watch_problem)
		str_copy(c->message, sizeof(c->message), g->watch_problem);
	else if (g->watch && !*g->profile_version)
		learning_fill(g, c);
	else if (!g->agent->monitor)
		str_copy(c->message, sizeof(c->message), "this node cannot watch; see condition KernelReady");
}

static void guard_fill(const struct guard *g, struct report_container *c)
{
	const struct keeper_reply *r = &g->keeper->last;

	str_copy(c->namespace_, sizeof(c->namespace_), r->pod_namespace);
	str_copy(c->pod, sizeof(c->pod), r->pod_name);
	str_copy(c->pod_uid, sizeof(c->pod_uid), r->pod_uid);
	str_copy(c->container, sizeof(c->container), r->container);
	str_copy(c->policy, sizeof(c->policy), g->policy->name);
	str_copy(c->state, sizeof(c->state), state_of(g));
	numbers_fill(g, c);
	message_fill(g, c);
}

struct filling {
	struct agent *agent;
	struct report *report;
};

static struct report_container *container_next(struct report *r)
{
	return r->n_containers < REPORT_CONTAINERS_MAX ? &r->containers[r->n_containers++] : NULL;
}

static void unprotected_fill(struct report *r, const struct pod *pod, const struct policy *p)
{
	for (size_t i = 0; i < pod->n_containers; i++) {
		struct report_container *c = pod->containers[i].init ? NULL : container_next(r);

		if (!c)
			continue;
		str_copy(c->namespace_, sizeof(c->namespace_), pod->namespace_);
		str_copy(c->pod, sizeof(c->pod), pod->name);
		str_copy(c->pod_uid, sizeof(c->pod_uid), pod->uid);
		str_copy(c->container, sizeof(c->container), pod->containers[i].name);
		str_copy(c->policy, sizeof(c->policy), p->name);
		str_copy(c->state, sizeof(c->state), "Unprotected");
		str_copy(c->message, sizeof(c->message), "runs without RuntimeClass escape");
	}
}

static void pod_fill(void *arg, const struct json *object)
{
	struct filling *f = arg;
	const struct policy *p = policies_for_pod(f->agent->policies, object);
	struct pod *pod;

	if (!p)
		return;
	pod = calloc(1, sizeof(*pod));
	if (pod && !pod_decode(object, pod, NULL) && !pod->guarded && !pod->deleting &&
		str_eq(pod->phase, "Running"))
		unprotected_fill(f->report, pod, p);
	free(pod);
}

void report_fill_containers(struct agent *a, struct report *ret)
{
	struct filling f = {.agent = a, .report = ret};

	for (const struct guard *g = a->guards; g; g = g->next) {
		struct report_container *c =
			g->policy && !g->init_container && g->keeper->last.state != KEEPER_ENDED
				? container_next(ret)
				: NULL;

		if (c)
			guard_fill(g, c);
	}
	kube_informer_each(a->pods, pod_fill, &f);
}
