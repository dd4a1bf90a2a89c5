/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/runtime/args.h"

#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include <base/cleanup.h>
#include <base/str.h>

#include "node-agent/runtime/keeper_proto.h"

struct flag {
	const char *name;
	size_t len;
	const char *value; /* NULL: not given with '=' */
};

/* Options that take the next argument as their value when it is not given with '='. */
static const char *const global_valued[] = {"root", "log", "log-format", "rootless", "criu", NULL};
static const char *const create_valued[] = {
	"bundle", "b", "console-socket", "pidfd-socket", "pid-file", "preserve-fds", NULL};
static const char *const exec_valued[] = {"console-socket", "pidfd-socket", "cwd", "env", "e", "user", "u",
	"additional-gids", "g", "process", "p", "pid-file", "process-label", "apparmor", "cap", "c",
	"preserve-fds", "cgroup", NULL};
static const char *const ps_valued[] = {"format", "f", NULL};
static const char *const events_valued[] = {"interval", NULL};
static const char *const update_valued[] = {"resources", "r", "blkio-weight", "cpu-period", "cpu-quota",
	"cpu-burst", "cpu-share", "cpu-rt-period", "cpu-rt-runtime", "cpuset-cpus", "cpuset-mems",
	"kernel-memory", "kernel-memory-tcp", "memory", "memory-reservation", "memory-swap", "pids-limit",
	"l3-cache-schema", "mem-bw-schema", "cpu-idle", NULL};
static const char *const none_valued[] = {NULL};

static const struct {
	const char *verb;
	const char *const *valued;
	bool ends_at_id; /* what follows the id is not ours to read: the command of exec, the options of ps */
} verb_table[] = {
	{"create", create_valued, false},
	{"exec", exec_valued, true},
	{"ps", ps_valued, true},
	{"update", update_valued, false},
	{"events", events_valued, false},
};

static bool flag_read(const char *arg, struct flag *ret)
{
	if (arg[0] != '-' || !arg[1])
		return false;
	const char *name = arg + (arg[1] == '-' ? 2 : 1);
	const char *eq = strchr(name, '=');
	*ret = (struct flag){
		.name = name, .len = eq ? (size_t)(eq - name) : strlen(name), .value = eq ? eq + 1 : NULL};
	return ret->len > 0;
}

static bool flag_is(const struct flag *f, const char *name)
{
	return strlen(name) == f->len && !strncmp(f->name, name, f->len);
}

static bool flag_takes_value(const struct flag *f, const char *const *valued)
{
	for (; *valued; valued++) {
		if (flag_is(f, *valued))
			return true;
	}
	return false;
}

/* Reads the option at argv[at]; its value may be the next argument. Returns how many arguments it covers, 0
 * for none. */
static int flag_at(const struct runc_args *a, int at, const char *const *valued, struct flag *ret)
{
	if (!flag_read(a->argv[at], ret))
		return 0;
	if (ret->value || !flag_takes_value(ret, valued))
		return 1;
	if (at + 1 >= a->argc)
		return 1;
	ret->value = a->argv[at + 1];
	return 2;
}

static bool flag_true(const struct flag *f)
{
	return !f->value || str_eq(f->value, "true") || str_eq(f->value, "1") || str_eq(f->value, "t") ||
	       str_eq(f->value, "T") || str_eq(f->value, "TRUE") || str_eq(f->value, "True");
}

static int parse_globals(struct runc_args *a)
{
	int at = 1;
	struct flag f;

	while (at < a->argc) {
		int n = flag_at(a, at, global_valued, &f);
		if (!n)
			break;
		if (flag_is(&f, "root"))
			a->root = f.value;
		else if (flag_is(&f, "log"))
			a->log = f.value;
		else if (flag_is(&f, "log-format"))
			a->log_json = str_eq(f.value, "json");
		at += n;
	}
	return at;
}

static void take_verb_flag(struct runc_args *a, const struct flag *f, int at, int n)
{
	if (str_eq(a->verb, "create")) {
		if (flag_is(f, "bundle") || flag_is(f, "b"))
			a->bundle = f->value;
		else if (flag_is(f, "no-pivot"))
			a->no_pivot = flag_true(f);
		else if (flag_is(f, "pid-file")) {
			a->pid_file = f->value;
			a->pid_file_at = at;
			a->pid_file_len = n;
		}
	} else if (str_eq(a->verb, "exec") && (flag_is(f, "detach") || flag_is(f, "d"))) {
		a->detach = flag_true(f);
	} else if (str_eq(a->verb, "delete") && (flag_is(f, "force") || flag_is(f, "f"))) {
		a->force = flag_true(f);
	}
}

static void parse_verb(struct runc_args *a)
{
	const char *const *valued = none_valued;
	bool ends_at_id = false;

	for (size_t i = 0; i < ARRAY_LEN(verb_table); i++) {
		if (str_eq(a->verb, verb_table[i].verb)) {
			valued = verb_table[i].valued;
			ends_at_id = verb_table[i].ends_at_id;
		}
	}
	for (int at = a->verb_at + 1; at < a->argc;) {
		struct flag f;
		int n = flag_at(a, at, valued, &f);
		if (n) {
			take_verb_flag(a, &f, at, n);
			at += n;
			continue;
		}
		if (!a->id && !str_eq(a->argv[at], "--")) {
			a->id = a->argv[at];
			if (ends_at_id)
				return;
		}
		at++;
	}
}

void args_parse(int argc, char **argv, struct runc_args *ret)
{
	*ret = (struct runc_args){.argc = argc, .argv = argv, .verb = ""};
	int at = parse_globals(ret);
	if (at >= argc || argv[at][0] == '-')
		return;
	ret->verb_at = at;
	ret->verb = argv[at];
	parse_verb(ret);
}

char **args_for_create(const struct runc_args *a, char *runc, char *pid_file)
{
	char **v = calloc((size_t)a->argc + 3, sizeof(*v));
	size_t n = 0;

	if (!v)
		return NULL;
	v[n++] = runc;
	for (int i = 1; i < a->argc; i++) {
		if (a->pid_file_len && i >= a->pid_file_at && i < a->pid_file_at + a->pid_file_len)
			continue;
		v[n++] = a->argv[i];
		if (i == a->verb_at) {
			v[n++] = (char *)"--pid-file";
			v[n++] = pid_file;
		}
	}
	return v;
}

char **args_for_runc(const struct runc_args *a, char *runc, char *root, char *log, char *const *more)
{
	size_t n = 0, extra = 0;
	struct flag f = {0};

	while (more[extra])
		extra++;
	char **v = calloc((size_t)a->argc + extra + 6, sizeof(*v));
	if (!v)
		return NULL;
	v[n++] = runc;
	if (root) {
		v[n++] = (char *)"--root";
		v[n++] = root;
	}
	if (log) {
		v[n++] = (char *)"--log";
		v[n++] = log;
	}
	for (int at = 1, len; at < a->verb_at; at += len) {
		len = flag_at(a, at, global_valued, &f);
		bool ours = flag_is(&f, "root") || flag_is(&f, "log");
		for (int i = 0; i < len && !ours; i++)
			v[n++] = a->argv[at + i];
	}
	memcpy(v + n, more, extra * sizeof(*v));
	return v;
}

bool args_id_ok(const char *id)
{
	struct sockaddr_un sun;

	if (!id || str_eq(id, ".") || str_eq(id, "..") || !*id)
		return false;
	if (strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-.") != strlen(id))
		return false;
	return strlen(KEEPER_ROOT "/") + strlen(id) + sizeof("/keeper.sock") <= sizeof(sun.sun_path);
}
