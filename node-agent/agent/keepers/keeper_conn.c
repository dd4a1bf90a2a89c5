/* SPDX-License-Identifier: Apache-2.0 */
#include <base/cleanup.h>
#include <base/log.h>
#include <base/str.h>
#include <errno.h>
#include <string.h>
#include <sys/un.h>

#include "node-agent/agent/keepers/keepers_priv.h"
#include "node-agent/runtime/proto.h"

#define WATCH_DEADLINE_MS 3000u
#define RETRY_BASE_MS 50u
#define RETRY_MAX_MS 5000u

static void conn_close(struct keeper_conn *c)
{
	loop_poll_free(c->poll);
	c->poll = NULL;
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	c->pub.connected = false;
	c->pub.fresh = false;
}

static void conn_tried(struct keeper_conn *c)
{
	if (c->tried)
		return;
	c->tried = true;
	keepers_settle(c->owner);
}

static void conn_drop(struct keeper_conn *c, const struct err *e)
{
	bool was_connected = c->pub.connected;

	conn_close(c);
	orders_fail(c, e);
	loop_timer_start(c->retry, backoff_next_ms(&c->backoff), 0);
	if (was_connected && c->pub.known)
		c->owner->ops.on_change(c->owner->arg, &c->pub);
	conn_tried(c);
}

static void conn_drop_logged(struct keeper_conn *c, const struct err *e)
{
	log_warn("keeper dropped", "container", c->pub.id, "reason", e->reason, "why", e->message);
	conn_drop(c, e);
}

void keeper_conn_on_deadline(void *arg)
{
	struct order *o = arg;
	struct keeper_conn *c = o->conn;
	struct err e;

	err_set(&e, -ETIMEDOUT, "KeeperSilent", "the keeper of container %s did not answer in time",
		c->pub.id);
	o = order_take(c, o->msg.seq);
	if (o->done)
		o->done(o->arg, NULL, &e);
	order_free(o);
	conn_drop_logged(c, &e);
}

static bool name_ok(const char *s, bool dots)
{
	return !*s || str_is_dns_name(s, dots);
}

/* A keeper runs as root, but what it tells comes from annotations of a pod. */
static int reply_check(
	const struct keeper_conn *c, const void *msg, size_t len, struct keeper_reply *ret, struct err *e)
{
	struct keeper_reply r;
	int rc = proto_check_reply(msg, len, &r, e);

	if (rc)
		return rc;
	if (!str_eq(r.container_id, c->pub.id))
		return err_set(e, -EPROTO, "BadReply", "the keeper says it is another container's");
	if (r.init_pid < 0 || (*r.pod_uid && !str_is_uid(r.pod_uid)) || !name_ok(r.pod_namespace, false) ||
		!name_ok(r.pod_name, true) || !name_ok(r.container, false) || !name_ok(r.escape, true))
		return err_set(e, -EPROTO, "BadReply", "a name in the keeper's reply is not valid");
	*ret = r;
	return 0;
}

static bool reply_changes(const struct keeper *k, const struct keeper_reply *r)
{
	return !k->known || !k->fresh || k->last.state != r->state || k->last.init_pid != r->init_pid;
}

static void reply_keep(struct keeper *k, const struct keeper_reply *r)
{
	k->last = *r;
	k->known = true;
	k->fresh = true;
}

static void reply_deliver(struct order *o, const struct keeper_reply *r)
{
	struct err e = {0};

	if (!o->done)
		return;
	if (r->code) {
		err_set(&e, r->code < 0 ? r->code : -EIO, *r->reason ? r->reason : "KeeperFailed", "%s",
			r->message);
		o->done(o->arg, r, &e);
	} else {
		o->done(o->arg, r, NULL);
	}
}

static void conn_take_reply(struct keeper_conn *c, const struct keeper_reply *r)
{
	struct order *o = r->seq ? order_take(c, r->seq) : NULL;
	bool changes = reply_changes(&c->pub, r);

	reply_keep(&c->pub, r);
	backoff_reset(&c->backoff);
	if (changes)
		c->owner->ops.on_change(c->owner->arg, &c->pub);
	if (o) {
		reply_deliver(o, r);
		order_free(o);
	}
	conn_tried(c);
}

static void conn_send_waiting(struct keeper_conn *c)
{
	struct err e;
	int rc = c->fd >= 0 ? orders_pump(c) : 0;

	if (!rc)
		return;
	err_set(&e, -EPIPE, "KeeperLost", "the keeper of container %s does not take orders: %s", c->pub.id,
		strerror(-rc));
	conn_drop_logged(c, &e);
}

