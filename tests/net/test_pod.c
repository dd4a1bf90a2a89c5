/* SPDX-License-Identifier: Apache-2.0 */
#include "netlab.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if_arp.h>
#include <netinet/icmp6.h>
#include <netinet/if_ether.h>
#include <netinet/ip6.h>
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

#define FOREVER_MS 60000 /* longer than any retransmission timer here */
#define NEVER_MS 300     /* what does not come in this time is taken as lost */

static bool arrives(int fd, char expected, int timeout_ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char byte = 0;

	if (poll(&p, 1, timeout_ms) <= 0)
		return false;
	assert_int_equal(recv(fd, &byte, 1, 0), 1);
	assert_int_equal(byte, expected);
	return true;
}

static int socket_error(int fd)
{
	int err = 0;
	socklen_t len = sizeof(err);

	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len), 0);
	return err;
}

static void established_connection_outlives_a_cut(void **state)
{
	const struct netlab *l = *state;
	int listener = netlab_listen(l, POD_A1, "10.244.1.5", 7000);
	int client = netlab_connect(l, POD_B1, "10.244.1.5", 7000);
	int server = accept(listener, NULL, NULL);

	assert_true(server >= 0);
	assert_int_equal(send(client, "a", 1, 0), 1);
	assert_true(arrives(server, 'a', FOREVER_MS));
	assert_false(net_pod_is_cut(l->pid[POD_A1]));

	for (int round = 0; round < 2; round++) {
		assert_ok(net_pod_cut(l->pid[POD_A1], why));
		assert_ok(net_pod_cut(l->pid[POD_A1], why));
		assert_true(net_pod_is_cut(l->pid[POD_A1]));
		assert_false(net_pod_is_cut(l->pid[POD_A2]));
		assert_int_equal(send(client, "b", 1, 0), 1);
		assert_int_equal(send(server, "c", 1, 0), 1);
		assert_false(arrives(server, 'b', NEVER_MS));
		assert_false(arrives(client, 'c', 0));
		assert_int_equal(socket_error(client), 0);
		assert_int_equal(socket_error(server), 0);

		assert_ok(net_pod_heal(l->pid[POD_A1], why));
		assert_ok(net_pod_heal(l->pid[POD_A1], why));
		assert_false(net_pod_is_cut(l->pid[POD_A1]));
		assert_true(arrives(server, 'b', FOREVER_MS));
		assert_true(arrives(client, 'c', FOREVER_MS));
	}
	close(client);
	close(server);
	close(listener);
}

/* A port where nobody listens answers with a reset; a pod that is cut must not. */
static void cut_pod_rejects_nothing(void **state)
{
	const struct netlab *l = *state;
	int client = netlab_udp(l, POD_B1, NULL, 0);
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(7001)};
	struct pollfd p = {.fd = client, .events = POLLIN};

	to.sin_addr.s_addr = htonl(10U << 24 | 244 << 16 | 1 << 8 | 5);
	assert_int_equal(connect(client, (struct sockaddr *)&to, sizeof(to)), 0);
	assert_int_equal(send(client, "x", 1, 0), 1);
	assert_int_equal(poll(&p, 1, FOREVER_MS), 1);
	assert_int_equal(socket_error(client), ECONNREFUSED);

	assert_ok(net_pod_cut(l->pid[POD_A1], why));
	assert_int_equal(send(client, "x", 1, 0), 1);
	assert_int_equal(poll(&p, 1, NEVER_MS), 0);
	assert_int_equal(socket_error(client), 0);
	close(client);
}

static void bridge_of_a_pod_is_found(void **state)
{
	const struct netlab *l = *state;
	char name[16], tiny[3];
	struct err e;

	assert_ok(net_pod_bridge(l->pid[POD_A1], name, sizeof(name), why));
	assert_string_equal(name, "cni0");
	assert_int_equal(net_pod_bridge(l->pid[POD_A1], tiny, sizeof(tiny), &e), -ENAMETOOLONG);
	netlab_run(l, NODE_A, "ip link set veth5 nomaster");
	assert_ok(net_pod_bridge(l->pid[POD_A1], name, sizeof(name), why));
	assert_string_equal(name, "veth5");
}

static void pod_without_its_other_end_here_is_refused(void **state)
{
	const struct netlab *l = *state;
	struct err e;

	assert_int_equal(net_pod_cut(l->pid[POD_B1], &e), -ENODEV);
	assert_string_equal(e.reason, "NoNodeDevice");
	assert_false(net_pod_is_cut(l->pid[POD_B1]));
	netlab_run(l, POD_A1, "ip link set eth0 down; ip link set eth0 name other");
	assert_true(net_pod_cut(l->pid[POD_A1], &e) < 0);
	assert_string_equal(e.reason, "NoPodDevice");
	assert_true(net_pod_heal(0x7ffffff0, &e) < 0);
	assert_string_equal(e.reason, "NoNetworkNamespace");
	/* And the thread is still where it was. */
	free(netlab_read(l, NODE_A, "ip link show cni0"));
	assert_ok(net_pod_cut(l->pid[POD_A2], why));
}

