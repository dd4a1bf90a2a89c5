/* SPDX-License-Identifier: Apache-2.0 */
#include "netlab.h"

#include <arpa/inet.h>
#include <errno.h>
#include <node-agent/net/netswitch.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

#define FOREVER_MS 60000

static const struct net_route on_b = {.address = "10.244.1.5", .via = "10.88.0.3"};
static const struct net_route on_b6 = {.address = "fd00:1::5", .via = "fd00:88::3"};
static const struct net_route here = {.address = "10.244.1.5", .local = true, .device = "cni0"};
static const struct net_route here6 = {.address = "fd00:1::5", .local = true, .device = "cni0"};

/* All routes and proxies of the node, for comparison. Caller frees. */
static char *node_state(const struct netlab *l, enum netlab_place node)
{
	return netlab_read(l, node,
		"ip -4 route show; ip -6 route show | grep -v ^fe80; ip -4 neigh show proxy; ip -6 neigh "
		"show proxy");
}

static void assert_has(const struct netlab *l, const char *line, bool yes)
{
	char *text = node_state(l, NODE_A);

	if (!strstr(text, line) == yes)
		fail_msg("%s is %s in:\n%s", line, yes ? "not" : "still", text);
	free(text);
}

static void routes_follow_what_is_wanted(void **state)
{
	const struct netlab *l = *state;
	const struct net_route both[] = {on_b, on_b6},
			       other[] = {{.address = "10.244.1.77", .via = "10.88.0.3"}};
	char *before = node_state(l, NODE_A), *after;

	for (int i = 0; i < 2; i++) {
		assert_ok(net_routes_apply(both, 2, why));
		assert_has(l, "10.244.1.5 via 10.88.0.3 dev eth0 proto 169", true);
		assert_has(l, "fd00:1::5 via fd00:88::3 dev eth0 proto 169", true);
		assert_has(l, "10.244.1.5 dev cni0 proxy", true);
		assert_has(l, "fd00:1::5 dev cni0 proxy", true);
	}
	assert_ok(net_routes_apply(&here, 1, why));
	assert_has(l, "10.244.1.5 dev cni0 proto 169 scope link", true);
	assert_has(l, "10.88.0.3 dev eth0 proto 169", false);
	assert_has(l, "fd00:1::5", false);
	assert_has(l, "proxy", false);
	assert_ok(net_routes_apply(&here6, 1, why));
	assert_has(l, "fd00:1::5 dev cni0 proto 169", true);
	assert_ok(net_routes_apply(other, 1, why));
	assert_has(l, "10.244.1.77 via 10.88.0.3", true);
	assert_has(l, "10.244.1.77 dev cni0 proxy", true);
	assert_has(l, "10.244.1.5", false);
	assert_ok(net_routes_apply(NULL, 0, why));
	after = node_state(l, NODE_A);
	assert_string_equal(before, after);
	free(before);
	free(after);
}

static void foreign_routes_are_neither_replaced_nor_removed(void **state)
{
	const struct netlab *l = *state;
	struct err e;

	netlab_run(l, NODE_A, "ip route add 10.244.1.5/32 via 10.88.0.9 proto static");
	netlab_run(l, NODE_A, "ip route add 10.244.1.6/32 via 10.88.0.9 proto static metric 69");
	netlab_run(l, NODE_A, "ip route add 10.77.0.0/16 via 10.88.0.9 proto 169 metric 69");
	assert_ok(net_routes_apply(&on_b, 1, why));
	assert_ok(net_routes_apply(NULL, 0, why));
	assert_has(l, "10.244.1.5 via 10.88.0.9 dev eth0 proto static", true);
	assert_has(l, "10.244.1.6 via 10.88.0.9 dev eth0 proto static metric 69", true);
	assert_has(l, "10.77.0.0/16 via 10.88.0.9", true);
	assert_int_equal(
		net_routes_apply(&(struct net_route){.address = "10.244.1.6", .via = "10.88.0.3"}, 1, &e),
		-EEXIST);
	assert_string_equal(e.reason, "ForeignRoute");
	assert_has(l, "10.244.1.6 via 10.88.0.9 dev eth0 proto static metric 69", true);
}

