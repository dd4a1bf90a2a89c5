/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line of an OCI runtime as runc takes it: global options, a verb, the verb's options, the
 * container id. Only what decides how escape-runc treats the call is picked out; everything else goes to runc
 * as it came. Pure; the strings in struct runc_args are borrowed from argv, the vectors built here belong to
 * the caller (free() of the vector alone, its strings are borrowed from argv and from the arguments).
 */
#ifndef ESCAPE_RUNTIME_ARGS_H
#define ESCAPE_RUNTIME_ARGS_H

#include <stdbool.h>
#include <stddef.h>

struct runc_args {
	int argc;
	char **argv;
	int verb_at;      /* index of the verb, 0 when there is none */
	const char *verb; /* "" when there is none */
	const char *id;   /* NULL when there is none */
	const char *root; /* NULL: runc's default */
	const char *log;  /* NULL: stderr */
	bool log_json;
	const char *bundle; /* create: NULL is the working directory */
	const char *pid_file;
	int pid_file_at, pid_file_len; /* where --pid-file stands in argv, and over how many arguments */
	bool no_pivot;
	bool detach; /* exec */
	bool force;  /* delete */
};

void args_parse(int argc, char **argv, struct runc_args *ret);
/* `runc create` as it came, with another pid file. NULL when out of memory. */
char **args_for_create(const struct runc_args *a, char *runc, char *pid_file);
/* The global options that must hold for every later runc of this container (--root, --systemd-cgroup ...),
 * with `root` and `log` put in place of the given paths, NULL leaving the option out; then `more`,
 * NULL-terminated. */
char **args_for_runc(const struct runc_args *a, char *runc, char *root, char *log, char *const *more);
/* May `id` be a container id, and a name in KEEPER_ROOT whose socket still fits a sockaddr_un? */
bool args_id_ok(const char *id);

#endif
