/* SPDX-License-Identifier: Apache-2.0 */
#include <http/listener.h>

#include <arpa/inet.h>
#include <base/cleanup.h>
#include <base/str.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

enum {
	BACKLOG = 128,
	ACCEPTS_PER_TURN = 32,
	PAUSE_MS = 200, /* after the process has run out of descriptors */
};

struct http_listener {
	int fd;
	int port;
	struct loop_poll *poll;
	struct loop_timer *pause;
	http_accepted accepted;
	void *arg;
};

static void on_readable(void *arg, int events)
{
	struct http_listener *l = arg;

	(void)events;
	for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
		int fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd >= 0) {
			l->accepted(l->arg, fd);
			continue;
		}
		/* The socket stays readable: without a pause the loop would spin. */
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
			loop_poll_set(l->poll, 0);
			loop_timer_start(l->pause, PAUSE_MS, 0);
		}
		if (errno != ECONNABORTED && errno != EINTR)
			return;
	}
}

static void on_pause_over(void *arg)
{
	struct http_listener *l = arg;

	loop_poll_set(l->poll, LOOP_READ);
}

static int open_socket(const struct addrinfo *a, int *ret_fd)
{
	auto_close int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int on = 1, off = 0;

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)))
		return -errno;
	/* "::" serves both families, wherever the system's default is otherwise. */
	if (a->ai_family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)))
		return -errno;
	if (bind(fd, a->ai_addr, a->ai_addrlen) || listen(fd, BACKLOG))
		return -errno;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

static int read_port(int fd)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} a = {.v6 = {0}};
	socklen_t len = sizeof(a);

	if (getsockname(fd, &a.any, &len))
		return -errno;
	return ntohs(a.any.sa_family == AF_INET6 ? a.v6.sin6_port : a.v4.sin_port);
}

static int listen_on(const char *address, int port, int *ret_fd, struct err *e)
{
	struct addrinfo hints = {
		.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV};
	struct addrinfo *found = NULL;
	char service[16];
	int rc = str_fmt(service, sizeof(service), "%d", port);

	if (rc || getaddrinfo(address, service, &hints, &found))
		return err_set(e, -EINVAL, "BadAddress", "%s is not a numeric address", address);
	rc = open_socket(found, ret_fd);
	freeaddrinfo(found);
	if (rc)
		return err_set(e, rc, "CannotListen", "cannot listen on %s port %d: %s", address, port,
			strerror(-rc));
	return 0;
}

int http_listener_new(struct loop *loop, const char *address, int port, http_accepted accepted, void *arg,
	struct http_listener **ret, struct err *e)
{
	struct http_listener *l = calloc(1, sizeof(*l));
	int rc;

	if (!l)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for a listener");
	l->fd = -1;
	l->accepted = accepted;
	l->arg = arg;
	rc = listen_on(address, port, &l->fd, e);
	if (!rc) {
		l->port = read_port(l->fd);
		if (loop_timer_new(loop, on_pause_over, l, &l->pause) ||
			loop_poll_new(loop, l->fd, LOOP_READ, on_readable, l, &l->poll))
			rc = err_set(e, -ENOMEM, "OutOfMemory", "no memory for a listener");
	}
	if (rc) {
		http_listener_free(l);
		return rc;
	}
	*ret = l;
	return 0;
}

int http_listener_port(const struct http_listener *l)
{
	return l->port;
}

void http_listener_free(struct http_listener *l)
{
	if (!l)
		return;
	loop_poll_free(l->poll);
	loop_timer_free(l->pause);
	if (l->fd >= 0)
		close(l->fd);
	free(l);
}
