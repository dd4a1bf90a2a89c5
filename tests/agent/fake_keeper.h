/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A keeper without a container, on the test's own loop: speaks the order protocol over a real socket, keeps
 * the states and the idempotency of the real one, and writes a little "dump" when told to take a snapshot.
 * Can be made to misbehave.
 */
#ifndef ESCAPE_TESTS_FAKE_KEEPER_H
#define ESCAPE_TESTS_FAKE_KEEPER_H

#include <loop/loop.h>
#include <stdbool.h>

#include "node-agent/runtime/keeper_proto.h"

enum fake_manner {
	FAKE_GOOD,
	FAKE_SILENT,
	FAKE_SHORT,
	FAKE_LONG,
	FAKE_OLD_VERSION,
	FAKE_UNENDED,
	FAKE_OTHER_ID,
	FAKE_BAD_NAME,
	FAKE_SLOW
};
#define FAKE_CONNS 8

struct fake_keeper {
	struct loop *loop;
	char dir[200];             /* of this keeper */
	struct keeper_reply reply; /* identity and state */
	enum fake_manner manner;
	int listen_fd;
	struct loop_poll *listen_poll;
	struct {
		struct fake_keeper *owner;
		int fd;
		bool watching;
		struct loop_poll *poll;
	} conns[FAKE_CONNS];
	uint64_t last_id;
	struct keeper_reply last;
	unsigned orders[16];       /* carried out, by verb */
	unsigned received[16];     /* asked for, replays included */
	struct keeper_order order; /* the last one carried out */
	const char *fail_reason;   /* the next RESTORE or SNAPSHOT fails so */
	bool fail_ends;            /* and nothing is left running */
	struct keeper_order slow;  /* FAKE_SLOW: waits for fake_keeper_answer */
	int slow_conn;
};

/* Makes <root>/<id>/keeper.sock. */
void fake_keeper_start(struct fake_keeper *k, struct loop *l, const char *root, const char *id);
/* Connections and socket go; the directory stays. */
void fake_keeper_stop(struct fake_keeper *k);
/* Listens again, as after a restart of nothing but the socket. */
void fake_keeper_listen(struct fake_keeper *k);
/* The directory goes too. */
void fake_keeper_remove(struct fake_keeper *k);
/* A change of state of its own; watchers are told. */
void fake_keeper_state(struct fake_keeper *k, enum keeper_state state);
/* Carries out what a slow keeper was asked for. */
void fake_keeper_answer(struct fake_keeper *k);

#endif
