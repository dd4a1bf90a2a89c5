/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/reconcile/reconcile.h"

#include "operator/plan/notices.h"
#include "operator/plan/plan_alarms.h"
#include "operator/plan/plan_escape.h"
#include "operator/plan/plan_profiles.h"
#include "operator/plan/plan_retention.h"
#include "operator/plan/plan_status.h"
#include "operator/plan/plan_verdicts.h"
#include "operator/reconcile/perform.h"

#include <base/cleanup.h>
#include <base/clock.h>
#include <base/log.h>
#include <base/str.h>
#include <errno.h>
#include <kube/queue.h>
#include <string.h>
#include <sys/random.h>

#define KEY_MAX (WORLD_KEY_MAX + 16)
#define RETRY_BASE_MS 50
#define RETRY_MAX_MS 30000
#define PARALLEL 16
/* What nobody announces: forgiveness, silent agents. */
#define LOOK_AGAIN_MS 10000
/* Heartbeats come all the time and rarely change a status. */
#define STATUS_DELAY_MS 1000

struct reconcile {
	struct kube_client *client;
	struct world *world;
	const struct plan_config *config;
	struct op_metrics *metrics;
	struct kube_queue *queue;
	struct told *told;
	struct loop_timer *look_again;
	struct performer performer;
	bool leader, synced;
};

struct work {
	struct reconcile *r;
	char key[KEY_MAX];
};

bool reconcile_leads(const struct reconcile *r)
{
	return r->leader && r->synced;
}

/* A key is "kind/namespace/name", parts that do not apply are empty. */
static void key_add(
	struct reconcile *r, uint64_t after_ms, const char *kind, const char *namespace_, const char *name)
{
	char key[KEY_MAX];

	if (!reconcile_leads(r))
		return;
	if (str_fmt(key, sizeof(key), "%s/%s/%s", kind, namespace_, name) ||
		kube_queue_add_after(r->queue, key, after_ms))
		log_error("cannot queue work", "kind", kind, "namespace", namespace_, "name", name);
}

static void work_done(void *arg, int rc)
{
	auto_free struct work *w = arg;

	if (rc && rc != -EAGAIN && rc != -ECANCELED)
		op_metrics_error(w->r->metrics);
	kube_queue_done(w->r->queue, w->key, rc == 0);
}

static void plan_key(struct reconcile *r, const char *kind, const char *namespace_, const char *name,
	int64_t now_ms, struct actions *out)
{
	const struct world_escape *x;
	const struct world_policy *p;
	uint64_t entropy = 0;

	if (str_eq(kind, "alarms")) {
		if (r->config->seeded)
			entropy = r->config->seed;
		else if (getrandom(&entropy, sizeof(entropy), 0) != sizeof(entropy))
			out->failed = true;
		plan_alarms(r->world, r->config, now_ms, entropy, out);
	} else if (str_eq(kind, "verdicts")) {
		plan_verdicts(r->world, r->config, now_ms, out);
	} else if (str_eq(kind, "escape")) {
		x = world_escape(r->world, namespace_, name);
		if (x)
			plan_escape(r->world, r->config, x, now_ms, out);
	} else if (str_eq(kind, "policy")) {
		p = world_policy(r->world, namespace_, name);
		if (p)
			plan_status(r->world, r->config, p, now_ms, out);
	} else if (str_eq(kind, "profiles")) {
		plan_profiles(r->world, namespace_, out);
	} else {
		plan_retention(r->world, r->config, namespace_, now_ms, out);
	}
}

