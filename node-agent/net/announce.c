/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One packet so that neighbours need not find out by themselves. Built by hand for a packet socket: that
 * needs no address to be up, no route and no sysctl.
 */
#include "internal.h"

#include <arpa/inet.h>
#include <base/cleanup.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if_arp.h>
#include <netinet/icmp6.h>
#include <netinet/if_ether.h>
#include <netinet/ip6.h>
#include <string.h>
#include <sys/socket.h>

static int packet_socket(int pid, struct err *e)
{
	int home = -1, fd, r;

	if (pid) {
		r = netns_enter(pid, &home, e);
		if (r < 0)
			return r;
	}
	fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	r = fd < 0 ? -errno : 0;
	if (pid)
		netns_leave(home);
	if (r < 0)
		return err_set(e, r, "PacketSocket", "cannot open a packet socket: %s", strerror(-r));
	return fd;
}

static int send_to(int fd, const struct net_device *dev, const uint8_t mac[6], uint16_t protocol,
	const void *data, size_t len, struct err *e)
{
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(protocol),
		.sll_ifindex = dev->index,
		.sll_halen = 6,
	};
	int r;

	memcpy(to.sll_addr, mac, 6);
	if (sendto(fd, data, len, 0, (struct sockaddr *)&to, sizeof(to)) == (ssize_t)len)
		return 0;
	r = -errno;
	return err_set(e, r, "AnnounceFailed", "cannot announce the address on device %d: %s", dev->index,
		strerror(-r));
}

static int announce_arp(
	int fd, const struct net_device *dev, const struct net_ip *ip, uint16_t op, struct err *e)
{
	static const uint8_t everyone[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	struct ether_arp arp = {
		.ea_hdr =
			{
				.ar_hrd = htons(ARPHRD_ETHER),
				.ar_pro = htons(ETHERTYPE_IP),
				.ar_hln = 6,
				.ar_pln = 4,
				.ar_op = htons(op),
			},
	};

	memcpy(arp.arp_sha, dev->mac, 6);
	memcpy(arp.arp_spa, ip->bytes, 4);
	memcpy(arp.arp_tpa, ip->bytes, 4);
	if (op == ARPOP_REPLY)
		memcpy(arp.arp_tha, everyone, 6);
	return send_to(fd, dev, everyone, ETHERTYPE_ARP, &arp, sizeof(arp), e);
}

struct advert {
	struct ip6_hdr ip;
	struct nd_neighbor_advert na;
	struct nd_opt_hdr opt;
	uint8_t mac[6];
} __attribute__((packed));

static uint32_t sum16(const void *data, size_t len, uint32_t sum)
{
	const uint8_t *p = data;

	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	return sum;
}

static uint16_t advert_checksum(const struct advert *a)
{
	const size_t len = sizeof(*a) - sizeof(a->ip);
	uint32_t sum = sum16(&a->ip.ip6_src, 32, (uint32_t)len + IPPROTO_ICMPV6);

	sum = sum16((const uint8_t *)a + sizeof(a->ip), len, sum);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

static int announce_nd(int fd, const struct net_device *dev, const struct net_ip *ip, struct err *e)
{
	static const uint8_t all_nodes_mac[6] = {0x33, 0x33, 0, 0, 0, 1};
	struct advert a = {
		.ip = {.ip6_flow = htonl(6U << 28),
			.ip6_plen = htons(sizeof(a) - sizeof(a.ip)),
			.ip6_nxt = IPPROTO_ICMPV6,
			.ip6_hlim = 255},
		.opt = {.nd_opt_type = ND_OPT_TARGET_LINKADDR, .nd_opt_len = 1},
	};

	memcpy(&a.ip.ip6_src, ip->bytes, 16);
	inet_pton(AF_INET6, "ff02::1", &a.ip.ip6_dst);
	a.na.nd_na_type = ND_NEIGHBOR_ADVERT;
	a.na.nd_na_flags_reserved = ND_NA_FLAG_OVERRIDE;
	memcpy(&a.na.nd_na_target, ip->bytes, 16);
	memcpy(a.mac, dev->mac, 6);
	a.na.nd_na_cksum = advert_checksum(&a);
	return send_to(fd, dev, all_nodes_mac, ETHERTYPE_IPV6, &a, sizeof(a), e);
}

int net_announce_on(int pid, const struct net_device *dev, const struct net_ip *ip, struct err *e)
{
	auto_close int fd = packet_socket(pid, e);
	int r;

	if (fd < 0)
		return fd;
	if (ip->family == AF_INET6)
		return announce_nd(fd, dev, ip, e);
	/* Some stacks learn from requests only, some from replies only. */
	r = announce_arp(fd, dev, ip, ARPOP_REQUEST, e);
	return r < 0 ? r : announce_arp(fd, dev, ip, ARPOP_REPLY, e);
}