static void address_is_added_once_and_usable(void **state)
{
	const struct netlab *l = *state;
	struct err e;
	char *text;

	for (int i = 0; i < 2; i++) {
		assert_ok(net_pod_address_add(l->pid[POD_B1], "10.244.1.5", why));
		assert_ok(net_pod_address_add(l->pid[POD_B1], "fd00:1::5", why));
	}
	text = netlab_read(l, POD_B1, "ip -o addr show dev eth0");
	assert_non_null(strstr(text, "10.244.1.5/32"));
	assert_non_null(strstr(text, "fd00:1::5/128"));
	free(text);
	text = netlab_read(l, POD_B1, "ip -o -6 addr show dev eth0 to fd00:1::5");
	assert_null(strstr(text, "tentative"));
	free(text);
	close(netlab_udp(l, POD_B1, "10.244.1.5", 7002));
	assert_int_equal(net_pod_address_add(l->pid[POD_B1], "10.244.1.555", &e), -EINVAL);
	assert_string_equal(e.reason, "BadAddress");
	assert_int_equal(net_pod_address_add(l->pid[POD_B1], "", &e), -EINVAL);
}

static void announcement_is_heard_on_the_bridge(void **state)
{
	const struct netlab *l = *state;
	int fd = netlab_packet(l, NODE_A, "cni0", ETHERTYPE_ARP);
	struct pollfd p = {.fd = fd, .events = POLLIN};
	uint16_t seen = 0;

	assert_ok(net_pod_announce(l->pid[POD_A1], "10.244.9.9", why));
	while (seen != 3) {
		static const uint8_t address[4] = {10, 244, 9, 9};
		struct ether_arp arp;

		assert_int_equal(poll(&p, 1, FOREVER_MS), 1);
		assert_true(recv(fd, &arp, sizeof(arp), 0) >= (ssize_t)sizeof(arp));
		if (memcmp(arp.arp_spa, address, 4) != 0)
			continue;
		assert_memory_equal(arp.arp_tpa, address, 4);
		seen |= ntohs(arp.ea_hdr.ar_op) == ARPOP_REQUEST ? 1 : 2;
	}
	close(fd);
}

static void announcement_of_ipv6_is_a_valid_advertisement(void **state)
{
	const struct netlab *l = *state;
	int listener;
	struct pollfd p = {.events = POLLIN};
	struct icmp6_filter only;
	struct nd_neighbor_advert na = {0};
	char text[INET6_ADDRSTRLEN] = "";

	/* An ICMPv6 socket of the neighbour: the kernel has checked length, hop limit and checksum before it
	 * gets anything. */
	ICMP6_FILTER_SETBLOCKALL(&only);
	ICMP6_FILTER_SETPASS(ND_NEIGHBOR_ADVERT, &only);
	netlab_stand(l, POD_A2);
	listener = socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6);
	netlab_stand(l, NODE_A);
	assert_true(listener >= 0);
	assert_int_equal(setsockopt(listener, IPPROTO_ICMPV6, ICMP6_FILTER, &only, sizeof(only)), 0);
	p.fd = listener;
	assert_ok(net_pod_announce(l->pid[POD_A1], "fd00:1::99", why));
	while (strcmp(text, "fd00:1::99") != 0) {
		assert_int_equal(poll(&p, 1, FOREVER_MS), 1);
		assert_true(recv(listener, &na, sizeof(na), 0) >= (ssize_t)sizeof(na));
		inet_ntop(AF_INET6, &na.nd_na_target, text, sizeof(text));
	}
	assert_true(na.nd_na_flags_reserved & ND_NA_FLAG_OVERRIDE);
	close(listener);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			established_connection_outlives_a_cut, netlab_up, netlab_down),
		cmocka_unit_test_setup_teardown(cut_pod_rejects_nothing, netlab_up, netlab_down),
		cmocka_unit_test_setup_teardown(bridge_of_a_pod_is_found, netlab_up, netlab_down),
		cmocka_unit_test_setup_teardown(
			pod_without_its_other_end_here_is_refused, netlab_up, netlab_down),
		cmocka_unit_test_setup_teardown(address_is_added_once_and_usable, netlab_up, netlab_down),
		cmocka_unit_test_setup_teardown(announcement_is_heard_on_the_bridge, netlab_up, netlab_down),
		cmocka_unit_test_setup_teardown(
			announcement_of_ipv6_is_a_valid_advertisement, netlab_up, netlab_down),
	};

	netlab_need();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
