/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The network switch of a move, mode Address, on a plain bridge CNI (libnl-route-3): addresses, routes,
 * neighbour proxies, gratuitous ARP, and the cut of the source. Every call is idempotent. pid names the pod's
 * network namespace (any process in it, in our pid namespace). Short netlink exchanges; they block for
 * microseconds to a few ms.
 */
#ifndef ESCAPE_NET_NETSWITCH_H
#define ESCAPE_NET_NETSWITCH_H

#include <base/err.h>
#include <stdbool.h>
#include <stddef.h>

/* Cuts the pod off: the node's end of the pod's eth0 goes down, so packets are dropped, neither answered nor
 * rejected. */
int net_pod_cut(int pid, struct err *e);
/* Returns when both ends carry packets again. */
int net_pod_heal(int pid, struct err *e);
bool net_pod_is_cut(int pid);
/*
 * Resets the pod's established TCP connections (SOCK_DESTROY), so that both ends know at once; listeners
 * stay. Before a cut after which they could not be told. -EOPNOTSUPP or -EIO where the kernel cannot.
 */
int net_pod_reset_connections(int pid, struct err *e);
/* Gives the pod's eth0 an extra /32 (or /128) so that restored sockets find their address. */
int net_pod_address_add(int pid, const char *address, struct err *e);
/* Gratuitous ARP request and reply (unsolicited neighbour advertisement for IPv6) for the address out of the
 * pod's eth0. */
int net_pod_announce(int pid, const char *address, struct err *e);
/*
 * Tells the node itself where the address is: a neighbour entry on the pod's bridge with the MAC of its eth0.
 * Packets that waited for one are delivered at once. forget removes the entry, also what an earlier stay of
 * the address left: from then on packets wait (the kernel asks three times, a second apart, then drops them)
 * until the entry is set.
 */
int net_pod_neighbour(int pid, const char *address, struct err *e);
int net_pod_neighbour_forget(int pid, const char *address, struct err *e);
/* Name of the bridge (or other device) at the node's end that the pod's eth0 hangs on, e.g. "cni0". */
int net_pod_bridge(int pid, char *dst, size_t size, struct err *e);

/* One moved address as this node must route it. Marked by our own route protocol number, so that what we did
 * not make is never touched. */
struct net_route {
	char address[46];
	bool local;      /* here: dev `device`; else via `via` */
	char device[16]; /* local: the bridge */
	char via[46];    /* else the node's internal IP */
};
/* Makes the node's moved-address routes exactly these (adds, replaces, removes ours that are not listed). For
 * a route that is not local and lies in a subnet of a local bridge, a neighbour-proxy entry and a gratuitous
 * ARP on that bridge make local pods follow. */
int net_routes_apply(const struct net_route *routes, size_t n, struct err *e);

/* host-local IPAM: keeps the address from being handed out again while it lives elsewhere. dir:
 * /var/lib/cni/networks. Absent files (another IPAM) are success. Reserve rewrites the reservation's owner so
 * that CNI DEL of the old sandbox does not free it. */
int net_ipam_reserve(const char *dir, const char *address, const char *owner, struct err *e);
/* Frees it if it is still ours (owner). */
int net_ipam_release(const char *dir, const char *address, const char *owner, struct err *e);
/* Frees every reservation of ours whose address is not in keep. */
int net_ipam_sweep(const char *dir, const char *const *keep, size_t n, struct err *e);

#endif