static void bad_routes_are_refused_before_anything_changes(void **state)
{
	static const struct {
		struct net_route route;
		const char *reason;
	} bad[] = {
		{{.address = "10.244.1.500", .via = "10.88.0.3"}, "BadAddress"},
		{{.address = "10.244.1.5", .via = ""}, "BadAddress"},
		{{.address = "10.244.1.5", .via = "fd00:88::3"}, "BadAddress"},
		{{.address = "10.244.1.5", .local = true, .device = "nowhere0"}, "NoNodeDevice"},
		{{.address = "10.244.1.5", .local = true}, "NoNodeDevice"},
	};
	const struct netlab *l = *state;
	struct err e;

	assert_ok(net_routes_apply(&on_b6, 1, why));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_true(net_routes_apply(&bad[i].route, 1, &e) < 0);
		assert_string_equal(e.reason, bad[i].reason);
		assert_has(l, "fd00:1::5 via", true);
	}
}

static struct sockaddr_in to_port(const char *address, uint16_t port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};

	assert_int_equal(inet_pton(AF_INET, address, &a.sin_addr), 1);
	return a;
}

/* One datagram there, and one back to where it came from. */
static void assert_answers(int client, int server, const char *address, uint16_t port)
{
	struct sockaddr_in to = to_port(address, port), from;
	struct pollfd s = {.fd = server, .events = POLLIN}, c = {.fd = client, .events = POLLIN};
	socklen_t len = sizeof(from);
	char byte;

	assert_int_equal(sendto(client, "q", 1, 0, (struct sockaddr *)&to, sizeof(to)), 1);
	assert_int_equal(poll(&s, 1, FOREVER_MS), 1);
	assert_int_equal(recvfrom(server, &byte, 1, 0, (struct sockaddr *)&from, &len), 1);
	assert_int_equal(sendto(server, "a", 1, 0, (struct sockaddr *)&from, sizeof(from)), 1);
	assert_int_equal(poll(&c, 1, FOREVER_MS), 1);
	assert_int_equal(recv(client, &byte, 1, 0), 1);
	assert_int_equal(byte, 'a');
}

/* The address moves from pod A1 to pod B1: everybody finds it there, the neighbour on the old bridge and a
 * cold one included, and back. */
static void moved_address_is_reached_from_everywhere(void **state)
{
	const struct netlab *l = *state;
	int old = netlab_udp(l, POD_A1, "10.244.1.5", 9000), moved;
	int neighbour = netlab_udp(l, POD_A2, NULL, 0), far = netlab_udp(l, POD_B1, "10.244.2.5", 0);
	int node_a = netlab_udp(l, NODE_A, NULL, 0), node_b = netlab_udp(l, NODE_B, NULL, 0);

	assert_answers(neighbour, old, "10.244.1.5", 9000); /* its ARP table names the old place now */
	assert_answers(node_a, old, "10.244.1.5", 9000);
	assert_answers(far, old, "10.244.1.5", 9000);

	assert_ok(net_pod_cut(l->pid[POD_A1], why));
	netlab_stand(l, NODE_B);
	assert_ok(net_pod_address_add(l->pid[POD_B1], "10.244.1.5", why));
	assert_ok(net_routes_apply(&here, 1, why));
	assert_ok(net_pod_announce(l->pid[POD_B1], "10.244.1.5", why));
	netlab_stand(l, NODE_A);
	assert_ok(net_routes_apply(&on_b, 1, why));

	moved = netlab_udp(l, POD_B1, "10.244.1.5", 9000);
	assert_answers(neighbour, moved, "10.244.1.5", 9000);
	assert_answers(node_a, moved, "10.244.1.5", 9000);
	assert_answers(node_b, moved, "10.244.1.5", 9000);
	netlab_run(l, POD_A2, "ip neigh flush dev eth0");
	assert_answers(neighbour, moved, "10.244.1.5", 9000);

	/* Given up: the old pod has it again. */
	netlab_stand(l, NODE_B);
	assert_ok(net_routes_apply(NULL, 0, why));
	netlab_stand(l, NODE_A);
	assert_ok(net_routes_apply(NULL, 0, why));
	assert_ok(net_pod_heal(l->pid[POD_A1], why));
	assert_ok(net_pod_announce(l->pid[POD_A1], "10.244.1.5", why));
	assert_answers(neighbour, old, "10.244.1.5", 9000);
	assert_answers(node_b, old, "10.244.1.5", 9000);
	close(old);
	close(moved);
	close(neighbour);
	close(far);
	close(node_a);
	close(node_b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(routes_follow_what_is_wanted, netlab_up, netlab_down),
		cmocka_unit_test_setup_teardown(
			foreign_routes_are_neither_replaced_nor_removed, netlab_up, netlab_down),
		cmocka_unit_test_setup_teardown(
			bad_routes_are_refused_before_anything_changes, netlab_up, netlab_down),
		cmocka_unit_test_setup_teardown(
			moved_address_is_reached_from_everywhere, netlab_up, netlab_down),
	};

	netlab_need();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
