/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include <base/str.h>
#include <errno.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <string.h>
#include <time.h>

static inline void free_sock(struct nl_sock **sk)
{
	nl_socket_free(*sk);
}
static inline void put_link(struct rtnl_link **l)
{
	rtnl_link_put(*l);
}
static inline void put_addr(struct rtnl_addr **a)
{
	rtnl_addr_put(*a);
}
static inline void put_nladdr(struct nl_addr **a)
{
	nl_addr_put(*a);
}
#define auto_sock __attribute__((cleanup(free_sock)))
#define auto_link __attribute__((cleanup(put_link)))
#define auto_addr __attribute__((cleanup(put_addr)))
#define auto_nladdr __attribute__((cleanup(put_nladdr)))

/* The pod's eth0, seen through a socket of its namespace. */
static int pod_link(int pid, struct nl_sock **ret_sk, struct rtnl_link **ret, struct err *e)
{
	int nlerr, r = net_sock_open(pid, ret_sk, e);

	if (r < 0)
		return r;
	nlerr = rtnl_link_get_kernel(*ret_sk, 0, POD_DEVICE, ret);
	if (nlerr < 0)
		return err_set(e, net_nl_errno(nlerr), "NoPodDevice",
			"the network of process %d has no " POD_DEVICE ": %s", pid, nl_geterror(nlerr));
	return 0;
}

/*
 * The node's end of the pod's eth0: the device of ours that names eth0 as its peer, as eth0 names it, in the
 * namespace of the pod. Index numbers alone do not tell: every pod's eth0 tends to have the same.
 */
static int peer_link(int pid, struct nl_sock **ret_sk, struct rtnl_link **ret, struct err *e)
{
	auto_sock struct nl_sock *pod_sk = NULL;
	auto_link struct rtnl_link *eth = NULL;
	int32_t peer_ns, pod_ns = -1;
	int r = pod_link(pid, &pod_sk, &eth, e);

	if (r == 0)
		r = net_sock_open(0, ret_sk, e);
	if (r < 0)
		return r;
	if (rtnl_link_get_link(eth) > 0 &&
		rtnl_link_get_kernel(*ret_sk, rtnl_link_get_link(eth), NULL, ret) == 0 &&
		rtnl_link_get_link(*ret) == rtnl_link_get_ifindex(eth) &&
		rtnl_link_get_link_netnsid(*ret, &peer_ns) == 0 && netns_id(pid, &pod_ns) == 0 &&
		peer_ns == pod_ns)
		return 0;
	return err_set(e, -ENODEV, "NoNodeDevice",
		"the other end of " POD_DEVICE " of process %d is not on this node: Address mode needs a "
		"veth pair, and the agent the node's network",
		pid);
}

static int peer_set_up(int pid, bool up, struct err *e)
{
	auto_sock struct nl_sock *sk = NULL;
	auto_link struct rtnl_link *peer = NULL, *change = NULL;
	int nlerr, r = peer_link(pid, &sk, &peer, e);

	if (r < 0)
		return r;
	change = rtnl_link_alloc();
	if (!change)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for a link");
	if (up)
		rtnl_link_set_flags(change, IFF_UP);
	else
		rtnl_link_unset_flags(change, IFF_UP);
	nlerr = rtnl_link_change(sk, peer, change, 0);
	if (nlerr < 0)
		return err_set(e, net_nl_errno(nlerr), "NetlinkRefused", "cannot set %s %s: %s",
			rtnl_link_get_name(peer), up ? "up" : "down", nl_geterror(nlerr));
	return 0;
}

int net_pod_cut(int pid, struct err *e)
{
	return peer_set_up(pid, false, e);
}

static bool peer_carries(int pid)
{
	auto_sock struct nl_sock *sk = NULL, *pod_sk = NULL;
	auto_link struct rtnl_link *peer = NULL, *eth = NULL;

	return peer_link(pid, &sk, &peer, NULL) == 0 && pod_link(pid, &pod_sk, &eth, NULL) == 0 &&
	       rtnl_link_get_operstate(peer) == IF_OPER_UP && rtnl_link_get_operstate(eth) == IF_OPER_UP;
}

/* A veth that was set up carries packets only when the kernel's own work has seen its carrier. */
#define CARRIER_TRIES 500
#define CARRIER_STEP_NS 500000

