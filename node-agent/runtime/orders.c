/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>
#include <sys/wait.h>

#include <base/cleanup.h>
#include <base/clock.h>
#include <base/str.h>

#include "node-agent/runtime/keeper.h"
#include "node-agent/runtime/proto.h"

#define ORDER_DEFAULT_MS 60000
#define ORDER_MAX_MS 600000
#define KILL_MS 10000
#define FAREWELL_MS 2000

/* An order's function: 0, -errno, or this: the answer comes later. */
#define ANSWER_LATER 1

typedef int (*order_fn)(struct keeper *k, const struct keeper_order *o, int64_t deadline_at,
	struct keeper_reply *r, struct err *e);

static int run_start(struct keeper *k, int64_t deadline_at, struct err *e)
{
	char *const argv[] = {(char *)"start", (char *)k->id, NULL};
	auto_buf struct buf out = BUF_INIT(PROC_OUTPUT_MAX);
	struct proc p = {.output = &out, .deadline_at = deadline_at};
	int status;

	/* From here on it must be neither frozen nor dumped with the container. */
	cgroup_join(&k->home);
	int r = keeper_run_runc(k, argv, &p, &status, e);
	if (!r && status)
		r = err_set(e, -EIO, "StartFailed", "%.400s", out.len ? out.data : "runc start failed");
	if (!r)
		k->state = KEEPER_RUNNING;
	return r;
}

static int order_start(struct keeper *k, const struct keeper_order *o, int64_t deadline_at,
	struct keeper_reply *r, struct err *e)
{
	(void)r;
	if (!*k->bundle->escape)
		return run_start(k, deadline_at, e);
	cgroup_join(&k->home);
	k->state = KEEPER_HELD;
	k->starter = k->current;
	k->start_seq = o->seq;
	k->hold_until = clock_monotonic_ms() + KEEPER_HOLD_MS;
	return ANSWER_LATER;
}

static int order_release(struct keeper *k, const struct keeper_order *o, int64_t deadline_at,
	struct keeper_reply *r, struct err *e)
{
	(void)o;
	(void)r;
	return run_start(k, deadline_at, e);
}

static int order_skip(struct keeper *k, const struct keeper_order *o, int64_t deadline_at,
	struct keeper_reply *r, struct err *e)
{
	(void)o;
	(void)r;
	int n = container_kill(k, deadline_at, e);
	if (!n)
		k->exit_code = 0;
	return n;
}

static int end_killed(struct keeper *k, int64_t deadline_at, struct err *e)
{
	int n = container_kill(k, deadline_at, e);

	if (!n)
		k->exit_code = KEEPER_EXIT_KILLED;
	return n;
}

static int order_kill(struct keeper *k, const struct keeper_order *o, int64_t deadline_at,
	struct keeper_reply *r, struct err *e)
{
	int64_t began = clock_monotonic_ms();

	(void)o;
	int n = end_killed(k, deadline_at, e);
	r->ms[KEEPER_MS_KILL] = (uint32_t)(clock_monotonic_ms() - began);
	return n;
}

static int order_freeze(struct keeper *k, const struct keeper_order *o, int64_t deadline_at,
	struct keeper_reply *r, struct err *e)
{
	int64_t began = clock_monotonic_ms();

	(void)o;
	int n = container_freeze(k, deadline_at, e);
	r->ms[KEEPER_MS_FREEZE] = (uint32_t)(clock_monotonic_ms() - began);
	return n;
}

static int order_thaw(struct keeper *k, const struct keeper_order *o, int64_t deadline_at,
	struct keeper_reply *r, struct err *e)
{
	(void)o;
	(void)r;
	return container_thaw(k, deadline_at, e);
}

/* The refusal is the start's answer; the order itself has succeeded. */
static int order_refuse(struct keeper *k, const struct keeper_order *o, int64_t deadline_at,
	struct keeper_reply *r, struct err *e)
{
	(void)o;
	(void)r;
	return end_killed(k, deadline_at, e);
}

static const order_fn functions[] = {
	[KEEPER_START] = order_start,
	[KEEPER_SNAPSHOT] = checkpoint_take,
	[KEEPER_RESTORE] = restore_carry_out,
	[KEEPER_RELEASE] = order_release,
	[KEEPER_SKIP] = order_skip,
	[KEEPER_REFUSE] = order_refuse,
	[KEEPER_FREEZE] = order_freeze,
	[KEEPER_THAW] = order_thaw,
	[KEEPER_KILL] = order_kill,
};

