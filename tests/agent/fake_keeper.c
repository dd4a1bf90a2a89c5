/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_keeper.h"

#include <base/io.h>
#include <base/str.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "node-agent/runtime/proto.h"

static void conn_close(struct fake_keeper *k, int i)
{
	loop_poll_free(k->conns[i].poll);
	close(k->conns[i].fd);
	k->conns[i].fd = -1;
	k->conns[i].poll = NULL;
	k->conns[i].watching = false;
}

static void spoil(const struct fake_keeper *k, struct keeper_reply *r)
{
	if (k->manner == FAKE_OLD_VERSION)
		r->version = KEEPER_VERSION - 1;
	else if (k->manner == FAKE_UNENDED)
		memset(r->message, 'x', sizeof(r->message));
	else if (k->manner == FAKE_OTHER_ID)
		str_copy(r->container_id, sizeof(r->container_id), "another");
	else if (k->manner == FAKE_BAD_NAME)
		str_copy(r->pod_name, sizeof(r->pod_name), "../../etc");
}

static void reply_send(struct fake_keeper *k, int i, struct keeper_reply r, uint64_t seq)
{
	char wire[sizeof(r) + 8] = {0};
	size_t len = sizeof(r);

	r.seq = seq;
	spoil(k, &r);
	memcpy(wire, &r, sizeof(r));
	if (k->manner == FAKE_SHORT)
		len -= 8;
	else if (k->manner == FAKE_LONG)
		len += 8;
	/* An agent that has hung up meanwhile does not read it. */
	if (k->manner != FAKE_SILENT && k->conns[i].fd >= 0 &&
		send(k->conns[i].fd, wire, len, MSG_NOSIGNAL) != (ssize_t)len)
		assert_int_equal(errno, EPIPE);
}

void fake_keeper_state(struct fake_keeper *k, enum keeper_state state)
{
	if (k->reply.state == state)
		return;
	k->reply.state = state;
	for (int i = 0; i < FAKE_CONNS; i++)
		if (k->conns[i].fd >= 0 && k->conns[i].watching)
			reply_send(k, i, k->reply, 0);
}

static void snapshot_write(const struct keeper_order *o)
{
	char path[600], text[64];

	snprintf(path, sizeof(path), "%s/img", o->dir);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/img/pages-1.img", o->dir);
	snprintf(text, sizeof(text), "memory of order %llx", (unsigned long long)o->order_id);
	assert_int_equal(io_write_file_atomic(path, text, strlen(text), 0600), 0);
	snprintf(path, sizeof(path), "%s/upper.tar", o->dir);
	assert_int_equal(io_write_file_atomic(path, "upper", 5, 0600), 0);
}

static bool dump_is_there(const struct keeper_order *o)
{
	char path[600];

	snprintf(path, sizeof(path), "%s/img/pages-1.img", o->dir);
	return !access(path, F_OK);
}

static void spoilt(struct keeper_reply *r, const char *reason, const char *message)
{
	r->code = -EIO;
	str_copy(r->reason, sizeof(r->reason), reason);
	str_copy(r->message, sizeof(r->message), message);
}

static void restore(struct fake_keeper *k, const struct keeper_order *o, struct keeper_reply *r)
{
	if (k->fail_reason || !dump_is_there(o)) {
		spoilt(r, k->fail_reason ? k->fail_reason : "DumpIncomplete", "scripted");
		k->fail_reason = NULL;
		if (k->fail_ends)
			k->reply.state = KEEPER_ENDED;
		return;
	}
	k->reply.state = KEEPER_RUNNING;
	k->reply.init_pid++;
	k->reply.rollbacks++;
	r->ms[KEEPER_MS_KILL] = 3;
	r->ms[KEEPER_MS_FILES] = 5;
	r->ms[KEEPER_MS_RESTORE] = 60;
}

static void snapshot(struct fake_keeper *k, const struct keeper_order *o, struct keeper_reply *r)
{
	if (k->fail_reason) {
		spoilt(r, k->fail_reason, "scripted");
		k->fail_reason = NULL;
		return;
	}
	snapshot_write(o);
	if (o->flags & KEEPER_F_KEEP_FROZEN)
		k->reply.state = KEEPER_FROZEN;
	r->ms[KEEPER_MS_DUMP] = 100;
}

static void carry_out(struct fake_keeper *k, const struct keeper_order *o, struct keeper_reply *r)
{
	if (!proto_verb_allowed(o->verb, k->reply.state)) {
		spoilt(r, "WrongState", proto_state_name(k->reply.state));
		return;
	}
	k->orders[o->verb]++;
	k->order = *o;
	switch (o->verb) {
	case KEEPER_SNAPSHOT:
		snapshot(k, o, r);
		break;
	case KEEPER_RESTORE:
		restore(k, o, r);
		break;
	case KEEPER_FREEZE:
		k->reply.state = KEEPER_FROZEN;
		break;
	case KEEPER_THAW:
	case KEEPER_RELEASE:
		k->reply.state = KEEPER_RUNNING;
		break;
	default:
		k->reply.state = KEEPER_ENDED;
		break;
	}
}

