/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What runs in the containers of the component test. `serve PORT [FILE]`: answers each line with a counter
 * kept in memory and the length of FILE (/state), which grows by one byte each time; ends with 7 on SIGTERM.
 * `crowd PORT FILE`: the same beside two more threads and two more processes. `exit N`. `uring`: holds what
 * CRIU cannot dump. `wait`: does nothing.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PEERS 32
#define CROWD 2
#define EXIT_ON_TERM 7

static void on_term(int signal_number)
{
	(void)signal_number;
	_exit(EXIT_ON_TERM);
}

static int listen_on(int port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int s = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(s, (struct sockaddr *)&a, sizeof(a)) || listen(s, PEERS)) {
		perror("listen");
		exit(1);
	}
	return s;
}

/* Returns 0 when the peer is gone. */
static int answer(int peer, int file, long *counter)
{
	char line[256], reply[64];
	struct stat st;

	ssize_t got = read(peer, line, sizeof(line));
	if (got < 0 && errno == EINTR)
		return 1;
	if (got <= 0)
		return 0;
	++*counter;
	if (write(file, "x", 1) != 1 || fstat(file, &st))
		return 0;
	int n = snprintf(reply, sizeof(reply), "%ld %ld\n", *counter, (long)st.st_size);
	return write(peer, reply, (size_t)n) == n;
}

__attribute__((noreturn)) static void *idle(void *arg)
{
	(void)arg;
	for (;;)
		pause();
}

static void gather(void)
{
	pthread_t thread;

	for (int i = 0; i < CROWD; i++) {
		pid_t pid = fork();
		if (pid == 0)
			idle(NULL);
		if (pid < 0 || pthread_create(&thread, NULL, idle, NULL)) {
			perror("crowd");
			exit(1);
		}
	}
}

__attribute__((noreturn)) static void serve(int port, const char *path)
{
	struct pollfd p[PEERS + 1] = {{.fd = listen_on(port), .events = POLLIN}};
	int n = 1, file = open(path, O_WRONLY | O_CREAT | O_APPEND, 0644);
	long counter = 0;

	signal(SIGPIPE, SIG_IGN);
	puts("ready");
	fflush(stdout);
	for (;;) {
		/* A dump interrupts poll, as a signal would. */
		if (poll(p, (nfds_t)n, -1) < 0)
			continue;
		for (int i = 1; i < n; i++) {
			if (p[i].revents && !answer(p[i].fd, file, &counter)) {
				close(p[i].fd);
				p[i--] = p[--n];
			}
		}
		if (p[0].revents && n <= PEERS)
			p[n++] = (struct pollfd){.fd = accept(p[0].fd, NULL, NULL), .events = POLLIN};
	}
}

static void hold_ring(void)
{
	char params[256] = {0};

	if (syscall(SYS_io_uring_setup, 4, params) < 0)
		perror("io_uring_setup");
	puts("ready");
	fflush(stdout);
}

int main(int argc, char **argv)
{
	signal(SIGTERM, on_term);
	if (argc == 4 && !strcmp(argv[1], "crowd")) {
		gather();
		serve((int)strtol(argv[2], NULL, 10), argv[3]);
	}
	if (argc >= 3 && !strcmp(argv[1], "serve"))
		serve((int)strtol(argv[2], NULL, 10), argc > 3 ? argv[3] : "/state");
	if (argc == 3 && !strcmp(argv[1], "exit"))
		return (int)strtol(argv[2], NULL, 10);
	if (argc == 3 && !strcmp(argv[1], "nap"))
		return poll(NULL, 0, (int)strtol(argv[2], NULL, 10));
	if (argc == 2 && !strcmp(argv[1], "uring"))
		hold_ring();
	for (;;)
		pause();
}
