/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keepers of this node: found in the run directory (inotify and a scan), one SEQPACKET connection each
 * with WATCH standing, orders with deadlines. A lost connection is made again with back-off for as long as
 * the keeper's directory is there; its orders under way end with -EPIPE and are the caller's to send again
 * (the same order_id carries nothing out twice). Not here: what the orders mean. Owns its keepers; `struct
 * keeper *` is borrowed until on_gone. Loop thread only.
 */
#ifndef ESCAPE_AGENT_KEEPERS_H
#define ESCAPE_AGENT_KEEPERS_H

#include <base/err.h>
#include <loop/loop.h>
#include <stdbool.h>

#include "node-agent/runtime/keeper_proto.h"

struct keepers;

struct keeper {
	char id[80];              /* container id, the directory's name */
	struct keeper_reply last; /* valid when known */
	bool known;               /* it told its state at least once */
	bool connected;
	bool fresh; /* last was told on the connection that stands now */
	void *user; /* the owner of the keepers' business; set in on_change, dropped in on_gone */
};

struct keepers_ops {
	/* State, init pid or connection changed. */
	void (*on_change)(void *arg, struct keeper *k);
	/* Its directory is gone; k is freed afterwards. Only for keepers that were known. */
	void (*on_gone)(void *arg, struct keeper *k);
	/* The first scan is done and each keeper found was heard or given up for now. */
	void (*on_settled)(void *arg);
};

int keepers_new(struct loop *l, const char *dir, const struct keepers_ops *ops, void *arg,
	struct keepers **ret, struct err *e);
void keepers_free(struct keepers *ks); /* orders under way end with -ECANCELED */
bool keepers_settled(const struct keepers *ks);
size_t keepers_in_flight(const struct keepers *ks);

typedef void (*keepers_visit)(void *arg, struct keeper *k);
/* visit may send orders. */
void keepers_each(struct keepers *ks, keepers_visit visit, void *arg);
struct keeper *keepers_find(struct keepers *ks, const char *id);

/*
 * r is NULL when the keeper did not answer (then e says why: -EPIPE KeeperLost, -ETIMEDOUT KeeperSilent,
 * -EPROTO); when it answered with a failure both are given, e with the keeper's reason and message.
 */
typedef void (*keeper_done)(void *arg, const struct keeper_reply *r, const struct err *e);
struct keeper_args {
	enum keeper_verb verb;
	uint64_t order_id;
	uint32_t flags;
	uint32_t deadline_ms;
	const char *dir;  /* or NULL */
	const char *text; /* or NULL; cut to what fits */
};
/* done runs exactly once, never from inside this call; not at all when this fails (-ENOTCONN, ...). */
int keeper_order(
	struct keeper *k, const struct keeper_args *args, keeper_done done, void *arg, struct err *e);

#endif
