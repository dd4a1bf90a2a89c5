/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks on messages of the order protocol (keeper_proto.h): a message is believed only after these. Pure.
 */
#ifndef ESCAPE_RUNTIME_PROTO_H
#define ESCAPE_RUNTIME_PROTO_H

#include <stdbool.h>
#include <stddef.h>

#include <base/err.h>

#include "node-agent/runtime/keeper_proto.h"

/* Size, magic, version, verb, flags, seq, strings, path. 0 with *ret filled, else -EPROTO with *ret
 * untouched. */
int proto_check_order(const void *message, size_t len, struct keeper_order *ret, struct err *e);
int proto_check_reply(const void *message, size_t len, struct keeper_reply *ret, struct err *e);
/* Absolute, no empty, "." or ".." component, no control bytes, not "/" itself. */
bool proto_path_ok(const char *path);
/* Why `verb` cannot be carried out in `state`: NULL when it can. */
bool proto_verb_allowed(enum keeper_verb verb, enum keeper_state state);
const char *proto_state_name(enum keeper_state state);
const char *proto_verb_name(enum keeper_verb verb);

#endif
