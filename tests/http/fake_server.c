/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	MAX_CONNS = 64,
	INPUT_MAX = 1 << 20,
};

struct fake_conn {
	int fd;
	char *input;
	size_t len;
	bool upgraded;
	bool closing;
};

struct fake {
	int listener;
	int wake[2];
	int port;
	char url[64];
	pthread_t thread;
	atomic_uint requests;
	struct fake_conn *conns[MAX_CONNS];
	fake_handler handler;
	void *arg;
};

static void die(const char *what)
{
	perror(what);
	abort();
}

void fake_raw(struct fake_conn *c, const void *data, size_t len)
{
	const char *p = data;

	/* A client that went away is part of some scripts. */
	while (len) {
		ssize_t n = send(c->fd, p, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			c->closing = true;
			return;
		}
		p += n;
		len -= (size_t)n;
	}
}

static void raw_text(struct fake_conn *c, const char *text)
{
	fake_raw(c, text, strlen(text));
}

void fake_reply(struct fake_conn *c, int status, const char *headers, const char *body)
{
	char head[1024];

	snprintf(head, sizeof(head),
		"HTTP/1.1 %d Scripted\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n%s\r\n",
		status, strlen(body), headers ? headers : "");
	raw_text(c, head);
	raw_text(c, body);
}