static void on_work(void *arg, const char *key)
{
	struct reconcile *r = arg;
	struct work *w = calloc(1, sizeof(*w));
	auto_actions struct actions actions = {0};
	int64_t now_ms = clock_wall_ms();
	char parts[KEY_MAX], *rest = parts;
	const char *kind, *namespace_, *name;

	if (!w || !reconcile_leads(r)) {
		free(w);
		kube_queue_done(r->queue, key, true);
		return;
	}
	w->r = r;
	str_copy(w->key, sizeof(w->key), key);
	str_copy(parts, sizeof(parts), key);
	kind = strsep(&rest, "/");
	namespace_ = strsep(&rest, "/");
	name = rest ? rest : "";
	plan_key(r, kind, namespace_, name, now_ms, &actions);
	if (actions.wake_ms)
		kube_queue_add_after(
			r->queue, key, actions.wake_ms > now_ms ? (uint64_t)(actions.wake_ms - now_ms) : 1);
	perform_actions(
		&r->performer, &actions, str_eq(kind, "alarms") || str_eq(kind, "verdicts"), work_done, w);
}

static void add_alarms(struct reconcile *r)
{
	key_add(r, 0, "alarms", "", "");
}

static void add_verdicts(struct reconcile *r)
{
	key_add(r, 0, "verdicts", "", "");
}

static void add_escape(struct reconcile *r, const struct escape *x)
{
	key_add(r, 0, "escape", x->namespace_, x->name);
}

static void add_policies(struct reconcile *r, uint64_t after_ms)
{
	for (const struct world_policy *p = r->world->policies; p; p = p->hh.next)
		key_add(r, after_ms, "policy", p->policy.namespace_, p->policy.name);
}

static void add_profiles(struct reconcile *r)
{
	for (const struct world_profile *p = r->world->profiles; p; p = p->hh.next)
		key_add(r, 0, "profiles", p->namespace_, "");
}

static void look_at_everything(struct reconcile *r)
{
	if (!reconcile_leads(r))
		return;
	log_info("this replica decides from now on");
	for (const struct world_escape *i = r->world->escapes; i; i = i->hh.next) {
		add_escape(r, &i->x);
		key_add(r, 0, "retention", i->x.namespace_, "");
	}
	add_alarms(r);
	add_verdicts(r);
	add_policies(r, 0);
	add_profiles(r);
	loop_timer_start(r->look_again, LOOK_AGAIN_MS, LOOK_AGAIN_MS);
}

static void on_look_again(void *arg)
{
	struct reconcile *r = arg;

	world_forget_unwatched(r->world, clock_wall_ms());
	add_alarms(r);
	add_verdicts(r);
	add_policies(r, 0);
	add_profiles(r);
	for (const struct world_escape *i = r->world->escapes; i; i = i->hh.next)
		if (escape_phase_final(i->x.status.phase))
			key_add(r, 0, "retention", i->x.namespace_, "");
		else
			add_escape(r, &i->x);
}

void reconcile_set_leader(struct reconcile *r, bool leader)
{
	r->leader = leader;
	if (!leader)
		loop_timer_stop(r->look_again);
	look_at_everything(r);
}

void reconcile_set_synced(struct reconcile *r)
{
	r->synced = true;
	look_at_everything(r);
}

void reconcile_policy(struct reconcile *r, const char *namespace_, const char *name)
{
	key_add(r, 0, "policy", namespace_, name);
	add_alarms(r);
}

void reconcile_pod(struct reconcile *r, const struct world_pod *p)
{
	if (p->policy) {
		key_add(r, STATUS_DELAY_MS, "policy", p->policy->namespace_, p->policy->name);
		key_add(r, STATUS_DELAY_MS, "profiles", p->namespace_, "");
		add_alarms(r);
	}
	for (const struct world_escape *i = r->world->escapes; i; i = i->hh.next)
		if (str_eq(i->x.spec.pod_uid, p->uid) ||
			(str_eq(i->x.namespace_, p->namespace_) && str_eq(i->x.spec.successor, p->name)))
			add_escape(r, &i->x);
}

