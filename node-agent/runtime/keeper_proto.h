/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order protocol between the node's agent (or `escape-runc start`) and the keeper of one container: one
 * fixed-size struct per message over a SOCK_SEQPACKET socket, size-checked on both sides. The socket is
 * KEEPER_ROOT/<container id>/keeper.sock, mode 0600, peers must be uid 0. Every order is idempotent: an order
 * with the id of the one carried out last is answered with that answer again and not carried out a second
 * time.
 */
#ifndef ESCAPE_RUNTIME_KEEPER_PROTO_H
#define ESCAPE_RUNTIME_KEEPER_PROTO_H

#include <stdint.h>

#define KEEPER_ROOT "/run/escape/containers"
/* A file named by a pod UID in here: escape-runc refuses `create` for that pod (its state lives elsewhere
 * now). */
#define KEEPER_FENCES "/var/lib/escape/fences"
/* A pod with this annotation (the name of an Escape) is a successor: its `start` is held until an order
 * comes. */
#define KEEPER_HOLD_ANNOTATION "escape.dev/escape"
/* How long a held start waits before it fails; below kubelet's runtimeRequestTimeout of 2 minutes. */
#define KEEPER_HOLD_MS 110000u

#define KEEPER_MAGIC 0x45534350u /* "ESCP" */
#define KEEPER_VERSION 1u

enum keeper_verb {
	KEEPER_STATUS = 1, /* any state */
	KEEPER_WATCH, /* any state: like STATUS, and a reply with seq 0 follows at each change of state on
			 this connection */
	KEEPER_START, /* CREATED: runs `runc start`; a successor goes to HELD and is answered when the order
			 was carried out */
	KEEPER_SNAPSHOT, /* RUNNING, FROZEN: freeze, dump into dir/img, upper directory into dir/upper.tar;
			    thaw unless KEEP_FROZEN or frozen before */
	KEEPER_RESTORE,  /* HELD, RUNNING, FROZEN: end the present processes, put files and memory of dir in
			    their place */
	KEEPER_RELEASE,  /* HELD: start it as an ordinary container after all */
	KEEPER_SKIP,     /* HELD: an init container of a successor: exit 0 at once */
	KEEPER_REFUSE,   /* HELD: `start` fails with text */
	KEEPER_FREEZE,   /* RUNNING -> FROZEN; nothing to do when frozen */
	KEEPER_THAW,     /* FROZEN -> RUNNING; nothing to do when running */
	KEEPER_KILL,     /* RUNNING, FROZEN: SIGKILL, never running again; the keeper exits with 137 */
};

enum keeper_state {
	KEEPER_CREATED = 1, /* runc create done, init waits */
	KEEPER_HELD,        /* start was asked for and waits for an order */
	KEEPER_RUNNING,
	KEEPER_FROZEN,
	KEEPER_BUSY, /* an order is being carried out */
	KEEPER_ENDED,
};

enum keeper_flag {
	KEEPER_F_KEEP_FROZEN = 1, /* SNAPSHOT: leave the container frozen */
	KEEPER_F_TCP_ESTABLISHED =
		2, /* RESTORE: connections go on (a move); without it they are closed (a rollback) */
	KEEPER_F_NET_LOCKED = 4, /* SNAPSHOT: the caller has cut the network already (CRIU's own lock is
				    skipped in any case) */
};

struct keeper_order {
	uint32_t magic, version, size; /* size = sizeof(struct keeper_order) */
	uint32_t verb;
	uint64_t seq;      /* chosen by the sender, never 0; returned in the reply */
	uint64_t order_id; /* what makes it idempotent; 0 for STATUS, WATCH, START */
	uint32_t flags;
	uint32_t deadline_ms; /* for the whole order */
	char pod_uid[64];     /* must be this keeper's pod: an order for another pod is refused */
	char dir[512];        /* absolute path, as the node sees it */
	char text[256];       /* REFUSE: the message for the admin */
};

enum keeper_step {
	KEEPER_MS_FREEZE,
	KEEPER_MS_DUMP,
	KEEPER_MS_FILES,
	KEEPER_MS_KILL,
	KEEPER_MS_RESTORE,
	KEEPER_MS_TOTAL,
	KEEPER_MS_COUNT
};

struct keeper_reply {
	uint32_t magic, version, size;
	uint32_t state;   /* enum keeper_state */
	uint64_t seq;     /* of the order; 0: state change on a watching connection */
	int32_t code;     /* 0 or -errno */
	int32_t init_pid; /* of the real init, in the node's pid namespace; 0 when there is none */
	int32_t keeper_pid;
	uint32_t rollbacks;           /* restores carried out so far */
	uint32_t successor;           /* 1: has KEEPER_HOLD_ANNOTATION */
	uint32_t ms[KEEPER_MS_COUNT]; /* what the order took, per step */
	char container_id[80];
	char pod_namespace[64], pod_name[256], pod_uid[64];
	char container[64], image[256];
	char escape[256];  /* value of the annotation */
	char reason[64];   /* CamelCase when code != 0, e.g. DumpFailed, RestoreFailed, WrongState, WrongPod,
			      FilesFailed */
	char message[512]; /* for a person: the last lines of CRIU's log are in here */
};

#endif
