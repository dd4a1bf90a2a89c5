/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keeper of one container: a process between the container engine and the real init, which it may end and
 * restore under the engine's nose. One thread, one poll loop; an order that takes long is carried out step by
 * step with the pump, so that STATUS and WATCH are answered meanwhile and further orders wait their turn.
 * Private to keeper*.c, orders.c, container.c, checkpoint.c and restore.c.
 */
#ifndef ESCAPE_RUNTIME_KEEPER_H
#define ESCAPE_RUNTIME_KEEPER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <base/err.h>

#include "node-agent/runtime/args.h"
#include "node-agent/runtime/bundle.h"
#include "node-agent/runtime/cgroup.h"
#include "node-agent/runtime/keeper_proto.h"
#include "node-agent/runtime/mountpoints.h"
#include "node-agent/runtime/proc.h"

#define KEEPER_CONNS 32
#define KEEPER_EXIT_KILLED 137

struct keeper_conn {
	int fd; /* -1: nobody */
	bool watching;
	bool pending; /* `order` waits to be carried out */
	struct keeper_order order;
	int64_t arrived_at;
	uint64_t place;        /* in the queue of pending orders */
	uint64_t attached_seq; /* not 0: waits for the answer to the order that is being carried out */
};

struct keeper {
	const struct runc_args *args;
	const struct bundle *bundle;
	const char *id;
	char *runc; /* path of the real one */
	char *root; /* runc's state directory, absolute */

	enum keeper_state state; /* never FROZEN nor BUSY: see keeper_state_now */
	bool busy;
	enum keeper_state told; /* to the watchers */
	pid_t init_pid;         /* 0: none */
	bool init_ended;
	int init_status;
	int exit_code; /* -1: the keeper goes on */
	uint32_t rollbacks;

	struct cgroup cgroup, home; /* the container's, and where the keeper belongs */
	struct mountpoints mountpoints;
	bool has_cgroup; /* the container has one that may be frozen and emptied */

	int listen_fd, signal_fd;
	struct pump pump;
	struct keeper_conn conns[KEEPER_CONNS];
	uint64_t next_place;
	struct keeper_conn *current; /* whose order is being carried out */
	uint64_t current_id;
	uint64_t last_id;
	struct keeper_reply last_reply;
	struct keeper_conn *starter; /* whose START is held */
	uint64_t start_seq;
	int64_t hold_until;
};

/* keeper.c */

/* Runs `runc create`, tells the outcome (an int: the exit status) through result_fd, then keeps the container
 * to its end. */
__attribute__((noreturn)) void keeper_main(
	const struct runc_args *args, const struct bundle *bundle, const char *runc, int result_fd);
enum keeper_state keeper_state_now(const struct keeper *k);
/* runc with the container's global options and our own --log; `more` ends with NULL, p->argv is filled in
 * here. */
int keeper_run_runc(struct keeper *k, char *const *more, struct proc *p, int *ret_status, struct err *e);

/* keeper_sock.c */

int sock_listen(struct keeper *k, struct err *e);
/* The pump: waits on `fds` and the sockets, and serves the latter. */
void sock_wait(void *ctx, struct pollfd *fds, nfds_t count, int timeout_ms);
struct keeper_conn *sock_next_order(struct keeper *k);
bool sock_order_waits(const struct keeper *k, enum keeper_verb verb);
/* The answer as of now: identity and state, code 0. */
void sock_fill_reply(const struct keeper *k, struct keeper_reply *r);
void sock_send(struct keeper_conn *c, struct keeper_reply *r, uint64_t seq);
/* Tells the watchers when the state has changed since they were told last. */
void sock_tell_watchers(struct keeper *k);

/* orders.c */

void orders_carry_out(struct keeper *k, struct keeper_conn *c);
/* A held start that nobody waits for any more, or that has waited too long: fails it and ends the container.
 */
void orders_end_hold(struct keeper *k);

/* container.c */

/* Collects children that ended; init's end is noted. Not while a proc_run is under way. */
void container_reap(struct keeper *k);
int container_freeze(struct keeper *k, int64_t deadline_at, struct err *e);
int container_thaw(struct keeper *k, int64_t deadline_at, struct err *e);
/* SIGKILL to all of it, frozen or not, and waits until nothing is left; none of it runs again meanwhile. */
int container_kill(struct keeper *k, int64_t deadline_at, struct err *e);
/* A process in the container's cgroup that does not descend from its init; 0 when there is none. */
pid_t container_stranger(const struct keeper *k);

/* checkpoint.c, restore.c: carry out SNAPSHOT and RESTORE, and fill r->ms. */

int checkpoint_take(struct keeper *k, const struct keeper_order *o, int64_t deadline_at,
	struct keeper_reply *r, struct err *e);
int restore_carry_out(struct keeper *k, const struct keeper_order *o, int64_t deadline_at,
	struct keeper_reply *r, struct err *e);

#endif
