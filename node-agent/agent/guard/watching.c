/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/agent/guard/watching.h"

#include <base/log.h>
#include <base/str.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node-agent/agent/guard/contribute.h"
#include "node-agent/agent/guard/profiles.h"

static void problem_set(struct guard *g, const struct err *e)
{
	if (str_eq(g->watch_problem, e->message))
		return;
	snprintf(g->watch_problem, sizeof(g->watch_problem), "%.*s", (int)sizeof(g->watch_problem) - 1,
		e->message);
	log_warn("container not watched", "container", g->keeper->id, "reason", e->reason, "why", e->message);
}

static struct monitor_params params_of(const struct policy *p)
{
	return (struct monitor_params){
		.window = (uint32_t)p->detection.window_size,
		.epoch = (uint32_t)p->detection.epoch_size,
		.threshold = (uint32_t)p->detection.threshold,
		.detector = p->detection.detector == DETECTOR_FUSED ? MONITOR_FUSED : MONITOR_BOSC,
		.execs_own = p->detection.execs == EXECS_INCLUDE,
	};
}

static bool params_equal(const struct monitor_params *a, const struct monitor_params *b)
{
	return a->window == b->window && a->epoch == b->epoch && a->threshold == b->threshold &&
	       a->detector == b->detector && a->execs_own == b->execs_own;
}

static enum monitor_mode mode_wanted(const struct guard *g)
{
	const struct watch_input in = {
		.policy = g->policy,
		.monitor_ready = g->agent->monitor != NULL,
		.init_container = g->init_container,
		.state = (enum keeper_state)g->keeper->last.state,
		.order_under_way = g->orders > 0,
		.profile_ready = *g->profile_version,
		.learning_held = g->profile_held || (g->contribution && *g->contribution->held.reason),
	};

	return decide_mode(&in);
}

static int watch_begin(struct guard *g, struct err *e)
{
	g->contribution = calloc(1, sizeof(*g->contribution));
	if (!g->contribution)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for a watch");
	return monitor_watch_new(
		g->agent->monitor, &g->params, g->agent->guard_ops->on_verdict, g, &g->watch, e);
}

/* Whoever enters the cgroup is marked by the kernel; that begins anew with each init. */
static int watch_mark(struct guard *g, struct err *e)
{
	const struct keeper_reply *r = &g->keeper->last;
	char cgroup[FREEZER_PATH_MAX];
	const struct monitor_container c = {
		.init_pid = r->init_pid, .cgroup = cgroup, .running = r->state != KEEPER_CREATED};
	int rc;

	if (!r->init_pid || r->init_pid == g->marked_pid)
		return 0;
	rc = freezer_find(g->agent->cfg->cgroup_root, r->init_pid, cgroup, e);
	if (!rc)
		rc = monitor_watch_container(g->watch, &c, e);
	if (!rc)
		g->marked_pid = r->init_pid;
	return rc;
}

/* OFF and back is a pause: the epoch goes on, each task begins a fresh window, and CRIU's calls are in none.
 */
static void watch_set_mode(struct guard *g, enum monitor_mode mode)
{
	if (mode == g->mode)
		return;
	if (monitor_watch_mode(g->watch, mode))
		log_warn("watch mode not set", "container", g->keeper->id);
	else
		g->mode = mode;
}

void watching_end(struct guard *g)
{
	monitor_watch_free(g->watch);
	g->watch = NULL;
	g->mode = MONITOR_OFF;
	g->marked_pid = 0;
	g->profile_seen[0] = g->profile_version[0] = '\0';
	g->profile_held = false;
	contribution_free(g->contribution);
	g->contribution = NULL;
}

/* A watch whose numbers are no longer the policy's begins anew. */
static void watch_check_params(struct guard *g)
{
	struct monitor_params want = params_of(g->policy);

	if (g->watch && !params_equal(&want, &g->params))
		watching_end(g);
	g->params = want;
}

static int watch_ensure(struct guard *g, struct err *e)
{
	int rc = g->watch ? 0 : watch_begin(g, e);

	if (rc) {
		watching_end(g);
		return rc;
	}
	rc = profiles_load(g, e);
	if (rc)
		return rc;
	/* While CRIU works there, the tasks come and go. */
	return g->orders ? 0 : watch_mark(g, e);
}

void watching_sync(struct guard *g)
{
	enum monitor_mode want = mode_wanted(g);
	struct err e = {0};

	if (!g->policy || g->init_container || !g->agent->monitor) {
		watching_end(g);
		return;
	}
	watch_check_params(g);
	if (!g->watch && want == MONITOR_OFF)
		return;
	if (watch_ensure(g, &e)) {
		problem_set(g, &e);
		return;
	}
	g->watch_problem[0] = '\0';
	watch_set_mode(g, mode_wanted(g));
}

void watching_tick(struct agent *a)
{
	for (struct guard *g = a->guards; g; g = g->next)
		if (g->watch && g->policy && !*g->profile_version)
			contribute(g);
}
