/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/agent/guard/contribute.h"

#include <base/cleanup.h>
#include <base/clock.h>
#include <base/log.h>
#include <base/str.h>
#include <errno.h>
#include <string.h>

#include "node-agent/agent/guard/guard.h"
#include "node-agent/agent/guard/profiles.h"
#include "node-agent/agent/guard/watching.h"

/* The whole profile is written each time, so the pauses grow. */
#define PAUSE_MS 2000
#define PAUSE_MAX_MS 300000
/* What might be the last contribution does not wait that long. */
#define PAUSE_LAST_MS 2000
#define RETRY_MS 1000
#define PROBLEM_MS 60000

void contribution_free(struct contribution *c)
{
	if (!c)
		return;
	monitor_learned_free(&c->sent);
	monitor_learned_free(&c->waiting);
	free(c);
}

static void pause_for(struct contribution *c, int64_t ms)
{
	c->due_ms = clock_monotonic_ms() + ms;
}

static int64_t pause_of(const struct contribution *c)
{
	int64_t ms = PAUSE_MS * (int64_t)c->sends;

	return ms < PAUSE_MAX_MS ? ms : PAUSE_MAX_MS;
}

static void problem_set(struct guard *g, const struct err *e)
{
	struct contribution *c = g->contribution;

	if (!str_eq(c->problem.message, e->message))
		log_warn("profile not written", "container", g->keeper->id, "profile", g->profile, "reason",
			e->reason, "why", e->message);
	c->problem = *e;
	pause_for(c, PROBLEM_MS);
}

struct sending {
	struct agent *agent;
	char container_id[80];
};

static struct guard *sending_end(struct sending *s)
{
	struct guard *g = s->agent->stopping ? NULL : guard_find(s->agent, s->container_id);

	free(s);
	if (!g || !g->contribution)
		return NULL;
	g->contribution->sending = false;
	return g;
}

/* A conflict: somebody else's contribution is in it now, and the informer is about to show it. Where the
 * answer was lost it may have been taken all the same; then its epochs and tasks are counted twice, once. */
static void send_failed(struct guard *g, const struct err *e)
{
	if (e->code == -EAGAIN || e->code == -EEXIST || e->code == -ENOENT)
		pause_for(g->contribution, RETRY_MS);
	else
		problem_set(g, e);
}

static void on_contributed(void *arg, const struct json *object, const struct err *e)
{
	struct guard *g = sending_end(arg);
	struct contribution *c = g ? g->contribution : NULL;

	(void)object;
	if (!c)
		return;
	if (e) {
		send_failed(g, e);
		return;
	}
	monitor_learned_free(&c->sent);
	c->sent = c->waiting;
	c->waiting = (struct monitor_learned){0};
	c->has_waiting = false;
	c->sends++;
	err_clear(&c->problem);
	pause_for(c, pause_of(c));
}

static void on_held(void *arg, const struct json *object, const struct err *e)
{
	struct guard *g = sending_end(arg);

	(void)object;
	if (g && e)
		send_failed(g, e);
}

static void send(struct guard *g, const struct profile *p, kube_done done)
{
	struct agent *a = g->agent;
	struct sending *s = calloc(1, sizeof(*s));
	auto_json struct json *object = NULL;
	struct err e = {0};
	int rc = s ? profile_encode(p, &object, &e)
		   : err_set(&e, -ENOMEM, "OutOfMemory", "no memory to send a profile");

	if (!rc) {
		s->agent = a;
		str_copy(s->container_id, sizeof(s->container_id), g->keeper->id);
		rc = *p->resource_version
			     ? kube_patch(a->kube, &API_PROFILES, p->namespace_, p->name, NULL,
				       KUBE_PATCH_MERGE, object, done, s)
			     : kube_create(a->kube, &API_PROFILES, p->namespace_, NULL, object, done, s);
		if (rc)
			err_set(&e, rc, "PublishFailed", "cannot send the profile: %s", strerror(-rc));
	}
	if (!rc) {
		g->contribution->sending = true;
		return;
	}
	free(s);
	problem_set(g, &e);
}

static void progress_fill(const struct guard *g, struct profile *p)
{
	const struct learning_depth d = {p->epochs, p->quiet, p->scored};
	double left = learning_epochs_left(g->policy, &d, &g->contribution->pace);

	p->learned_percent = learning_percent(&d, left);
	p->seconds_left = learning_seconds_left(&g->contribution->pace, left);
	if (!learning_done(g->policy, &d))
		return;
	p->state = PROFILE_READY;
	p->learned_percent = 100;
	p->seconds_left = 0;
}

/* The judgement on the epoch that ran when it was taken is there: it may go. */
static void send_waiting(struct guard *g)
{
	struct contribution *c = g->contribution;
	struct profile p = {0};
	struct err e = {0};
	int rc = profiles_current(g, &p, &e);

	if (!rc && p.state != PROFILE_LEARNING) {
		profile_free(&p);
		return;
	}
	if (!rc && learning_merge(&p, &c->waiting, &c->sent))
		rc = err_set(&e, -ENOMEM, "OutOfMemory", "no memory for profile %s", g->profile);
	if (rc) {
		problem_set(g, &e);
	} else {
		progress_fill(g, &p);
		if (p.state == PROFILE_READY)
			log_info("learned", "container", g->keeper->last.container, "pod",
				g->keeper->last.pod_name, "profile", g->profile);
		send(g, &p, on_contributed);
	}
	profile_free(&p);
}