void reconcile_profile(struct reconcile *r, const char *namespace_)
{
	key_add(r, STATUS_DELAY_MS, "profiles", namespace_, "");
	for (const struct world_policy *p = r->world->policies; p; p = p->hh.next)
		if (str_eq(p->policy.namespace_, namespace_))
			key_add(r, STATUS_DELAY_MS, "policy", p->policy.namespace_, p->policy.name);
}

void reconcile_nodes(struct reconcile *r)
{
	add_alarms(r);
	add_verdicts(r);
	add_policies(r, STATUS_DELAY_MS);
	for (const struct world_escape *i = r->world->escapes; i; i = i->hh.next)
		if (!escape_phase_final(i->x.status.phase))
			add_escape(r, &i->x);
}

void reconcile_foreign(struct reconcile *r)
{
	add_verdicts(r);
}

static void told_done(void *arg, int rc)
{
	(void)arg;
	(void)rc;
}

static void phase_tell(struct reconcile *r, const struct escape *x)
{
	auto_actions struct actions events = {0};

	if (!reconcile_leads(r))
		return;
	op_metrics_phase(r->metrics, x);
	notices_phase(x, &events);
	perform_actions(&r->performer, &events, true, told_done, NULL);
}

void reconcile_take_escape(struct reconcile *r, const struct json *obj, bool watched)
{
	const char *namespace_ = json_str_at(obj, "metadata.namespace", "");
	const char *name = json_str_at(obj, "metadata.name", "");
	const struct world_escape *x = world_escape(r->world, namespace_, name);
	enum escape_phase before = x ? x->x.status.phase : PHASE_PENDING;
	char version[sizeof(x->x.resource_version)] = "";
	bool known = x;
	struct err e = {0};

	if (known)
		str_copy(version, sizeof(version), x->x.resource_version);
	if (world_put_escape(r->world, obj, watched, clock_wall_ms(), &e)) {
		log_warn(
			"Escape cannot be read", "namespace", namespace_, "name", name, "message", e.message);
		return;
	}
	x = world_escape(r->world, namespace_, name);
	if (known && str_eq(version, x->x.resource_version))
		return;
	if (known && x->x.status.phase != before)
		phase_tell(r, &x->x);
	add_escape(r, &x->x);
	if (!escape_phase_final(x->x.status.phase))
		return;
	/* Room for another one, and perhaps the release of an earlier move's addresses. */
	add_alarms(r);
	key_add(r, STATUS_DELAY_MS, "retention", namespace_, "");
	for (const struct world_escape *i = r->world->escapes; i; i = i->hh.next)
		if (*x->x.spec.pod_uid && str_eq(i->x.status.successor_uid, x->x.spec.pod_uid))
			add_escape(r, &i->x);
}

void reconcile_drop_escape(struct reconcile *r, const char *namespace_, const char *name)
{
	world_drop_escape(r->world, namespace_, name);
	add_alarms(r);
}

static bool may_act(void *arg)
{
	return reconcile_leads(arg);
}

static void took(void *arg, const struct json *escape)
{
	reconcile_take_escape(arg, escape, false);
}

int reconcile_new(struct kube_client *c, struct world *w, const struct plan_config *config,
	struct op_metrics *m, struct reconcile **ret)
{
	struct reconcile *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	r->client = c;
	r->world = w;
	r->config = config;
	r->metrics = m;
	if (told_new(&r->told) || loop_timer_new(kube_client_loop(c), on_look_again, r, &r->look_again) ||
		kube_queue_new(
			kube_client_loop(c), RETRY_BASE_MS, RETRY_MAX_MS, PARALLEL, on_work, r, &r->queue)) {
		reconcile_free(r);
		return -ENOMEM;
	}
	r->performer =
		(struct performer){.client = c, .told = r->told, .may_act = may_act, .took = took, .arg = r};
	*ret = r;
	return 0;
}

void reconcile_free(struct reconcile *r)
{
	if (!r)
		return;
	kube_queue_free(r->queue);
	loop_timer_free(r->look_again);
	told_free(r->told);
	free(r);
}
