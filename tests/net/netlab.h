/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two nodes on a network, two pods on the first and one on the second, as a bridge CNI with routes between
 * nodes makes them: eight network namespaces that live as long as the test. The test's own thread stands on
 * node A (netlab_stand moves it), so the code under test finds "our" namespace there, as the agent does.
 *
 *   node A 10.88.0.2  cni0 10.244.1.1/24, fd00:1::1/64   pod A1 .5, A2 .6
 *   node B 10.88.0.3  cni0 10.244.2.1/24, fd00:2::1/64   pod B1 .5
 */
#ifndef ESCAPE_TESTS_NETLAB_H
#define ESCAPE_TESTS_NETLAB_H

#include <base/err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum netlab_place { LAN, NODE_A, NODE_B, POD_A1, POD_A2, POD_B1, NETLAB_PLACES };

struct netlab {
	pid_t pid[NETLAB_PLACES];
};

/* Exits 77 where this machine lets us make no namespaces. Setup and teardown of a cmocka test. */
void netlab_need(void);
int netlab_up(void **state);
int netlab_down(void **state);

void netlab_stand(const struct netlab *l, enum netlab_place at);
/* Runs a shell command there; it must succeed. */
void netlab_run(const struct netlab *l, enum netlab_place at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* What it prints. Caller frees. */
char *netlab_read(const struct netlab *l, enum netlab_place at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Sockets of a place. */
int netlab_listen(const struct netlab *l, enum netlab_place at, const char *address, uint16_t port);
int netlab_connect(const struct netlab *l, enum netlab_place at, const char *address, uint16_t port);
int netlab_udp(const struct netlab *l, enum netlab_place at, const char *address,
	uint16_t port); /* address NULL: any */
int netlab_packet(const struct netlab *l, enum netlab_place at, const char *device, uint16_t protocol);

/* The call fails the test with its own reason; it is given `why` as its struct err. */
#define assert_ok(call)                                                                                      \
	do {                                                                                                 \
		struct err err_ = {0};                                                                       \
		struct err *why = &err_;                                                                     \
		if ((call) < 0)                                                                              \
			fail_msg("%s: %s", err_.reason, err_.message);                                       \
	} while (0)

#endif