/* False when the connection is over. */
static bool conn_read_one(struct keeper_conn *c)
{
	/* One byte more than a reply: a longer message shows as such. */
	char msg[sizeof(struct keeper_reply) + 1];
	struct keeper_reply r = {0};
	struct err e;
	ssize_t n = recv(c->fd, msg, sizeof(msg), MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {
		err_set(&e, -EPIPE, "KeeperLost", "the keeper of container %s closed the connection",
			c->pub.id);
		conn_drop(c, &e);
		return false;
	}
	if (reply_check(c, msg, (size_t)n, &r, &e)) {
		conn_drop_logged(c, &e);
		return false;
	}
	conn_take_reply(c, &r);
	conn_send_waiting(c);
	return c->fd >= 0;
}

static void on_readable(void *arg, int events)
{
	(void)events;
	while (conn_read_one(arg))
		;
}

static int conn_order(struct keeper_conn *c, const struct keeper_args *a, keeper_done done, void *arg)
{
	struct order *o;
	int rc = order_new(c, a, done, arg, &o);

	if (rc)
		return rc;
	rc = orders_pump(c);
	if (rc)
		order_free(order_take(c, o->msg.seq));
	return rc;
}

int keeper_order(struct keeper *k, const struct keeper_args *args, keeper_done done, void *arg, struct err *e)
{
	struct keeper_conn *c = (struct keeper_conn *)k;
	int rc = k->connected ? conn_order(c, args, done, arg) : -ENOTCONN;

	if (rc)
		return err_set(e, rc, "KeeperLost", "no order can be sent to the keeper of container %s: %s",
			k->id, strerror(-rc));
	return 0;
}

static int conn_open(struct keeper_conn *c)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	struct ucred peer;
	socklen_t len = sizeof(peer);
	auto_close int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int rc;

	if (fd < 0)
		return -errno;
	rc = str_fmt(at.sun_path, sizeof(at.sun_path), "%s/%s/keeper.sock", c->owner->dir, c->pub.id);
	if (rc)
		return rc;
	if (connect(fd, (struct sockaddr *)&at, sizeof(at)))
		return -errno;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len))
		return -errno;
	if (peer.uid != geteuid())
		return -EPERM;
	rc = loop_poll_new(c->owner->loop, fd, LOOP_READ, on_readable, c, &c->poll);
	if (rc)
		return rc;
	c->fd = TAKE_FD(fd);
	return 0;
}

/* Nobody listens any more: the keeper has ended, and its container with it, without a last word. */
static void conn_note_absence(struct keeper_conn *c, int rc)
{
	if ((rc != -ECONNREFUSED && rc != -ENOENT) || !c->pub.known || c->pub.last.state == KEEPER_ENDED)
		return;
	c->pub.last.state = KEEPER_ENDED;
	c->owner->ops.on_change(c->owner->arg, &c->pub);
}

void keeper_conn_try(struct keeper_conn *c)
{
	static const struct keeper_args watch = {.verb = KEEPER_WATCH, .deadline_ms = WATCH_DEADLINE_MS};
	struct err e;
	int rc;

	if (c->fd >= 0)
		return;
	loop_timer_stop(c->retry);
	rc = conn_open(c);
	if (!rc) {
		c->pub.connected = true;
		rc = conn_order(c, &watch, NULL, NULL);
	}
	if (rc) {
		conn_note_absence(c, rc);
		err_set(&e, rc, "KeeperLost", "cannot reach the keeper of container %s: %s", c->pub.id,
			strerror(-rc));
		log_debug("keeper not reached", "container", c->pub.id, "why", e.message);
		conn_drop(c, &e);
	}
}

static void on_retry(void *arg)
{
	keeper_conn_try(arg);
}

int keeper_conn_new(struct keepers *ks, const char *id, struct keeper_conn **ret)
{
	struct keeper_conn *c = calloc(1, sizeof(*c));
	int rc;

	if (!c)
		return -ENOMEM;
	c->owner = ks;
	c->fd = -1;
	c->wd = -1;
	backoff_init(&c->backoff, RETRY_BASE_MS, RETRY_MAX_MS, str_hash64(id, strlen(id)));
	rc = str_copy(c->pub.id, sizeof(c->pub.id), id);
	if (!rc)
		rc = loop_timer_new(ks->loop, on_retry, c, &c->retry);
	if (rc) {
		free(c);
		return rc;
	}
	*ret = c;
	return 0;
}

void keeper_conn_free(struct keeper_conn *c)
{
	struct err e;

	err_set(&e, -ECANCELED, "KeeperGone", "container %s is gone", c->pub.id);
	conn_close(c);
	orders_fail(c, &e);
	loop_timer_free(c->retry);
	free(c);
}
