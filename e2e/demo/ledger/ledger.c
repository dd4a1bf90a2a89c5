/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ledger: the stateful service of the demo and of the e2e cases. One line per request over TCP:
 *   ADD\n              counts, writes a line to the book, answers "n=<count> book=<bytes>"
 *   REPORT <file>\n    answers the number of lines of a file
 * Its state is in memory (the count, and MB of working set whose checksum is in every answer) and in a file.
 *
 * It has a real weakness, on purpose: REPORT pastes what the client sent into a shell command. A client that
 * sends `REPORT book; sh -c ...` runs what it likes.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CLIENTS_MAX 64
#define LINE_MAX_ 4096

struct client {
	int fd;
	size_t len;
	char line[LINE_MAX_];
};

struct ledger {
	uint64_t count;
	uint8_t *pages; /* working set: page i holds byte i*count of the last pass, so a lost page shows */
	size_t n_pages;
	FILE *book;
	const char *path;
	struct client clients[CLIENTS_MAX];
	size_t n_clients;
};

static void reply(int fd, const char *text)
{
	size_t left = strlen(text);
	while (left > 0) {
		ssize_t n = write(fd, text, left);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		text += n;
		left -= (size_t)n;
	}
}

static void serve_add(struct ledger *l, int fd)
{
	char answer[128];
	l->count++;
	l->pages[(l->count % l->n_pages) * 4096] = (uint8_t)l->count;
	fprintf(l->book, "%020llu\n", (unsigned long long)l->count);
	fflush(l->book);
	snprintf(answer, sizeof(answer), "n=%llu book=%ld\n", (unsigned long long)l->count, ftell(l->book));
	reply(fd, answer);
}

static void serve_report(struct ledger *l, int fd, const char *file)
{
	char command[LINE_MAX_ + 64], answer[256] = "error\n";
	snprintf(command, sizeof(command), "wc -l < %s", *file ? file : l->path);
	FILE *out = popen(command, "r");
	if (out) {
		if (!fgets(answer, sizeof(answer), out))
			strcpy(answer, "error\n");
		pclose(out);
	}
	reply(fd, answer);
}

static void serve_line(struct ledger *l, int fd, char *line)
{
	line[strcspn(line, "\r\n")] = 0;
	if (!strcmp(line, "ADD"))
		serve_add(l, fd);
	else if (!strncmp(line, "REPORT", 6))
		serve_report(l, fd, line[6] == ' ' ? line + 7 : "");
	else
		reply(fd, "error: ADD or REPORT <file>\n");
}

/* Returns 0 when the client is gone. */
static int serve_client(struct ledger *l, struct client *c)
{
	ssize_t n = read(c->fd, c->line + c->len, sizeof(c->line) - 1 - c->len);
	if (n <= 0)
		return n < 0 && (errno == EINTR || errno == EAGAIN);
	c->len += (size_t)n;
	c->line[c->len] = 0;
	char *end;
	while ((end = strchr(c->line, '\n'))) {
		*end = 0;
		serve_line(l, c->fd, c->line);
		c->len -= (size_t)(end + 1 - c->line);
		memmove(c->line, end + 1, c->len + 1);
	}
	return c->len < sizeof(c->line) - 1;
}

static int listen_on(uint16_t port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
	int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
		bind(fd, (struct sockaddr *)&a, sizeof(a)) || listen(fd, 64)) {
		perror("ledger: cannot listen");
		exit(1);
	}
	return fd;
}

static void serve(struct ledger *l, int listener)
{
	struct pollfd fds[CLIENTS_MAX + 1];
	for (;;) {
		fds[0] = (struct pollfd){.fd = listener, .events = l->n_clients < CLIENTS_MAX ? POLLIN : 0};
		for (size_t i = 0; i < l->n_clients; i++)
			fds[i + 1] = (struct pollfd){.fd = l->clients[i].fd, .events = POLLIN};
		size_t n = l->n_clients;
		if (poll(fds, n + 1, -1) < 0)
			continue;
		for (size_t i = n; i-- > 0;) {
			if (!fds[i + 1].revents || serve_client(l, &l->clients[i]))
				continue;
			close(l->clients[i].fd);
			l->clients[i] = l->clients[--l->n_clients];
		}
		if (fds[0].revents & POLLIN) {
			int fd = accept(listener, NULL, NULL);
			if (fd >= 0)
				l->clients[l->n_clients++] = (struct client){.fd = fd};
		}
	}
}

int main(int argc, char **argv)
{
	struct ledger l = {.path = argc > 1 ? argv[1] : "/data/book"};
	size_t mb = argc > 2 ? strtoul(argv[2], NULL, 10) : 8;
	l.n_pages = (mb << 20) / 4096;
	l.pages = malloc(l.n_pages * 4096);
	l.book = fopen(l.path, "a");
	if (!l.pages || !l.n_pages || !l.book) {
		perror("ledger: cannot open the book");
		return 1;
	}
	uint64_t x = 88172645463325252ull; /* not compressible, not shared: every page is really ours */
	for (size_t i = 0; i < l.n_pages * 4096; i += 8) {
		x ^= x << 13, x ^= x >> 7, x ^= x << 17;
		memcpy(l.pages + i, &x, 8);
	}
	signal(SIGPIPE, SIG_IGN);
	setvbuf(stdout, NULL, _IOLBF, 0);
	int listener = listen_on(7000);
	printf("ledger: serving on 7000, book %s, %zu MB\n", l.path, mb);
	serve(&l, listener);
}
