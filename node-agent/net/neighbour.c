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

struct rtnl_neigh *net_neigh_new(int index, const struct net_ip *ip)
{
	struct rtnl_neigh *n = rtnl_neigh_alloc();
	struct nl_addr *dst = nl_addr_build(ip->family, ip->bytes, ip->len);

	if (n && dst) {
		rtnl_neigh_set_family(n, ip->family);
		rtnl_neigh_set_ifindex(n, index);
		rtnl_neigh_set_dst(n, dst);
	} else {
		rtnl_neigh_put(n);
		n = NULL;
	}
	nl_addr_put(dst);
	return n;
}

/* mac NULL: removes the entry. */
static int entry_change(int index, const struct net_ip *ip, struct nl_addr *mac, struct err *e)
{
	struct nl_sock *sk = NULL;
	struct rtnl_neigh *n = net_neigh_new(index, ip);
	int nlerr = -NLE_NOMEM, r = net_sock_open(0, &sk, e);

	if (!r && n && mac) {
		rtnl_neigh_set_lladdr(n, mac);
		rtnl_neigh_set_state(n, NUD_REACHABLE);
		nlerr = rtnl_neigh_add(sk, n, NLM_F_CREATE | NLM_F_REPLACE);
	} else if (!r && n) {
		nlerr = rtnl_neigh_delete(sk, n, 0);
		nlerr = nlerr == -NLE_OBJ_NOTFOUND ? 0 : nlerr;
	}
	rtnl_neigh_put(n);
	nl_socket_free(sk);
	if (r)
		return r;
	return nlerr < 0
		       ? err_set(e, net_nl_errno(nlerr), "NetlinkRefused",
				 "cannot change the neighbour entry of %s: %s", ip->text, nl_geterror(nlerr))
		       : 0;
}

static int bridge_index(int pid, int *ret, struct err *e)
{
	char bridge[IFNAMSIZ];
	int r = net_pod_bridge(pid, bridge, sizeof(bridge), e);

	if (!r)
		*ret = (int)if_nametoindex(bridge);
	return r;
}

int net_pod_neighbour(int pid, const char *address, struct err *e)
{
	struct nl_addr *mac = NULL;
	struct net_ip ip;
	int index, r = net_ip_parse(address, &ip, e);

	if (!r)
		r = bridge_index(pid, &index, e);
	if (!r)
		r = pod_mac(pid, &mac, e);
	if (!r)
		r = entry_change(index, &ip, mac, e);
	nl_addr_put(mac);
	return r;
}

int net_pod_neighbour_forget(int pid, const char *address, struct err *e)
{
	struct net_ip ip;
	int index, r = net_ip_parse(address, &ip, e);

	if (!r)
		r = bridge_index(pid, &index, e);
	return r ? r : entry_change(index, &ip, NULL, e);
}
