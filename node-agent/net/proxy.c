/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pods on the bridge from whose subnet an address moved away look for it on that bridge. The node answers for
 * it (a neighbour proxy entry: nothing else is answered for) and routes what comes.
 */
#include "internal.h"

#include <base/io.h>
#include <base/str.h>
#include <errno.h>
#include <linux/neighbour.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/neighbour.h>
#include <string.h>

static bool same_prefix(const uint8_t *a, const uint8_t *b, unsigned int bits)
{
	unsigned int rest = bits % 8;

	if (memcmp(a, b, bits / 8) != 0)
		return false;
	return !rest || (a[bits / 8] ^ b[bits / 8]) >> (8 - rest) == 0;
}

static bool covers(struct rtnl_addr *a, const struct net_ip *ip)
{
	struct nl_addr *local = rtnl_addr_get_local(a);
	int bits = rtnl_addr_get_prefixlen(a);

	return rtnl_addr_get_family(a) == ip->family && local && nl_addr_get_len(local) == ip->len &&
	       bits >= 0 && (size_t)bits < ip->len * 8 &&
	       same_prefix(nl_addr_get_binary_addr(local), ip->bytes, (unsigned int)bits);
}

static int bridge_take(struct nl_sock *sk, int index, struct net_device *ret, char *name, size_t size)
{
	struct rtnl_link *l = NULL;
	struct nl_addr *mac;
	int r = -ENOENT;

	if (rtnl_link_get_kernel(sk, index, NULL, &l) < 0)
		return -ENOENT;
	mac = rtnl_link_get_addr(l);
	if (str_eq(rtnl_link_get_type(l), "bridge") && mac && nl_addr_get_len(mac) == sizeof(ret->mac)) {
		ret->index = index;
		memcpy(ret->mac, nl_addr_get_binary_addr(mac), sizeof(ret->mac));
		r = str_copy(name, size, rtnl_link_get_name(l));
	}
	rtnl_link_put(l);
	return r;
}

int net_bridge_of(
	struct nl_sock *sk, const struct net_ip *ip, struct net_device *ret, char *name, size_t size)
{
	struct nl_cache *cache;
	int r = -ENOENT, nlerr = rtnl_addr_alloc_cache(sk, &cache);

	if (nlerr < 0)
		return net_nl_errno(nlerr);
	for (struct nl_object *o = nl_cache_get_first(cache); o && r == -ENOENT; o = nl_cache_get_next(o)) {
		struct rtnl_addr *a = (struct rtnl_addr *)o;

		if (covers(a, ip))
			r = bridge_take(sk, rtnl_addr_get_ifindex(a), ret, name, size);
	}
	nl_cache_free(cache);
	return r;
}

static struct rtnl_neigh *proxy_entry(const struct net_device *dev, const struct net_ip *ip)
{
	struct rtnl_neigh *n = net_neigh_new(dev->index, ip);

	if (n)
		rtnl_neigh_set_flags(n, NTF_PROXY);
	return n;
}

/* The kernel waits up to 0.8 s before it answers for another, and for IPv6 answers only where that is allowed
 * at all. */
static int proxy_sysctl(const char *name, const struct net_ip *ip, struct err *e)
{
	char path[128];
	int r;

	if (ip->family == AF_INET) {
		snprintf(path, sizeof(path), "/proc/sys/net/ipv4/neigh/%s/proxy_delay", name);
		io_write_knob(path, "0"); /* without it the first packet comes later, no more */
		return 0;
	}
	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/neigh/%s/proxy_delay", name);
	io_write_knob(path, "0");
	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/proxy_ndp", name);
	r = io_write_knob(path, "1");
	return r < 0 ? err_set(e, r, "SysctlRefused", "cannot write 1 to %s: %s", path, strerror(-r)) : 0;
}

int net_proxy_add(struct nl_sock *sk, const struct net_device *dev, const char *name, const struct net_ip *ip,
	struct err *e)
{
	struct rtnl_neigh *n;
	int nlerr, r = proxy_sysctl(name, ip, e);

	if (r < 0)
		return r;
	n = proxy_entry(dev, ip);
	nlerr = n ? rtnl_neigh_add(sk, n, NLM_F_CREATE | NLM_F_REPLACE) : -NLE_NOMEM;
	rtnl_neigh_put(n);
	if (nlerr < 0 && nlerr != -NLE_EXIST)
		return err_set(e, net_nl_errno(nlerr), "NetlinkRefused", "cannot answer for %s on %s: %s",
			ip->text, name, nl_geterror(nlerr));
	return 0;
}

int net_proxy_del(struct nl_sock *sk, const struct net_device *dev, const struct net_ip *ip)
{
	struct rtnl_neigh *n = proxy_entry(dev, ip);
	int nlerr = n ? rtnl_neigh_delete(sk, n, 0) : -NLE_NOMEM;

	rtnl_neigh_put(n);
	return nlerr == -NLE_OBJ_NOTFOUND ? 0 : net_nl_errno(nlerr);
}
