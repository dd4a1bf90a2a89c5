/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The routes of moved addresses on this node. Ours are told by protocol number and metric: a foreign route to
 * the same address is neither replaced nor removed. Order: a neighbour proxy exists only while its route
 * does, so that whatever a crash leaves is found through the routes at the next call.
 */
#include "internal.h"

#include <arpa/inet.h>
#include <base/str.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>
#include <stdlib.h>
#include <string.h>

#define ROUTE_PROTOCOL 169
#define ROUTE_METRIC 69

struct wanted {
	const struct net_route *route;
	struct net_ip ip, via;
	int device;
};

static int wanted_parse(const struct net_route *route, struct wanted *ret, struct err *e)
{
	int r = net_ip_parse(route->address, &ret->ip, e);

	ret->route = route;
	if (r < 0)
		return r;
	if (route->local) {
		ret->device = (int)if_nametoindex(route->device);
		if (!ret->device)
			return err_set(e, -ENODEV, "NoNodeDevice", "%s: this node has no device '%s'",
				ret->ip.text, route->device);
		return 0;
	}
	r = net_ip_parse(route->via, &ret->via, e);
	if (r == 0 && ret->via.family != ret->ip.family)
		r = err_set(e, -EAFNOSUPPORT, "BadAddress",
			"%s cannot be reached via %s: not the same family", ret->ip.text, ret->via.text);
	return r;
}

static struct rtnl_route *route_build(const struct wanted *w)
{
	struct rtnl_route *route = rtnl_route_alloc();
	struct rtnl_nexthop *hop = rtnl_route_nh_alloc();
	struct nl_addr *dst = nl_addr_build(w->ip.family, w->ip.bytes, w->ip.len);
	struct nl_addr *via = w->route->local ? NULL : nl_addr_build(w->via.family, w->via.bytes, w->via.len);

	if (!route || !hop || !dst || (!w->route->local && !via)) {
		rtnl_route_put(route);
		if (hop)
			rtnl_route_nh_free(hop);
		route = NULL;
	} else {
		rtnl_route_set_family(route, (uint8_t)w->ip.family);
		rtnl_route_set_table(route, RT_TABLE_MAIN);
		rtnl_route_set_protocol(route, ROUTE_PROTOCOL);
		rtnl_route_set_priority(route, ROUTE_METRIC);
		rtnl_route_set_scope(route, via ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK);
		rtnl_route_set_dst(route, dst);
		if (via)
			rtnl_route_nh_set_gateway(hop, via);
		else
			rtnl_route_nh_set_ifindex(hop, w->device);
		rtnl_route_add_nexthop(route, hop);
	}
	nl_addr_put(via);
	nl_addr_put(dst);
	return route;
}

static int route_put(struct nl_sock *sk, const struct wanted *w, struct err *e)
{
	struct rtnl_route *route = route_build(w);
	int nlerr = route ? rtnl_route_add(sk, route, NLM_F_CREATE | NLM_F_REPLACE) : -NLE_NOMEM;

	rtnl_route_put(route);
	if (nlerr < 0)
		return err_set(e, net_nl_errno(nlerr), "NetlinkRefused", "cannot route %s %s %s: %s",
			w->ip.text, w->route->local ? "dev" : "via",
			w->route->local ? w->route->device : w->via.text, nl_geterror(nlerr));
	return 0;
}

/* A single address at our metric, whoever made it. */
static bool is_at_our_place(struct rtnl_route *route, struct net_ip *ret)
{
	struct nl_addr *dst = rtnl_route_get_dst(route);

	if (rtnl_route_get_table(route) != RT_TABLE_MAIN || rtnl_route_get_priority(route) != ROUTE_METRIC ||
		!dst)
		return false;
	*ret = (struct net_ip){.family = rtnl_route_get_family(route), .len = nl_addr_get_len(dst)};
	if (ret->len != (ret->family == AF_INET ? 4U : 16U) || nl_addr_get_prefixlen(dst) != ret->len * 8)
		return false;
	memcpy(ret->bytes, nl_addr_get_binary_addr(dst), ret->len);
	inet_ntop(ret->family, ret->bytes, ret->text, sizeof(ret->text));
	return true;
}

