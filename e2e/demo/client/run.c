/* SPDX-License-Identifier: Apache-2.0 */
#include "client.h"

#include <base/cleanup.h>
#include <base/clock.h>
#include <base/str.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#define CONNECT_MS 250

static volatile sig_atomic_t stopping;

static void on_term(int sig)
{
	(void)sig;
	stopping = 1;
}

static int wait_for(int fd, short events, int ms)
{
	struct pollfd p = {.fd = fd, .events = events};
	int rc = poll(&p, 1, ms);
	return rc > 0 ? 0 : rc == 0 ? -ETIMEDOUT : -errno;
}

static int dial(const char *host, int port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int one = 1, rc, error = 0;
	socklen_t len = sizeof(error);
	auto_close int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (inet_pton(AF_INET, host, &a.sin_addr) != 1)
		return -EINVAL;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) && errno != EINPROGRESS)
		return -errno;
	rc = wait_for(fd, POLLOUT, CONNECT_MS);
	if (rc)
		return rc;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) || error)
		return -(error ? error : EIO);
	return TAKE_FD(fd);
}

/* One line, without its end. */
static int read_line(int fd, char *dst, size_t size, int deadline_ms)
{
	size_t len = 0;
	while (len + 1 < size) {
		int rc = wait_for(fd, POLLIN, deadline_ms);
		if (rc)
			return rc;
		ssize_t n = read(fd, dst + len, size - 1 - len);
		if (n == 0)
			return -ECONNRESET;
		if (n < 0)
			return -errno;
		len += (size_t)n;
		dst[len] = 0;
		char *end = strchr(dst, '\n');
		if (end) {
			*end = 0;
			return 0;
		}
	}
	return -EMSGSIZE;
}

static int answer_parse(const char *line, unsigned long long *ret_count, long *ret_book)
{
	char *end;

	if (!str_starts(line, "n="))
		return -EBADMSG;
	*ret_count = strtoull(line + 2, &end, 10);
	if (end == line + 2 || !str_starts(end, " book="))
		return -EBADMSG;
	line = end + strlen(" book=");
	*ret_book = strtol(line, &end, 10);
	return end == line || *end ? -EBADMSG : 0;
}

static int ask(int fd, int answer_ms, unsigned long long *count, long *book)
{
	char line[256];
	if (send(fd, "ADD\n", 4, MSG_NOSIGNAL) != 4)
		return -errno;
	int rc = read_line(fd, line, sizeof(line), answer_ms);
	if (rc)
		return rc;
	return answer_parse(line, count, book);
}

static int pause_ms(int ms)
{
	return poll(NULL, 0, ms);
}

int client_run(const char *host, int port, const char *log_path, int interval_ms, int reconnect_every,
	int idle_ms, int answer_ms)
{
	auto_fclose FILE *log = fopen(log_path, "w");
	struct sigaction sa = {.sa_handler = on_term};
	int fd = -1, connection = 0, asked = 0;

	if (!log) {
		perror(log_path);
		return 1;
	}
	setvbuf(log, NULL, _IOLBF, 0);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	while (!stopping) {
		if (fd < 0 && (fd = dial(host, port)) < 0) {
			pause_ms(20);
			continue;
		}
		if (asked == 0)
			connection++;
		unsigned long long count = 0;
		long book = 0;
		int64_t sent = clock_wall_ms();
		int rc = ask(fd, answer_ms, &count, &book);
		if (stopping && rc)
			break;
		fprintf(log, "%lld %lld %llu %ld %d\n", (long long)sent, rc ? 0 : (long long)clock_wall_ms(),
			count, book, connection);
		asked++;
		bool rests = !rc && reconnect_every > 0 && asked >= reconnect_every;
		if (rc || rests) {
			close(fd);
			fd = -1;
			asked = 0;
		}
		pause_ms(rests ? idle_ms : interval_ms);
	}
	if (fd >= 0)
		close(fd);
	return 0;
}

int client_attack(const char *host, int port, const char *line)
{
	auto_close int fd = dial(host, port);
	if (fd < 0) {
		fprintf(stderr, "demo-client: cannot connect to %s:%d: %s\n", host, port, strerror(-fd));
		return 1;
	}
	int64_t sent = clock_wall_ms();
	size_t len = strlen(line);
	if (send(fd, line, len, MSG_NOSIGNAL) != (ssize_t)len || send(fd, "\n", 1, MSG_NOSIGNAL) != 1) {
		perror("demo-client: send");
		return 1;
	}
	printf("%lld\n", (long long)sent);
	fflush(stdout);
	/* The connection stays open until the victim is frozen, killed or has answered, as an attacker's
	 * would. */
	char answer[256];
	read_line(fd, answer, sizeof(answer), 3000);
	return 0;
}