int net_pod_heal(int pid, struct err *e)
{
	const struct timespec step = {.tv_nsec = CARRIER_STEP_NS};
	int r = peer_set_up(pid, true, e);

	for (int i = 0; !r && i < CARRIER_TRIES; i++) {
		if (peer_carries(pid))
			return 0;
		nanosleep(&step, NULL);
	}
	return r ? r
		 : err_set(e, -ETIMEDOUT, "NoCarrier",
			   "the network of process %d was connected and carries nothing after %d ms", pid,
			   CARRIER_TRIES * (CARRIER_STEP_NS / 1000) / 1000);
}

bool net_pod_is_cut(int pid)
{
	auto_sock struct nl_sock *sk = NULL;
	auto_link struct rtnl_link *peer = NULL;

	return peer_link(pid, &sk, &peer, NULL) == 0 && !(rtnl_link_get_flags(peer) & IFF_UP);
}

int net_pod_bridge(int pid, char *dst, size_t size, struct err *e)
{
	auto_sock struct nl_sock *sk = NULL;
	auto_link struct rtnl_link *peer = NULL, *master = NULL;
	struct rtnl_link *on;
	int r = peer_link(pid, &sk, &peer, e);

	if (r < 0)
		return r;
	on = peer;
	if (rtnl_link_get_master(peer) > 0) {
		if (rtnl_link_get_kernel(sk, rtnl_link_get_master(peer), NULL, &master) < 0)
			return err_set(e, -ENODEV, "NoNodeDevice", "the bridge of %s is gone",
				rtnl_link_get_name(peer));
		on = master;
	}
	r = str_copy(dst, size, rtnl_link_get_name(on));
	return r < 0 ? err_set(e, r, "NameTooLong", "device name %s does not fit", rtnl_link_get_name(on))
		     : 0;
}

int net_pod_address_add(int pid, const char *address, struct err *e)
{
	auto_sock struct nl_sock *sk = NULL;
	auto_link struct rtnl_link *eth = NULL;
	auto_addr struct rtnl_addr *addr = NULL;
	auto_nladdr struct nl_addr *local = NULL;
	struct net_ip ip;
	int nlerr, r = net_ip_parse(address, &ip, e);

	if (r == 0)
		r = pod_link(pid, &sk, &eth, e);
	if (r < 0)
		return r;
	addr = rtnl_addr_alloc();
	local = nl_addr_build(ip.family, ip.bytes, ip.len);
	if (!addr || !local)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for an address");
	rtnl_addr_set_ifindex(addr, rtnl_link_get_ifindex(eth));
	rtnl_addr_set_local(addr, local);
	rtnl_addr_set_prefixlen(addr, (int)ip.len * 8);
	if (ip.family == AF_INET6) /* it was in use a moment ago: duplicate detection would only keep it from
				      its sockets */
		rtnl_addr_set_flags(addr, IFA_F_NODAD);
	nlerr = rtnl_addr_add(sk, addr, 0);
	if (nlerr < 0 && nlerr != -NLE_EXIST)
		return err_set(e, net_nl_errno(nlerr), "NetlinkRefused",
			"cannot add %s to " POD_DEVICE " of process %d: %s", ip.text, pid,
			nl_geterror(nlerr));
	return 0;
}

int net_pod_announce(int pid, const char *address, struct err *e)
{
	auto_sock struct nl_sock *sk = NULL;
	auto_link struct rtnl_link *eth = NULL;
	struct net_device dev;
	struct nl_addr *mac;
	struct net_ip ip;
	int r = net_ip_parse(address, &ip, e);

	if (r == 0)
		r = pod_link(pid, &sk, &eth, e);
	if (r < 0)
		return r;
	mac = rtnl_link_get_addr(eth);
	if (!mac || nl_addr_get_len(mac) != sizeof(dev.mac))
		return err_set(e, -EADDRNOTAVAIL, "NoPodDevice",
			POD_DEVICE " of process %d is no Ethernet device", pid);
	dev.index = rtnl_link_get_ifindex(eth);
	memcpy(dev.mac, nl_addr_get_binary_addr(mac), sizeof(dev.mac));
	return net_announce_on(pid, &dev, &ip, e);
}