static const struct wanted *wanted_find(const struct wanted *w, size_t n, const struct net_ip *ip)
{
	for (size_t i = 0; i < n; i++)
		if (w[i].ip.family == ip->family && !memcmp(w[i].ip.bytes, ip->bytes, ip->len))
			return &w[i];
	return NULL;
}

static int proxy_follow(struct nl_sock *sk, const struct net_ip *ip, bool answer, struct err *e)
{
	struct net_device dev;
	char name[IFNAMSIZ];
	int r = net_bridge_of(sk, ip, &dev, name, sizeof(name));

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return err_set(e, r, "NetlinkRefused", "cannot list this node's addresses: %s", strerror(-r));
	if (!answer) {
		r = net_proxy_del(sk, &dev, ip);
		return r < 0 ? err_set(e, r, "NetlinkRefused", "cannot stop answering for %s on %s: %s",
				       ip->text, name, strerror(-r))
			     : 0;
	}
	r = net_proxy_add(sk, &dev, name, ip, e);
	return r < 0 ? r : net_announce_on(0, &dev, ip, e);
}

static int route_drop(struct nl_sock *sk, struct rtnl_route *route, const struct net_ip *ip, struct err *e)
{
	int nlerr, r = proxy_follow(sk, ip, false, e);

	if (r < 0)
		return r;
	nlerr = rtnl_route_delete(sk, route, 0);
	if (nlerr < 0 && nlerr != -NLE_OBJ_NOTFOUND)
		return err_set(e, net_nl_errno(nlerr), "NetlinkRefused", "cannot remove our route to %s: %s",
			ip->text, nl_geterror(nlerr));
	return 0;
}

/* Removes what is ours and not wanted; a foreign route in our place is an error before anything of it is
 * replaced. */
static int routes_clean(struct nl_sock *sk, int family, const struct wanted *w, size_t n, struct err *e)
{
	struct nl_cache *cache;
	int r = 0, nlerr = rtnl_route_alloc_cache(sk, family, 0, &cache);

	if (nlerr < 0)
		return err_set(e, net_nl_errno(nlerr), "NetlinkRefused", "cannot list this node's routes: %s",
			nl_geterror(nlerr));
	for (struct nl_object *o = nl_cache_get_first(cache); o && r == 0; o = nl_cache_get_next(o)) {
		struct rtnl_route *route = (struct rtnl_route *)o;
		struct net_ip ip;
		bool wanted;

		if (!is_at_our_place(route, &ip))
			continue;
		wanted = wanted_find(w, n, &ip) != NULL;
		if (rtnl_route_get_protocol(route) == ROUTE_PROTOCOL)
			r = wanted ? 0 : route_drop(sk, route, &ip, e);
		else if (wanted)
			r = err_set(e, -EEXIST, "ForeignRoute",
				"%s has a route of metric %d that is not ours", ip.text, ROUTE_METRIC);
	}
	nl_cache_free(cache);
	return r;
}

static int routes_set(struct nl_sock *sk, const struct wanted *w, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		int r = route_put(sk, &w[i], e);

		if (r == 0)
			r = proxy_follow(sk, &w[i].ip, !w[i].route->local, e);
		if (r < 0)
			return r;
	}
	return 0;
}

int net_routes_apply(const struct net_route *routes, size_t n, struct err *e)
{
	struct wanted *w = calloc(n + 1, sizeof(*w));
	struct nl_sock *sk = NULL;
	int r = 0;

	if (!w)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for %zu routes", n);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = wanted_parse(&routes[i], &w[i], e);
	if (r == 0)
		r = net_sock_open(0, &sk, e);
	if (r == 0)
		r = routes_clean(sk, AF_INET, w, n, e);
	if (r == 0)
		r = routes_clean(sk, AF_INET6, w, n, e);
	if (r == 0)
		r = routes_set(sk, w, n, e);
	nl_socket_free(sk);
	free(w);
	return r;
}
