/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the network switch share; nobody else includes it. */
#ifndef ESCAPE_NET_INTERNAL_H
#define ESCAPE_NET_INTERNAL_H

#include "netswitch.h"

#include <netinet/in.h>
#include <stdint.h>

struct nl_sock;
struct rtnl_neigh;

#define POD_DEVICE "eth0"

/* An address of either family. */
struct net_ip {
	int family; /* AF_INET or AF_INET6 */
	size_t len; /* 4 or 16 */
	uint8_t bytes[16];
	char text[INET6_ADDRSTRLEN]; /* canonical */
};

int net_ip_parse(const char *s, struct net_ip *ret, struct err *e);

/*
 * The thread that calls goes into the network namespace of pid until netns_leave; the other threads (the
 * loop's pool) are not moved. Nothing may run in between but system calls that never yield to the loop.
 * *ret_home is the way back, consumed by netns_leave, which aborts when there is none: to go on in a pod's
 * network would be worse than to stop.
 */
int netns_enter(int pid, int *ret_home, struct err *e);
void netns_leave(int home);

/* A route netlink socket: of our own namespace (pid 0) or of pid's. nl_socket_free. */
int net_sock_open(int pid, struct nl_sock **ret, struct err *e);
int net_sock_open_protocol(int pid, int protocol, struct nl_sock **ret, struct err *e);
/* The number by which our namespace knows pid's; -ENOENT when it knows none. */
int netns_id(int pid, int32_t *ret);
/* What libnl says, as -errno. */
int net_nl_errno(int nlerr);

struct net_device {
	int index;
	uint8_t mac[6];
};

/* A neighbour entry for ip on a device, NULL without memory; rtnl_neigh_put. */
struct rtnl_neigh *net_neigh_new(int index, const struct net_ip *ip);

/* Says on the device (of pid's namespace, 0: ours) that ip is at its MAC: gratuitous ARP request and reply,
 * or neighbour advertisement. */
int net_announce_on(int pid, const struct net_device *dev, const struct net_ip *ip, struct err *e);

/* One device of ours that is a bridge and has a subnet in which ip lies; -ENOENT when there is none. */
int net_bridge_of(
	struct nl_sock *sk, const struct net_ip *ip, struct net_device *ret, char *name, size_t size);
int net_proxy_add(struct nl_sock *sk, const struct net_device *dev, const char *name, const struct net_ip *ip,
	struct err *e);
int net_proxy_del(struct nl_sock *sk, const struct net_device *dev, const struct net_ip *ip);

#endif
