/* SPDX-License-Identifier: Apache-2.0 */
#include <base/str.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "node-agent/agent/keepers/keepers_priv.h"

/* What an order may take beyond its own deadline before the keeper counts as silent. */
#define ORDER_GRACE_MS 2000u

void order_free(struct order *o)
{
	loop_timer_free(o->deadline);
	free(o);
}

struct order *order_take(struct keeper_conn *c, uint64_t seq)
{
	for (struct order **at = &c->orders; *at; at = &(*at)->next) {
		struct order *o = *at;

		if (o->msg.seq != seq)
			continue;
		*at = o->next;
		if (o->done)
			c->owner->in_flight--;
		return o;
	}
	return NULL;
}

static int order_fill(const struct keeper_conn *c, const struct keeper_args *a, struct keeper_order *o)
{
	*o = (struct keeper_order){
		.magic = KEEPER_MAGIC,
		.version = KEEPER_VERSION,
		.size = sizeof(*o),
		.verb = a->verb,
		.seq = ++c->owner->seq,
		.order_id = a->order_id,
		.flags = a->flags,
		.deadline_ms = a->deadline_ms,
	};
	if (str_copy(o->pod_uid, sizeof(o->pod_uid), c->pub.last.pod_uid) ||
		str_copy(o->dir, sizeof(o->dir), a->dir))
		return -ENAMETOOLONG;
	if (a->text)
		memcpy(o->text, a->text, strnlen(a->text, sizeof(o->text) - 1));
	return 0;
}

int order_new(
	struct keeper_conn *c, const struct keeper_args *a, keeper_done done, void *arg, struct order **ret)
{
	struct order *o = calloc(1, sizeof(*o)), **at = &c->orders;
	int rc;

	if (!o)
		return -ENOMEM;
	o->conn = c;
	o->done = done;
	o->arg = arg;
	rc = order_fill(c, a, &o->msg);
	if (!rc)
		rc = loop_timer_new(c->owner->loop, keeper_conn_on_deadline, o, &o->deadline);
	if (rc) {
		order_free(o);
		return rc;
	}
	while (*at)
		at = &(*at)->next;
	*at = o;
	if (done)
		c->owner->in_flight++;
	*ret = o;
	return 0;
}

static int order_send(struct keeper_conn *c, struct order *o)
{
	if (send(c->fd, &o->msg, sizeof(o->msg), MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)sizeof(o->msg))
		return errno ? -errno : -EIO;
	o->sent = true;
	return loop_timer_start(o->deadline, o->msg.deadline_ms + ORDER_GRACE_MS, 0);
}

/* A keeper takes one order at a time from a connection; only what it answers at once, and FREEZE, which a
 * snapshot looks out for, go past. */
static bool goes_past(const struct order *o)
{
	return !o->done || o->msg.verb == KEEPER_FREEZE;
}

int orders_pump(struct keeper_conn *c)
{
	bool occupied = false;

	for (struct order *o = c->orders; o; o = o->next)
		occupied |= o->sent && !goes_past(o);
	for (struct order *o = c->orders; o; o = o->next) {
		if (o->sent || (occupied && !goes_past(o)))
			continue;
		int rc = order_send(c, o);

		if (rc)
			return rc;
		occupied |= !goes_past(o);
	}
	return 0;
}

void orders_fail(struct keeper_conn *c, const struct err *e)
{
	/* A done callback may look at the keeper, but cannot add orders: fd is closed by now. */
	while (c->orders) {
		struct order *o = order_take(c, c->orders->msg.seq);

		if (o->done)
			o->done(o->arg, NULL, e);
		order_free(o);
	}
}
