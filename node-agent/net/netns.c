/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include <arpa/inet.h>
#include <base/cleanup.h>
#include <base/log.h>
#include <errno.h>
#include <fcntl.h>
#include <netlink/errno.h>
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

int net_sock_open(int pid, struct nl_sock **ret, struct err *e)
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
	nlerr = sk ? nl_connect(sk, NETLINK_ROUTE) : -NLE_NOMEM;
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
