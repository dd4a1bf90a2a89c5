/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <net/if.h>
#include <netlink/route/link.h>
#include <netlink/route/neighbour.h>

static int pod_mac(int pid, struct nl_addr **ret, struct err *e)
{
	struct nl_sock *sk = NULL;
	struct rtnl_link *eth = NULL;
	int nlerr, r = net_sock_open(pid, &sk, e);

	if (r < 0)
		return r;
	nlerr = rtnl_link_get_kernel(sk, 0, POD_DEVICE, &eth);
	nl_socket_free(sk);
	if (nlerr < 0)
		return err_set(e, net_nl_errno(nlerr), "NoPodDevice",
			"the network of process %d has no " POD_DEVICE ": %s", pid, nl_geterror(nlerr));
	*ret = rtnl_link_get_addr(eth) ? nl_addr_clone(rtnl_link_get_addr(eth)) : NULL;
	rtnl_link_put(eth);
	return *ret ? 0 : err_set(e, -ENOMEM, "OutOfMemory", "no memory for an address");
}

static int entry_replace(int index, const struct net_ip *ip, struct nl_addr *mac, struct err *e)
{
	struct nl_sock *sk = NULL;
	struct rtnl_neigh *n = rtnl_neigh_alloc();
	struct nl_addr *dst = nl_addr_build(ip->family, ip->bytes, ip->len);
	int nlerr = -NLE_NOMEM, r = net_sock_open(0, &sk, e);

	if (!r && n && dst) {
		rtnl_neigh_set_family(n, ip->family);
		rtnl_neigh_set_ifindex(n, index);
		rtnl_neigh_set_dst(n, dst);
		rtnl_neigh_set_lladdr(n, mac);
		rtnl_neigh_set_state(n, NUD_REACHABLE);
		nlerr = rtnl_neigh_add(sk, n, NLM_F_CREATE | NLM_F_REPLACE);
	}
	nl_addr_put(dst);
	rtnl_neigh_put(n);
	nl_socket_free(sk);
	if (r)
		return r;
	return nlerr < 0 ? err_set(e, net_nl_errno(nlerr), "NetlinkRefused",
				   "cannot set the neighbour entry of %s: %s", ip->text, nl_geterror(nlerr))
			 : 0;
}

int net_pod_neighbour(int pid, const char *address, struct err *e)
{
	char bridge[IFNAMSIZ];
	struct nl_addr *mac = NULL;
	struct net_ip ip;
	int r = net_ip_parse(address, &ip, e);

	if (!r)
		r = net_pod_bridge(pid, bridge, sizeof(bridge), e);
	if (!r)
		r = pod_mac(pid, &mac, e);
	if (!r)
		r = entry_replace((int)if_nametoindex(bridge), &ip, mac, e);
	nl_addr_put(mac);
	return r;
}