static int check(struct keeper *k, const struct keeper_order *o, struct err *e)
{
	enum keeper_state now = keeper_state_now(k);

	if (o->verb != KEEPER_START && !str_eq(o->pod_uid, k->bundle->pod_uid))
		return err_set(e, -EPERM, "WrongPod", "this container is of pod \"%s\", not \"%s\"",
			k->bundle->pod_uid, o->pod_uid);
	if (!proto_verb_allowed(o->verb, now))
		return err_set(e, -EINVAL, "WrongState", "%s is not possible while the container is %s",
			proto_verb_name(o->verb), proto_state_name(now));
	return 0;
}

static int carry_out(struct keeper *k, const struct keeper_order *o, int64_t arrived_at,
	struct keeper_reply *r, struct err *e)
{
	uint32_t ms = o->deadline_ms ? o->deadline_ms : ORDER_DEFAULT_MS;
	int64_t began = clock_monotonic_ms();
	int n = check(k, o, e);

	if (n)
		return n;
	k->current_id = o->order_id;
	k->busy = true;
	sock_tell_watchers(k);
	n = functions[o->verb](k, o, arrived_at + (ms < ORDER_MAX_MS ? ms : ORDER_MAX_MS), r, e);
	k->busy = false;
	r->ms[KEEPER_MS_TOTAL] = (uint32_t)(clock_monotonic_ms() - began);
	return n;
}

static void compose(const struct keeper *k, const struct keeper_reply *steps, const struct err *e,
	struct keeper_reply *ret)
{
	sock_fill_reply(k, ret);
	memcpy(ret->ms, steps->ms, sizeof(ret->ms));
	ret->code = e->code;
	str_copy(ret->reason, sizeof(ret->reason), e->reason);
	str_copy(ret->message, sizeof(ret->message), e->message);
}

static void answer(
	struct keeper *k, struct keeper_conn *c, const struct keeper_order *o, struct keeper_reply *r)
{
	if (o->order_id && o->order_id == k->current_id) {
		k->last_id = o->order_id;
		k->last_reply = *r;
	}
	sock_send(c, r, o->seq);
	for (size_t i = 0; i < KEEPER_CONNS; i++) {
		uint64_t seq = k->conns[i].attached_seq;
		k->conns[i].attached_seq = 0;
		if (seq)
			sock_send(&k->conns[i], r, seq);
	}
}

/* Answers the held start once an order has decided what becomes of it. */
static void settle_start(struct keeper *k, const struct err *e)
{
	const struct keeper_reply no_steps = {0};
	struct keeper_reply r;

	if (!k->starter || (k->state == KEEPER_HELD && k->exit_code < 0))
		return;
	compose(k, &no_steps, e, &r);
	sock_send(k->starter, &r, k->start_seq);
	/* The engine is to see its start return before the container ends. */
	for (int64_t until = clock_monotonic_ms() + FAREWELL_MS; k->exit_code >= 0 && k->starter->fd >= 0;) {
		int left = proc_time_left(until, -1);
		if (left == 0)
			break;
		sock_wait(k, NULL, 0, left);
	}
	k->starter = NULL;
}

void orders_carry_out(struct keeper *k, struct keeper_conn *c)
{
	/* A copy: the sender may hang up meanwhile, and its place is wiped then. */
	const struct keeper_order o = c->order;
	struct keeper_reply steps = {0}, r;
	struct err e = {0};

	c->pending = false;
	if (o.order_id && o.order_id == k->last_id) {
		r = k->last_reply;
		sock_send(c, &r, o.seq);
		return;
	}
	k->current = c;
	int n = carry_out(k, &o, c->arrived_at, &steps, &e);
	if (n < 0 && !e.code)
		err_set(&e, n, "Failed", "%s: %s", proto_verb_name(o.verb), strerror(-n));
	if (n != ANSWER_LATER) {
		compose(k, &steps, &e, &r);
		answer(k, c, &o, &r);
	}
	k->current = NULL;
	k->current_id = 0;
	if (o.verb == KEEPER_REFUSE && !n)
		err_set(&e, -ECANCELED, "Refused", "%s", *o.text ? o.text : "the start was refused");
	settle_start(k, &e);
	sock_tell_watchers(k);
}

void orders_end_hold(struct keeper *k)
{
	struct err e = {0};

	err_set(&e, -ETIMEDOUT, "HoldTimeout",
		"pod %s/%s is the successor of Escape %s, whose order did not come within %u s",
		k->bundle->pod_namespace, k->bundle->pod_name, k->bundle->escape, KEEPER_HOLD_MS / 1000);
	container_kill(k, clock_monotonic_ms() + KILL_MS, NULL);
	k->exit_code = KEEPER_EXIT_KILLED;
	settle_start(k, &e);
}
