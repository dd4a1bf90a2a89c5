/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <string.h>

/* More than that in one pod are left to their peers' own timers. */
#define CONNECTIONS_MAX 4096
#define ALL_BUT_LISTEN (((1u << (TCP_CLOSING + 1)) - 1) & ~(1u << TCP_LISTEN) & ~1u)

struct connections {
	struct inet_diag_req_v2 found[CONNECTIONS_MAX];
	size_t n;
};

static int on_connection(struct nl_msg *msg, void *arg)
{
	struct connections *c = arg;
	const struct inet_diag_msg *d = nlmsg_data(nlmsg_hdr(msg));

	if (nlmsg_datalen(nlmsg_hdr(msg)) < (int)sizeof(*d) || c->n == CONNECTIONS_MAX)
		return NL_OK;
	c->found[c->n++] = (struct inet_diag_req_v2){
		.sdiag_family = d->idiag_family,
		.sdiag_protocol = IPPROTO_TCP,
		.idiag_states = ~0u,
		.id = d->id,
	};
	return NL_OK;
}

static int connections_list(struct nl_sock *sk, int family)
{
	struct inet_diag_req_v2 req = {
		.sdiag_family = (uint8_t)family,
		.sdiag_protocol = IPPROTO_TCP,
		.idiag_states = ALL_BUT_LISTEN,
	};
	int nlerr = nl_send_simple(sk, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, &req, sizeof(req));

	if (nlerr >= 0)
		nlerr = nl_recvmsgs_default(sk);
	return nlerr < 0 ? net_nl_errno(nlerr) : 0;
}

/* A connection that ended by itself meanwhile is as good as reset. */
static int connection_destroy(struct nl_sock *sk, struct inet_diag_req_v2 *req)
{
	int nlerr = nl_send_simple(sk, SOCK_DESTROY, 0, req, sizeof(*req));
	int rc;

	if (nlerr >= 0)
		nlerr = nl_wait_for_ack(sk);
	rc = nlerr < 0 ? net_nl_errno(nlerr) : 0;
	return rc == -ENOENT ? 0 : rc;
}

int net_pod_reset_connections(int pid, struct err *e)
{
	static struct connections all; /* loop thread only */
	struct nl_sock *sk = NULL;
	int rc = net_sock_open_protocol(pid, NETLINK_SOCK_DIAG, &sk, e);

	if (rc < 0)
		return rc;
	all.n = 0;
	nl_socket_modify_cb(sk, NL_CB_VALID, NL_CB_CUSTOM, on_connection, &all);
	rc = connections_list(sk, AF_INET);
	if (!rc)
		rc = connections_list(sk, AF_INET6);
	for (size_t i = 0; i < all.n && !rc; i++)
		rc = connection_destroy(sk, &all.found[i]);
	nl_socket_free(sk);
	if (rc)
		return err_set(e, rc, "ConnectionsNotReset",
			"the connections of process %d cannot be reset (kernel without "
			"CONFIG_INET_DIAG_DESTROY?): their peers notice by their own timers",
			pid);
	return 0;
}