static void take_waiting(struct guard *g)
{
	struct contribution *c = g->contribution;
	struct err e;
	int rc;

	monitor_learned_free(&c->waiting);
	rc = monitor_watch_learned(g->watch, &c->waiting);
	c->has_waiting = !rc;
	if (rc) {
		err_set(&e, rc, "BadProfile", "what was learned cannot be read: %s", strerror(-rc));
		problem_set(g, &e);
	}
}

static void send_held(struct guard *g)
{
	struct profile p = {0};
	struct err e = {0};

	if (profiles_current(g, &p, &e)) {
		problem_set(g, &e);
	} else if (p.state == PROFILE_LEARNING) {
		p.state = PROFILE_HELD;
		p.held = g->contribution->held;
		send(g, &p, on_held);
	}
	profile_free(&p);
}

static void hold(struct guard *g, int64_t score_percent, const char *what)
{
	struct contribution *c = g->contribution;
	const struct keeper_reply *r = &g->keeper->last;
	struct profile_held *h = &c->held;
	struct monitor_learned now = {0};

	*h = (struct profile_held){.at_ms = clock_wall_ms(), .score_percent = score_percent};
	str_copy(h->reason, sizeof(h->reason), "FarOutside");
	str_copy(h->pod, sizeof(h->pod), r->pod_name);
	str_copy(h->node, sizeof(h->node), g->agent->cfg->node);
	str_fmt(h->message, sizeof(h->message),
		"%s, in pod %.100s; normal: kubectl escape profile approve, else: kubectl escape profile "
		"discard",
		what, r->pod_name);
	if (!monitor_watch_learned(g->watch, &now))
		learning_findings(&now, c->has_waiting ? &c->waiting : &c->sent, h);
	monitor_learned_free(&now);
	log_warn("learning is held", "container", r->container, "pod", r->pod_name, "why", h->message);
	agent_event(g->agent, r->pod_namespace, r->pod_name, r->pod_uid, "Warning", "LearningHeld",
		"container %s, profile %s: %s", r->container, g->profile, h->message);
	watching_sync(g);
}

/* True: something is not like what was learned. */
static bool judge(struct guard *g, const struct monitor_stats *now)
{
	const struct contribution *c = g->contribution;
	struct monitor_outlier o;
	uint64_t graded, bosc, percent;
	char what[160];

	if (monitor_watch_outlier(g->watch, (uint64_t)g->policy->detection.learning.min_epochs, &o) == 1) {
		graded = (uint64_t)o.graded * 100 / o.graded_limit;
		bosc = (uint64_t)o.bosc * 100 / o.bosc_limit;
		percent = graded > bosc ? graded : bosc;
		str_fmt(what, sizeof(what),
			"an epoch had %u %% of what the epochs learned before it let expect",
			(unsigned)percent);
	} else if (learning_bags_outside(g->policy, &c->looked, now)) {
		percent = (now->bags - c->looked.bags) * 100 /
			  ((now->epochs - c->looked.epochs + 1) * (uint64_t)g->policy->detection.threshold);
		str_fmt(what, sizeof(what), "%llu new bags came within a second",
			(unsigned long long)(now->bags - c->looked.bags));
	} else {
		return false;
	}
	hold(g, (int64_t)percent, what);
	return true;
}

static void progress_note(struct guard *g, const struct profile *head, const struct monitor_stats *s)
{
	struct contribution *c = g->contribution;
	struct learning_depth d = learning_ahead(head, s, &c->sent);
	double left = learning_epochs_left(g->policy, &d, &c->pace);

	c->percent = learning_percent(&d, left);
	c->seconds_left = learning_seconds_left(&c->pace, left);
	if (learning_done(g->policy, &d) && !c->has_waiting && !c->problem.code &&
		c->due_ms > clock_monotonic_ms() + PAUSE_LAST_MS)
		pause_for(c, PAUSE_LAST_MS);
}

/* One of: wait for the epoch's end, send what has waited, take what there is. */
static void contribute_step(struct guard *g, const struct monitor_stats *s)
{
	struct contribution *c = g->contribution;

	if (c->sending || clock_monotonic_ms() < c->due_ms)
		return;
	if (!c->has_waiting && s->epochs > c->sent.epochs)
		take_waiting(g);
	else if (c->has_waiting && s->epochs > c->waiting.epochs)
		send_waiting(g);
}

void contribute(struct guard *g)
{
	struct contribution *c = g->contribution;
	struct profile head;
	struct monitor_stats s;

	if (*c->held.reason) {
		if (!c->sending && clock_monotonic_ms() >= c->due_ms)
			send_held(g);
		return;
	}
	if (g->mode != MONITOR_LEARN || monitor_watch_stats(g->watch, &s))
		return;
	learning_pace_note(&c->pace, s.epochs, s.bags, clock_monotonic_ms());
	if (judge(g, &s))
		return;
	c->looked = s;
	if (profiles_head(g, &head))
		return;
	progress_note(g, &head, &s);
	contribute_step(g, &s);
}
