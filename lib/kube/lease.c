/* SPDX-License-Identifier: Apache-2.0 */
#include <kube/lease_priv.h>

#include <base/cleanup.h>
#include <base/clock.h>
#include <base/log.h>
#include <base/str.h>
#include <errno.h>
#include <kube/client_priv.h>
#include <kube/resource.h>
#include <string.h>

static const struct lease_timing PRODUCT_TIMING = {
	.duration_ms = 15000,
	.renew_ms = 5000,
	.give_up_ms = 10000,
	.retry_ms = 2000,
};

struct kube_lease {
	struct kube_client *client;
	char *namespace_, *name, *identity;
	struct lease_timing timing;
	struct lease_seen seen;
	struct json *record;
	struct kube_call *call;
	struct loop_timer *tick;
	struct loop_timer *give_up;
	int64_t sent_ms;  /* when the write under way was sent: a renewal counts from then */
	int64_t until_ms; /* leader at most until then */
	bool leader;
	kube_lease_changed changed;
	void *arg;
	bool releasing;
	void (*released)(void *arg);
	void *released_arg;
	unsigned busy; /* inside a handler */
	bool dead;
};

static void lease_destroy(struct kube_lease *l)
{
	json_free(l->record);
	loop_timer_free(l->tick);
	loop_timer_free(l->give_up);
	free(l->namespace_);
	free(l->name);
	free(l->identity);
	free(l);
}

static void enter(struct kube_lease *l)
{
	l->busy++;
}

static void leave(struct kube_lease *l)
{
	if (--l->busy == 0 && l->dead)
		lease_destroy(l);
}

static void set_leader(struct kube_lease *l, bool leader)
{
	if (l->leader == leader || l->dead)
		return;
	l->leader = leader;
	l->changed(l->arg, leader);
}

static void tick_in(struct kube_lease *l, int64_t ms)
{
	if (!l->dead)
		loop_timer_start(l->tick, ms > 0 ? (uint64_t)ms : 0, 0);
}

static int lease_call(
	struct kube_lease *l, const char *method, bool on_object, const struct json *body, kube_done done)
{
	auto_buf struct buf path = BUF_INIT(KUBE_PATH_MAX);
	int rc = kube_path_add(&path, &KUBE_LEASES, l->namespace_, on_object ? l->name : NULL, NULL);
	/* A renewal that takes longer than this comes too late. */
	struct kube_call_args args = {
		.method = method,
		.path = path.data,
		.content_type = on_object ? "application/merge-patch+json" : NULL,
		.body = body,
		.idempotent = !body,
		.deadline_ms = (uint32_t)(l->timing.give_up_ms / 2),
	};

	return rc ? rc : kube_call_start(l->client, &args, done, l, &l->call);
}

static void finish_release(struct kube_lease *l)
{
	void (*released)(void *) = l->released;

	l->released = NULL;
	set_leader(l, false);
	if (released)
		released(l->released_arg);
}

static void on_released(void *arg, const struct json *object, const struct err *e)
{
	struct kube_lease *l = arg;

	(void)object;
	l->call = NULL;
	if (e)
		log_debug("lease not released", "lease", l->name, "reason", e->reason, "message", e->message);
	enter(l);
	finish_release(l);
	leave(l);
}

/* Others must not be let in while we still believe ourselves leader: the handler hears first, then the record
 * changes. */
static void release_now(struct kube_lease *l)
{
	bool ours = str_eq(json_str_at(l->record, "spec.holderIdentity", ""), l->identity);
	auto_json struct json *patch = ours ? lease_release_patch(l->record) : NULL;

	enter(l);
	set_leader(l, false);
	if (!l->dead && (!patch || lease_call(l, "PATCH", true, patch, on_released)))
		finish_release(l);
	leave(l);
}

static void take_written(struct kube_lease *l, const struct err *e)
{
	int64_t left_ms = l->sent_ms + l->timing.give_up_ms - clock_monotonic_ms();

	if (l->releasing) {
		release_now(l);
		return;
	}
	if (e) {
		log_debug("lease not written", "lease", l->name, "reason", e->reason, "message", e->message);
		/* Somebody else was faster: look who. */
		tick_in(l, e->code == -EAGAIN || e->code == -EEXIST ? 0 : l->timing.retry_ms);
		return;
	}
	tick_in(l, l->timing.renew_ms);
	if (left_ms <= 0)
		return;
	l->until_ms = l->sent_ms + l->timing.give_up_ms;
	loop_timer_start(l->give_up, (uint64_t)left_ms, 0);
	set_leader(l, true);
}

static void on_written(void *arg, const struct json *object, const struct err *e)
{
	struct kube_lease *l = arg;

	l->call = NULL;
	if (!e) {
		json_free(l->record);
		l->record = json_dup(object);
	}
	enter(l);
	take_written(l, e);
	leave(l);
}

