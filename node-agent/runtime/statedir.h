/* SPDX-License-Identifier: Apache-2.0 */
/*
 * KEEPER_ROOT/<container id>: what the keeper and the verbs share on disk. keeper.sock (orders), keeper.pid,
 * runc.pid (the real init), lock, criu.conf, dump.log, restore.log, runc.log.
 */
#ifndef ESCAPE_RUNTIME_STATEDIR_H
#define ESCAPE_RUNTIME_STATEDIR_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <base/err.h>

/* dst of PATH_MAX gets KEEPER_ROOT/<id>/<name>, or the directory itself when name is NULL. id must have
 * passed args_id_ok. */
void statedir_path(char dst[static PATH_MAX], const char *id, const char *name);
bool statedir_exists(const char *id);
/* Makes it anew; what a dead keeper of that id left is removed. */
int statedir_create(const char *id, struct err *e);
void statedir_remove(const char *id);
int statedir_write_pid(const char *id, const char *name, pid_t pid);
/* 0 when there is none. */
pid_t statedir_read_pid(const char *id, const char *name);

/*
 * The lock between verbs (shared) and the keeper (exclusive, while no real container exists or it is frozen
 * for a dump). Returns the descriptor that holds it, or -ETIMEDOUT, or -errno.
 */
int statedir_lock(const char *id, bool exclusive, int64_t deadline_at);

#endif
