/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The restored processes before they run: CRIU leaves them stopped, each thread is held against the bundle's
 * spec, and only then they go on. Those that had been stopped when they were dumped stay so.
 */
#ifndef ESCAPE_RUNTIME_RESTORED_H
#define ESCAPE_RUNTIME_RESTORED_H

#include "node-agent/runtime/keeper.h"

/* 0: all of them may run. -EPERM, reason CredentialsExceedSpec; -EBADMSG: one could not be looked at. */
int restored_check(const struct keeper *k, struct err *e);
/* `images`: the dump's, which knows who had been stopped. */
int restored_continue(const struct keeper *k, const char *images, struct err *e);

#endif