static int write_step(struct kube_lease *l, enum lease_step step)
{
	auto_json struct json *body = lease_patch(step, l->record, l->identity, &l->timing, clock_wall_ms());
	struct json *metadata;

	if (!body)
		return -ENOMEM;
	l->sent_ms = clock_monotonic_ms();
	if (step != LEASE_CREATE)
		return lease_call(l, "PATCH", true, body, on_written);
	metadata = json_obj_at(body, "metadata");
	if (!metadata || json_set_str(metadata, "name", l->name) ||
		json_set_str(metadata, "namespace", l->namespace_) ||
		json_set_str(body, "apiVersion", "coordination.k8s.io/v1") ||
		json_set_str(body, "kind", "Lease"))
		return -ENOMEM;
	return lease_call(l, "POST", false, body, on_written);
}

static void take_read(struct kube_lease *l, const struct err *e)
{
	struct lease_plan plan;

	if (l->releasing) {
		release_now(l);
		return;
	}
	if (e && e->code != -ENOENT) {
		log_debug("lease not read", "lease", l->name, "reason", e->reason, "message", e->message);
		tick_in(l, l->timing.retry_ms);
		return;
	}
	plan = lease_plan(l->record, l->identity, &l->timing, clock_monotonic_ms(), &l->seen);
	if (plan.step != LEASE_RENEW)
		set_leader(l, false); /* somebody took or removed it */
	if (l->dead || l->releasing)
		return;
	if (plan.step == LEASE_WAIT)
		tick_in(l, plan.wait_ms);
	else if (write_step(l, plan.step))
		tick_in(l, l->timing.retry_ms);
}

static void on_read(void *arg, const struct json *object, const struct err *e)
{
	struct kube_lease *l = arg;

	l->call = NULL;
	if (!e || e->code == -ENOENT) {
		json_free(l->record);
		l->record = e ? NULL : json_dup(object);
	}
	enter(l);
	take_read(l, e);
	leave(l);
}

static void on_tick(void *arg)
{
	struct kube_lease *l = arg;

	if (l->call)
		return;
	if (l->releasing)
		release_now(l);
	else if (lease_call(l, "GET", true, NULL, on_read))
		tick_in(l, l->timing.retry_ms);
}

static void on_give_up(void *arg)
{
	struct kube_lease *l = arg;

	enter(l);
	set_leader(l, false);
	leave(l);
}

static int lease_setup(struct kube_lease *l, const char *namespace_, const char *name, const char *identity)
{
	l->namespace_ = strdup(namespace_);
	l->name = strdup(name);
	l->identity = strdup(identity);
	if (!l->namespace_ || !l->name || !l->identity ||
		loop_timer_new(l->client->loop, on_tick, l, &l->tick) ||
		loop_timer_new(l->client->loop, on_give_up, l, &l->give_up))
		return -ENOMEM;
	return loop_timer_start(l->tick, 0, 0);
}

int kube_lease_new_timed(struct kube_client *c, const char *namespace_, const char *name,
	const char *identity, const struct lease_timing *timing, kube_lease_changed changed, void *arg,
	struct kube_lease **ret)
{
	struct kube_lease *l;
	int rc;

	if (!namespace_ || !name || !identity || !*identity)
		return -EINVAL;
	l = calloc(1, sizeof(*l));
	if (!l)
		return -ENOMEM;
	l->client = c;
	l->timing = *timing;
	l->changed = changed;
	l->arg = arg;
	rc = lease_setup(l, namespace_, name, identity);
	if (rc) {
		lease_destroy(l);
		return rc;
	}
	*ret = l;
	return 0;
}

int kube_lease_new(struct kube_client *c, const char *namespace_, const char *name, const char *identity,
	kube_lease_changed changed, void *arg, struct kube_lease **ret)
{
	return kube_lease_new_timed(c, namespace_, name, identity, &PRODUCT_TIMING, changed, arg, ret);
}

bool kube_lease_is_leader(const struct kube_lease *l)
{
	/* The timer may be late; the clock is not. */
	return l->leader && clock_monotonic_ms() < l->until_ms;
}

void kube_lease_release(struct kube_lease *l, void (*done)(void *arg), void *arg)
{
	l->releasing = true;
	l->released = done;
	l->released_arg = arg;
	loop_timer_stop(l->give_up);
	/* A request under way is waited for: it may be the very renewal that has to be undone. */
	if (!l->call)
		tick_in(l, 0);
}

void kube_lease_free(struct kube_lease *l)
{
	if (!l || l->dead)
		return;
	l->dead = true;
	if (l->call)
		kube_call_cancel(l->call);
	l->call = NULL;
	loop_timer_stop(l->tick);
	loop_timer_stop(l->give_up);
	if (!l->busy)
		lease_destroy(l);
}
