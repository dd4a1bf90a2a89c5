/* SPDX-License-Identifier: Apache-2.0 */
/* The other end of a keeper's socket, for the verbs: blocking, with a deadline. */
#ifndef ESCAPE_RUNTIME_CLIENT_H
#define ESCAPE_RUNTIME_CLIENT_H

#include <stdint.h>
#include <sys/types.h>

#include <base/err.h>

#include "node-agent/runtime/keeper_proto.h"

/* The connected socket, or -errno: -ECONNREFUSED when the keeper is dead. */
int client_connect(const char *id);
/* Sends an order without a directory and waits for its answer. */
int client_ask(int fd, enum keeper_verb verb, int64_t deadline_at, struct keeper_reply *ret, struct err *e);
/* The process that `pid` stands for: the real init when it is a keeper's (0 when there is none), else pid. */
pid_t client_real_pid(pid_t pid, void *unused);

#endif