void fake_chunked(struct fake_conn *c)
{
	raw_text(
		c, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
}

void fake_chunk(struct fake_conn *c, const char *text)
{
	char head[32];

	snprintf(head, sizeof(head), "%zx\r\n", strlen(text));
	raw_text(c, head);
	raw_text(c, text);
	raw_text(c, "\r\n");
}

void fake_chunked_end(struct fake_conn *c)
{
	raw_text(c, "0\r\n\r\n");
}

static void header_value(const char *head, const char *name, char *dst, size_t size)
{
	const char *p = strcasestr(head, name);

	dst[0] = 0;
	if (!p)
		return;
	p += strlen(name);
	p += strspn(p, ": ");
	snprintf(dst, size, "%.*s", (int)strcspn(p, "\r\n"), p);
}

void fake_upgrade(struct fake_conn *c, const struct fake_request *r)
{
	char key[128], text[256];
	unsigned char digest[SHA_DIGEST_LENGTH], accept[64];

	header_value(r->head, "\nSec-WebSocket-Key", key, sizeof(key));
	snprintf(text, sizeof(text), "%s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key);
	SHA1((const unsigned char *)text, strlen(text), digest);
	EVP_EncodeBlock(accept, digest, sizeof(digest));
	snprintf(text, sizeof(text),
		"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: "
		"Upgrade\r\nSec-WebSocket-Accept: "
		"%s\r\n\r\n",
		(const char *)accept);
	raw_text(c, text);
	c->upgraded = true;
}

void fake_frame(struct fake_conn *c, int opcode, bool fin, const void *data, size_t len)
{
	unsigned char head[10] = {(unsigned char)(opcode | (fin ? 0x80 : 0))};
	size_t n = 2;

	if (len < 126) {
		head[1] = (unsigned char)len;
	} else if (len < 65536) {
		head[1] = 126;
		head[2] = (unsigned char)(len >> 8);
		head[3] = (unsigned char)len;
		n = 4;
	} else {
		head[1] = 127;
		for (int i = 0; i < 8; i++)
			head[2 + i] = (unsigned char)((unsigned long long)len >> (56 - 8 * i));
		n = 10;
	}
	fake_raw(c, head, n);
	fake_raw(c, data, len);
}

void fake_text(struct fake_conn *c, const char *text)
{
	fake_frame(c, FAKE_TEXT, true, text, strlen(text));
}

void fake_close(struct fake_conn *c)
{
	c->closing = true;
}

void fake_reset(struct fake_conn *c)
{
	struct linger linger = {.l_onoff = 1};

	setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	c->closing = true;
}

static void conn_free(struct fake_conn *c)
{
	close(c->fd);
	free(c->input);
	free(c);
}

/* One complete request at the start of the input: its length, else 0. */
static size_t request_length(const struct fake_conn *c, size_t *ret_head)
{
	char text[32];
	const char *end;

	c->input[c->len] = 0;
	end = strstr(c->input, "\r\n\r\n");
	if (!end)
		return 0;
	*ret_head = (size_t)(end - c->input) + 4;
	header_value(c->input, "\nContent-Length", text, sizeof(text));
	size_t body = strtoul(text, NULL, 10);

	return c->len >= *ret_head + body ? *ret_head + body : 0;
}

static void serve(struct fake *f, struct fake_conn *c)
{
	size_t head_len, len;

	while (!c->closing && !c->upgraded && (len = request_length(c, &head_len))) {
		char *head = strndup(c->input, head_len),
		     *body = strndup(c->input + head_len, len - head_len);
		char method[16], target[8192], upgrade[64];

		if (!head || !body || sscanf(head, "%15s %8191s", method, target) != 2)
			die("request");
		header_value(head, "\nUpgrade", upgrade, sizeof(upgrade));
		struct fake_request r = {
			.method = method,
			.target = target,
			.head = head,
			.body = body,
			.body_len = len - head_len,
			.number = atomic_fetch_add(&f->requests, 1),
			.upgrade = !strcasecmp(upgrade, "websocket"),
		};

		c->len -= len;
		memmove(c->input, c->input + len, c->len);
		f->handler(f->arg, c, &r);
		free(head);
		free(body);
	}
}

static void receive(struct fake *f, struct fake_conn *c)
{
	ssize_t n = recv(c->fd, c->input + c->len, INPUT_MAX - c->len, 0);

	if (n <= 0) {
		c->closing = true;
		return;
	}
	if (c->upgraded)
		return; /* pings and closes of the client */
	c->len += (size_t)n;
	serve(f, c);
}

static void accept_one(struct fake *f)
{
	struct fake_conn *c = calloc(1, sizeof(*c));

	if (!c)
		die("calloc");
	c->fd = accept4(f->listener, NULL, NULL, SOCK_CLOEXEC);
	c->input = malloc(INPUT_MAX + 1);
	if (c->fd < 0 || !c->input)
		die("accept");
	for (size_t i = 0; i < MAX_CONNS; i++) {
		if (f->conns[i])
			continue;
		f->conns[i] = c;
		return;
	}
	die("too many connections");
}

static void *run(void *arg)
{
	struct fake *f = arg;

	for (;;) {
		struct pollfd fds[MAX_CONNS + 2] = {
			{.fd = f->wake[0], .events = POLLIN}, {.fd = f->listener, .events = POLLIN}};

		for (size_t i = 0; i < MAX_CONNS; i++)
			fds[i + 2] =
				(struct pollfd){.fd = f->conns[i] ? f->conns[i]->fd : -1, .events = POLLIN};
		if (poll(fds, MAX_CONNS + 2, -1) < 0 && errno != EINTR)
			die("poll");
		if (fds[0].revents)
			return NULL;
		for (size_t i = 0; i < MAX_CONNS; i++)
			if (fds[i + 2].revents && f->conns[i])
				receive(f, f->conns[i]);
		for (size_t i = 0; i < MAX_CONNS; i++) {
			if (!f->conns[i] || !f->conns[i]->closing)
				continue;
			conn_free(f->conns[i]);
			f->conns[i] = NULL;
		}
		if (fds[1].revents)
			accept_one(f);
	}
}

struct fake *fake_start(fake_handler handler, void *arg)
{
	struct fake *f = calloc(1, sizeof(*f));
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(a);

	if (!f)
		die("calloc");
	f->handler = handler;
	f->arg = arg;
	f->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (f->listener < 0 || bind(f->listener, (struct sockaddr *)&a, len) || listen(f->listener, 64) ||
		getsockname(f->listener, (struct sockaddr *)&a, &len) || pipe(f->wake))
		die("listen");
	f->port = ntohs(a.sin_port);
	snprintf(f->url, sizeof(f->url), "http://127.0.0.1:%d", f->port);
	if (pthread_create(&f->thread, NULL, run, f))
		die("pthread_create");
	return f;
}

int fake_port(const struct fake *f)
{
	return f->port;
}

const char *fake_url(const struct fake *f)
{
	return f->url;
}

unsigned fake_requests(struct fake *f)
{
	return atomic_load(&f->requests);
}

void fake_stop(struct fake *f)
{
	if (write(f->wake[1], "", 1) != 1)
		die("write");
	pthread_join(f->thread, NULL);
	for (size_t i = 0; i < MAX_CONNS; i++)
		if (f->conns[i])
			conn_free(f->conns[i]);
	close(f->listener);
	close(f->wake[0]);
	close(f->wake[1]);
	free(f);
}
