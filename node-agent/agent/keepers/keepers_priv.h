/* SPDX-License-Identifier: Apache-2.0 */
/* What keepers.c (discovery), keeper_conn.c (one connection) and keeper_queue.c (its orders) share. Not for
 * users of keepers.h. */
#ifndef ESCAPE_AGENT_KEEPERS_PRIV_H
#define ESCAPE_AGENT_KEEPERS_PRIV_H

#include <base/backoff.h>
#include <sys/socket.h>

#include "node-agent/agent/keepers/keepers.h"

struct keeper_conn {
	struct keeper pub; /* first: a struct keeper * is its conn */
	struct keeper_conn *next;
	struct keepers *owner;
	int fd;
	int wd; /* inotify watch of its directory, -1: none */
	struct loop_poll *poll;
	struct loop_timer *retry;
	struct backoff backoff;
	struct order *orders;
	bool tried; /* heard, or the first attempt failed */
	bool seen;  /* in the scan under way */
};

struct keepers {
	struct loop *loop;
	char *dir;
	struct keepers_ops ops;
	void *arg;
	int inotify;
	struct loop_poll *poll;
	struct keeper_conn *conns;
	uint64_t seq;
	size_t in_flight;
	bool settled;
};

struct order {
	struct order *next;
	struct keeper_conn *conn;
	struct loop_timer *deadline;
	struct keeper_order msg;
	bool sent;
	keeper_done done; /* NULL: the WATCH of the connection */
	void *arg;
};

/* keeper_queue.c: the orders of one connection, sent one after the other. */
int order_new(
	struct keeper_conn *c, const struct keeper_args *a, keeper_done done, void *arg, struct order **ret);
void order_free(struct order *o);
/* Out of the queue; NULL when there is none of that seq. */
struct order *order_take(struct keeper_conn *c, uint64_t seq);
/* Sends what may be sent now. */
int orders_pump(struct keeper_conn *c);
void orders_fail(struct keeper_conn *c, const struct err *e);

/* keeper_conn.c */
void keeper_conn_on_deadline(void *arg);
int keeper_conn_new(struct keepers *ks, const char *id, struct keeper_conn **ret);
/* Orders under way end with -ECANCELED. */
void keeper_conn_free(struct keeper_conn *c);
/* Connects now unless connected. */
void keeper_conn_try(struct keeper_conn *c);
/* After each first answer or first failure of a conn. */
void keepers_settle(struct keepers *ks);

#endif
