/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include <arpa/inet.h>
#include <base/cleanup.h>
#include <base/log.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/errno.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <sched.h>
#include <string.h>

int net_ip_parse(const char *s, struct net_ip *ret, struct err *e)
{
	struct net_ip ip = {.family = AF_INET, .len = 4};

	if (!s || inet_pton(AF_INET, s, ip.bytes) != 1) {
		ip.family = AF_INET6;
		ip.len = 16;
		if (!s || inet_pton(AF_INET6, s, ip.bytes) != 1)
			return err_set(
				e, -EINVAL, "BadAddress", "'%s' is no IPv4 or IPv6 address", s ? s : "");
	}
	inet_ntop(ip.family, ip.bytes, ip.text, sizeof(ip.text));
	*ret = ip;
	return 0;
}

int netns_enter(int pid, int *ret_home, struct err *e)
{
	auto_close int home = -1, there = -1;
	char path[40];
	int r;

	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	there = open(path, O_RDONLY | O_CLOEXEC);
	if (there < 0) {
		r = -errno;
		return err_set(e, r, "NoNetworkNamespace",
			"cannot open the network namespace of process %d: %s", pid, strerror(-r));
	}
	home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (home < 0 || setns(there, CLONE_NEWNET) < 0) {
		r = -errno;
		return err_set(e, r, "NoNetworkNamespace",
			"cannot enter the network namespace of process %d: %s", pid, strerror(-r));
	}
	*ret_home = TAKE_FD(home);
	return 0;
}

void netns_leave(int home)
{
	if (setns(home, CLONE_NEWNET) < 0) {
		log_error("cannot return from a pod's network namespace: stopping", "error", strerror(errno));
		abort();
	}
	close(home);
}

int net_nl_errno(int nlerr)
{
	switch (nlerr < 0 ? -nlerr : nlerr) {
	case NLE_SUCCESS:
		return 0;
	case NLE_EXIST:
		return -EEXIST;
	case NLE_OBJ_NOTFOUND:
		return -ENOENT;
	case NLE_NODEV:
		return -ENODEV;
	case NLE_NOADDR:
		return -EADDRNOTAVAIL;
	case NLE_PERM:
	case NLE_NOACCESS:
		return -EPERM;
	case NLE_NOMEM:
		return -ENOMEM;
	case NLE_INVAL:
		return -EINVAL;
	default:
		return -EIO;
	}
}

int net_sock_open_protocol(int pid, int protocol, struct nl_sock **ret, struct err *e)
{
	struct nl_sock *sk;
	int home = -1, r, nlerr;

	if (pid) {
		r = netns_enter(pid, &home, e);
		if (r < 0)
			return r;
	}
	/* A socket belongs to the namespace in which it was made, wherever its thread goes afterwards. */
	sk = nl_socket_alloc();
	nlerr = sk ? nl_connect(sk, protocol) : -NLE_NOMEM;
	if (pid)
		netns_leave(home);
	if (nlerr < 0) {
		nl_socket_free(sk);
		return err_set(e, net_nl_errno(nlerr), "NetlinkRefused", "cannot open a netlink socket: %s",
			nl_geterror(nlerr));
	}
	*ret = sk;
	return 0;
}

int net_sock_open(int pid, struct nl_sock **ret, struct err *e)
{
	return net_sock_open_protocol(pid, NETLINK_ROUTE, ret, e);
}

static int on_nsid(struct nl_msg *msg, void *arg)
{
	struct nlattr *a = nlmsg_find_attr(nlmsg_hdr(msg), sizeof(struct rtgenmsg), NETNSA_NSID);

	if (a && nla_len(a) >= (int)sizeof(int32_t))
		memcpy(arg, nla_data(a), sizeof(int32_t));
	return NL_OK;
}

static int nsid_request(struct nl_sock *sk, int fd, int32_t *ret)
{
	const struct rtgenmsg gen = {.rtgen_family = AF_UNSPEC};
	struct nl_msg *msg = nlmsg_alloc_simple(RTM_GETNSID, 0);
	int nlerr;

	if (!msg || nlmsg_append(msg, (void *)&gen, sizeof(gen), NLMSG_ALIGNTO) < 0 ||
		nla_put_u32(msg, NETNSA_FD, (uint32_t)fd) < 0) {
		nlmsg_free(msg);
		return -ENOMEM;
	}
	/* The answer is the acknowledgement: a second one would be left over for the next request. */
	nl_socket_disable_auto_ack(sk);
	nl_socket_modify_cb(sk, NL_CB_VALID, NL_CB_CUSTOM, on_nsid, ret);
	nlerr = nl_send_auto(sk, msg);
	if (nlerr >= 0)
		nlerr = nl_recvmsgs_default(sk);
	nlmsg_free(msg);
	return nlerr < 0 ? net_nl_errno(nlerr) : 0;
}

int netns_id(int pid, int32_t *ret)
{
	auto_close int fd = -1;
	struct nl_sock *sk = NULL;
	int32_t id = NETNSA_NSID_NOT_ASSIGNED;
	char path[40];
	int r;

	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = net_sock_open(0, &sk, NULL);
	if (r < 0)
		return r;
	r = nsid_request(sk, fd, &id);
	nl_socket_free(sk);
	if (r == 0 && id == NETNSA_NSID_NOT_ASSIGNED)
		r = -ENOENT;
	if (r == 0)
		*ret = id;
	return r;
}
