/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Other programs that count a process's system calls, started beside the measurement: bpftrace's bare count
 * of all calls, and strace -c. Like worker.h, everything ends the program when it fails.
 */
#ifndef ESCAPE_BENCH_DETECT_PEERS_H
#define ESCAPE_BENCH_DETECT_PEERS_H

#include <stdbool.h>
#include <sys/types.h>

enum peer_kind { PEER_BPFTRACE, PEER_STRACE, PEERS };

struct peer {
	pid_t pid;
	int out; /* what it says */
};

/* NULL, or why it cannot run here: what to install. */
const char *peer_missing(enum peer_kind kind);
/* Counting when it returns. target: strace follows this process and its threads. */
void peer_start(struct peer *p, enum peer_kind kind, pid_t target);
void peer_stop(struct peer *p);

#endif
