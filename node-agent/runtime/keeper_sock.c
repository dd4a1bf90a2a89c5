/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <base/cleanup.h>
#include <base/clock.h>
#include <base/str.h>

#include "node-agent/runtime/keeper.h"
#include "node-agent/runtime/proto.h"
#include "node-agent/runtime/statedir.h"

#define BACKLOG 16

int sock_listen(struct keeper *k, struct err *e)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	char path[PATH_MAX];
	auto_close int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	statedir_path(path, k->id, "keeper.sock");
	if (str_copy(addr.sun_path, sizeof(addr.sun_path), path))
		return err_set(e, -ENAMETOOLONG, "NoSocket", "%s is too long", path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) || chmod(path, 0600) ||
		listen(fd, BACKLOG))
		return err_set(e, -errno, "NoSocket", "%s: %s", path, strerror(errno));
	for (size_t i = 0; i < KEEPER_CONNS; i++)
		k->conns[i].fd = -1;
	k->listen_fd = TAKE_FD(fd);
	return 0;
}

static void drop(struct keeper_conn *c)
{
	close(c->fd);
	*c = (struct keeper_conn){.fd = -1};
}

static bool peer_is_root(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && peer.uid == 0;
}

/* A slot whose connection is gone may still stand for an order that is being carried out, or for a held
 * start. */
static struct keeper_conn *free_slot(struct keeper *k)
{
	for (size_t i = 0; i < KEEPER_CONNS; i++) {
		struct keeper_conn *c = &k->conns[i];
		if (c->fd < 0 && c != k->current && c != k->starter)
			return c;
	}
	return NULL;
}

static void accept_one(struct keeper *k)
{
	int fd = accept4(k->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct keeper_conn *c = fd < 0 ? NULL : free_slot(k);

	if (fd < 0)
		return;
	if (!c || !peer_is_root(fd)) {
		close(fd);
		return;
	}
	*c = (struct keeper_conn){.fd = fd};
}

void sock_fill_reply(const struct keeper *k, struct keeper_reply *r)
{
	const struct bundle *b = k->bundle;

	*r = (struct keeper_reply){
		.magic = KEEPER_MAGIC,
		.version = KEEPER_VERSION,
		.size = sizeof(*r),
		.state = keeper_state_now(k),
		.init_pid = k->init_pid,
		.keeper_pid = getpid(),
		.rollbacks = k->rollbacks,
		.successor = *b->escape != 0,
	};
	str_copy(r->container_id, sizeof(r->container_id), k->id);
	str_copy(r->pod_namespace, sizeof(r->pod_namespace), b->pod_namespace);
	str_copy(r->pod_name, sizeof(r->pod_name), b->pod_name);
	str_copy(r->pod_uid, sizeof(r->pod_uid), b->pod_uid);
	str_copy(r->container, sizeof(r->container), b->container);
	str_copy(r->image, sizeof(r->image), b->image);
	str_copy(r->escape, sizeof(r->escape), b->escape);
}

void sock_send(struct keeper_conn *c, struct keeper_reply *r, uint64_t seq)
{
	r->seq = seq;
	/* A peer that does not read its answers loses the connection; it must not hold up the container. */
	if (c->fd >= 0 && send(c->fd, r, sizeof(*r), MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)sizeof(*r))
		drop(c);
}

void sock_tell_watchers(struct keeper *k)
{
	struct keeper_reply r;

	if (keeper_state_now(k) == k->told)
		return;
	sock_fill_reply(k, &r);
	k->told = (enum keeper_state)r.state;
	for (size_t i = 0; i < KEEPER_CONNS; i++) {
		if (k->conns[i].fd >= 0 && k->conns[i].watching)
			sock_send(&k->conns[i], &r, 0);
	}
}

static void answer_now(struct keeper *k, struct keeper_conn *c, uint64_t seq, int code, const char *reason,
	const char *message)
{
	struct keeper_reply r;

	sock_fill_reply(k, &r);
	r.code = code;
	str_copy(r.reason, sizeof(r.reason), reason);
	str_copy(r.message, sizeof(r.message), message);
	sock_send(c, &r, seq);
}

static void take_order(struct keeper *k, struct keeper_conn *c, const struct keeper_order *o)
{
	if (o->verb == KEEPER_STATUS || o->verb == KEEPER_WATCH) {
		c->watching |= o->verb == KEEPER_WATCH;
		answer_now(k, c, o->seq, 0, NULL, NULL);
	} else if (o->order_id && o->order_id == k->current_id) {
		c->attached_seq = o->seq;
	} else if (c->pending) {
		answer_now(k, c, o->seq, -EBUSY, "Busy",
			"an earlier order of this connection waits to be carried out");
	} else {
		c->order = *o;
		c->pending = true;
		c->arrived_at = clock_monotonic_ms();
		c->place = k->next_place++;
	}
}

static void receive(struct keeper *k, struct keeper_conn *c)
{
	char message[sizeof(struct keeper_order) + 1];
	struct keeper_order o;
	ssize_t n = recv(c->fd, message, sizeof(message), MSG_DONTWAIT | MSG_TRUNC);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0 || proto_check_order(message, (size_t)n, &o, NULL)) {
		drop(c);
		return;
	}
	take_order(k, c, &o);
}

static void serve(struct keeper *k, const struct pollfd *fds, struct keeper_conn *const *of, nfds_t count)
{
	char ignored[1024];

	if (fds[1].revents) {
		while (read(k->signal_fd, ignored, sizeof(ignored)) > 0)
			;
	}
	for (nfds_t i = 2; i < count; i++) {
		if (fds[i].revents)
			receive(k, of[i]);
	}
	if (fds[0].revents)
		accept_one(k);
}

void sock_wait(void *ctx, struct pollfd *fds, nfds_t count, int timeout_ms)
{
	struct keeper *k = ctx;
	struct pollfd all[2 + KEEPER_CONNS + PROC_PUMP_FDS] = {
		{.fd = k->listen_fd, .events = POLLIN}, {.fd = k->signal_fd, .events = POLLIN}};
	struct keeper_conn *of[ARRAY_LEN(all)] = {NULL};
	nfds_t n = 2;

	for (size_t i = 0; i < KEEPER_CONNS; i++) {
		if (k->conns[i].fd < 0)
			continue;
		of[n] = &k->conns[i];
		all[n++] = (struct pollfd){.fd = k->conns[i].fd, .events = POLLIN};
	}
	for (nfds_t i = 0; i < count; i++)
		all[n + i] = fds[i];
	bool ready = poll(all, n + count, timeout_ms) > 0;
	for (nfds_t i = 0; i < count; i++)
		fds[i].revents = ready ? all[n + i].revents : 0;
	if (ready)
		serve(k, all, of, n);
}

struct keeper_conn *sock_next_order(struct keeper *k)
{
	struct keeper_conn *next = NULL;

	for (size_t i = 0; i < KEEPER_CONNS; i++) {
		struct keeper_conn *c = &k->conns[i];
		if (c->fd >= 0 && c->pending && (!next || c->place < next->place))
			next = c;
	}
	return next;
}

bool sock_order_waits(const struct keeper *k, enum keeper_verb verb)
{
	for (size_t i = 0; i < KEEPER_CONNS; i++) {
		const struct keeper_conn *c = &k->conns[i];
		if (c->fd >= 0 && c->pending && c->order.verb == verb)
			return true;
	}
	return false;
}