static void order_do(struct fake_keeper *k, int i, const struct keeper_order *o)
{
	struct keeper_reply steps = k->reply, r;
	uint32_t before = k->reply.state;

	k->received[o->verb]++;
	if (o->order_id && o->order_id == k->last_id) {
		reply_send(k, i, k->last, o->seq);
		return;
	}
	carry_out(k, o, &steps);
	r = k->reply;
	r.code = steps.code;
	memcpy(r.ms, steps.ms, sizeof(r.ms));
	memcpy(r.reason, steps.reason, sizeof(r.reason));
	memcpy(r.message, steps.message, sizeof(r.message));
	if (o->order_id) {
		k->last_id = o->order_id;
		k->last = r;
	}
	reply_send(k, i, r, o->seq);
	if (k->reply.state != before) {
		enum keeper_state now = k->reply.state;

		k->reply.state = before;
		fake_keeper_state(k, now);
	}
}

void fake_keeper_answer(struct fake_keeper *k)
{
	assert_true(k->slow.seq != 0);
	k->manner = FAKE_GOOD;
	order_do(k, k->slow_conn, &k->slow);
	k->slow.seq = 0;
}

static void order_take(struct fake_keeper *k, int i, const struct keeper_order *o)
{
	if (o->verb == KEEPER_WATCH || o->verb == KEEPER_STATUS) {
		k->conns[i].watching |= o->verb == KEEPER_WATCH;
		k->received[o->verb]++;
		reply_send(k, i, k->reply, o->seq);
	} else if (k->manner == FAKE_SLOW) {
		assert_int_equal(k->slow.seq, 0);
		k->slow = *o;
		k->slow_conn = i;
		fake_keeper_state(k, KEEPER_BUSY);
	} else {
		order_do(k, i, o);
	}
}

static void on_conn(void *arg, int events)
{
	struct {
		struct fake_keeper *owner;
		int fd;
	} *c = arg;
	struct fake_keeper *k = c->owner;
	struct keeper_order o;
	char wire[sizeof(o) + 1];
	int i = 0;
	ssize_t n = recv(c->fd, wire, sizeof(wire), MSG_DONTWAIT);

	(void)events;
	while (&k->conns[i].owner != &c->owner)
		i++;
	if (n < 0)
		return;
	if (n == 0 || proto_check_order(wire, (size_t)n, &o, NULL)) {
		conn_close(k, i);
		return;
	}
	assert_true(o.verb == KEEPER_WATCH || str_eq(o.pod_uid, k->reply.pod_uid));
	order_take(k, i, &o);
}

static void on_listen(void *arg, int events)
{
	struct fake_keeper *k = arg;
	int fd = accept4(k->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	int i = 0;

	(void)events;
	if (fd < 0)
		return;
	while (i < FAKE_CONNS && k->conns[i].fd >= 0)
		i++;
	assert_true(i < FAKE_CONNS);
	k->conns[i].owner = k;
	k->conns[i].fd = fd;
	assert_int_equal(loop_poll_new(k->loop, fd, LOOP_READ, on_conn, &k->conns[i], &k->conns[i].poll), 0);
}

void fake_keeper_listen(struct fake_keeper *k)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};

	assert_int_equal(str_fmt(at.sun_path, sizeof(at.sun_path), "%s/keeper.sock", k->dir), 0);
	unlink(at.sun_path);
	k->listen_fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_true(k->listen_fd >= 0);
	assert_int_equal(bind(k->listen_fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(k->listen_fd, 8), 0);
	assert_int_equal(loop_poll_new(k->loop, k->listen_fd, LOOP_READ, on_listen, k, &k->listen_poll), 0);
}

void fake_keeper_start(struct fake_keeper *k, struct loop *l, const char *root, const char *id)
{
	k->loop = l;
	for (int i = 0; i < FAKE_CONNS; i++)
		k->conns[i].fd = -1;
	k->reply.magic = KEEPER_MAGIC;
	k->reply.version = KEEPER_VERSION;
	k->reply.size = sizeof(k->reply);
	if (!k->reply.state)
		k->reply.state = KEEPER_RUNNING;
	str_copy(k->reply.container_id, sizeof(k->reply.container_id), id);
	assert_int_equal(str_fmt(k->dir, sizeof(k->dir), "%s/%s", root, id), 0);
	assert_int_equal(io_mkdirs(k->dir, 0700), 0);
	fake_keeper_listen(k);
}

void fake_keeper_stop(struct fake_keeper *k)
{
	if (k->listen_fd < 0)
		return;
	for (int i = 0; i < FAKE_CONNS; i++)
		if (k->conns[i].fd >= 0)
			conn_close(k, i);
	loop_poll_free(k->listen_poll);
	close(k->listen_fd);
	k->listen_fd = -1;
}

void fake_keeper_remove(struct fake_keeper *k)
{
	fake_keeper_stop(k);
	assert_int_equal(io_remove_tree(k->dir), 0);
}
