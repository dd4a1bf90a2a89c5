/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/runtime/runc.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <base/cleanup.h>
#include <base/clock.h>
#include <base/io.h>
#include <base/str.h>

#define USUAL_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static bool is_ourselves(const struct stat *st)
{
	struct stat self;

	return stat("/proc/self/exe", &self) == 0 && self.st_dev == st->st_dev && self.st_ino == st->st_ino;
}

static char *find_in(const char *path, const char *name)
{
	while (path && *path) {
		size_t len = strcspn(path, ":");
		struct stat st;
		auto_free char *file = str_dup_fmt("%.*s/%s", (int)len, path, name);
		/* A relative directory in $PATH would be looked up in the bundle. */
		if (file && *path == '/' && !stat(file, &st) && S_ISREG(st.st_mode) && !access(file, X_OK) &&
			!is_ourselves(&st))
			return TAKE_PTR(file);
		path += len;
		path += *path == ':';
	}
	return NULL;
}

int runc_find(const char *name, char **ret, struct err *e)
{
	char *file = find_in(USUAL_PATH, name);

	if (!file)
		file = find_in(getenv("PATH"), name);
	if (!file) {
		err_set(e, -ENOENT, "ToolMissing", "%s is neither in " USUAL_PATH " nor in $PATH", name);
		return -ENOENT;
	}
	*ret = file;
	return 0;
}

int runc_exec(char **argv, struct err *e)
{
	auto_free char *runc = NULL;
	int r = runc_find("runc", &runc, e);

	if (r)
		return r;
	runc_complete_path();
	argv[0] = runc;
	execv(runc, argv);
	return err_set(e, -errno, "ToolMissing", "%s: %s", runc, strerror(errno));
}

void runc_complete_path(void)
{
	const char *path = getenv("PATH");
	auto_free char *all = path && *path ? str_dup_fmt("%s:" USUAL_PATH, path) : strdup(USUAL_PATH);

	if (all)
		setenv("PATH", all, 1);
}

/* Parts of a message come from tools that print bytes no JSON string may hold. */
static void make_printable(char *s)
{
	for (; *s; s++) {
		if ((unsigned char)*s < 0x20 || (unsigned char)*s >= 0x7f)
			*s = ' ';
	}
}

static char *log_line_text(const struct runc_args *a, const char *message)
{
	char now[CLOCK_RFC3339_MAX];

	clock_format(clock_wall_ms(), now);
	if (!a->log_json)
		return str_dup_fmt("time=\"%s\" level=error msg=\"escape-runc: %s\"", now, message);
	json_t *line =
		json_pack("{s:s, s:s+, s:s}", "level", "error", "msg", "escape-runc: ", message, "time", now);
	char *text = line ? json_dumps(line, JSON_COMPACT) : NULL;
	json_decref(line);
	return text;
}

void runc_report(const struct runc_args *a, const char *message)
{
	auto_free char *clean = strdup(message);

	fprintf(stderr, "escape-runc: %s\n", message);
	if (!a->log || !clean)
		return;
	auto_close int fd = open(a->log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0644);
	make_printable(clean);
	auto_free char *text = log_line_text(a, clean);
	auto_free char *line = text ? str_dup_fmt("%s\n", text) : NULL;
	if (fd >= 0 && line)
		io_write_all(fd, line, strlen(line));
}
