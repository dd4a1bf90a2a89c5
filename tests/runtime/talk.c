/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client of prey. `talk ADDRESS PORT N`: N questions over one connection, prints the last answer. `talk
 * ADDRESS PORT hold`: asks, prints the answer, asks nothing more, prints "eof" or "reset" when the other side
 * closes. `talk ADDRESS PORT stream FILE`: asks until FILE is there, and then a few times more; prints
 * "began" with the first answer, at the end the number of questions, of those lost or out of order, and the
 * longest wait in ms.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define AFTERWARDS 100

static char reply[256];

static int connect_to(const char *address, int port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int s = socket(AF_INET, SOCK_STREAM, 0);

	inet_pton(AF_INET, address, &a.sin_addr);
	if (connect(s, (struct sockaddr *)&a, sizeof(a))) {
		perror("connect");
		exit(1);
	}
	return s;
}

static int ask(int s)
{
	if (write(s, "?\n", 2) != 2)
		return -1;
	ssize_t n = read(s, reply, sizeof(reply) - 1);
	if (n <= 0)
		return -1;
	reply[n] = 0;
	return 0;
}

static long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int stream(int s, const char *until)
{
	long asked = 0, wrong = 0, last = 0, longest = 0;

	for (int left = AFTERWARDS; left > 0; left -= !access(until, F_OK)) {
		long began = now_ms();
		if (ask(s)) {
			printf("broken after %ld: %s\n", asked, strerror(errno));
			return 1;
		}
		long counter = strtol(reply, NULL, 10), took = now_ms() - began;
		if (!asked) {
			puts("began");
			fflush(stdout);
		}
		wrong += asked++ && counter != last + 1;
		last = counter;
		longest = took > longest ? took : longest;
	}
	printf("asked=%ld wrong=%ld longest_ms=%ld\n", asked, wrong, longest);
	return wrong != 0;
}

static int hold(int s)
{
	if (ask(s))
		return 1;
	fputs(reply, stdout);
	fflush(stdout);
	ssize_t n = read(s, reply, sizeof(reply));
	puts(n == 0 ? "eof" : n < 0 && errno == ECONNRESET ? "reset" : "unexpected");
	return 0;
}

int main(int argc, char **argv)
{
	if (argc < 4)
		return 2;
	int s = connect_to(argv[1], (int)strtol(argv[2], NULL, 10));
	if (!strcmp(argv[3], "hold"))
		return hold(s);
	if (!strcmp(argv[3], "stream"))
		return stream(s, argv[4]);
	for (int i = (int)strtol(argv[3], NULL, 10); i > 0; i--) {
		if (ask(s))
			return 1;
	}
	fputs(reply, stdout);
	return 0;
}
