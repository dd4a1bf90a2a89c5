/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/runtime/restored.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <base/cleanup.h>
#include <base/io.h>
#include <base/str.h>

#include "node-agent/runtime/criu_core.h"

#define STATUS_MAX (1u << 20) /* 65,536 groups */
#define LABEL_MAX 4096

static int not_seen(pid_t pid, const char *tid, int code, struct err *e)
{
	return err_set(e, -EBADMSG, "RestoreFailed", "restored process %d, thread %s cannot be looked at: %s",
		pid, tid, strerror(-code));
}

static int check_thread(const struct keeper *k, pid_t pid, const char *tid, struct err *e)
{
	const struct creds_spec *spec = &k->bundle->creds;
	auto_free char *status = NULL, *label = NULL;
	char path[PATH_MAX];
	struct creds_task task;
	struct err why = {0};

	str_fmt(path, sizeof(path), "/proc/%d/task/%s/status", pid, tid);
	int r = io_read_file(path, STATUS_MAX, &status, NULL);
	if (!r)
		r = creds_task_parse(status, &task);
	if (!r && spec->confined) {
		str_fmt(path, sizeof(path), "/proc/%d/task/%s/attr/current", pid, tid);
		r = io_read_file(path, LABEL_MAX, &label, NULL);
	}
	if (r)
		return not_seen(pid, tid, r, e);
	r = creds_check(spec, &task, label ? label : "", pid == k->init_pid, &why);
	return r ? err_set(e, r, why.reason, "restored process %d %s", pid, why.message) : 0;
}

static void close_dir(DIR **d)
{
	if (*d)
		closedir(*d);
}

static int check_process(const struct keeper *k, pid_t pid, struct err *e)
{
	char path[PATH_MAX];
	int r = 0;

	str_fmt(path, sizeof(path), "/proc/%d/task", pid);
	__attribute__((cleanup(close_dir))) DIR *tasks = opendir(path);
	if (!tasks)
		return not_seen(pid, "*", -errno, e);
	for (const struct dirent *entry; !r && (entry = readdir(tasks));) {
		if (entry->d_name[0] != '.')
			r = check_thread(k, pid, entry->d_name, e);
	}
	return r;
}

static int list(const struct keeper *k, pid_t pids[static CGROUP_PIDS_MAX], struct err *e)
{
	int n = cgroup_pids(&k->cgroup, pids);

	if (n < 0)
		return err_set(
			e, n, "RestoreFailed", "the restored processes cannot be listed: %s", strerror(-n));
	if (n == 0 || n == CGROUP_PIDS_MAX)
		return err_set(e, -EBADMSG, "RestoreFailed",
			"%s restored processes in the container's cgroup", n ? "too many" : "no");
	return n;
}

int restored_check(const struct keeper *k, struct err *e)
{
	pid_t pids[CGROUP_PIDS_MAX];
	int r = 0, n = list(k, pids, e);

	for (int i = 0; i < n && !r; i++)
		r = check_process(k, pids[i], e);
	return n < 0 ? n : r;
}

/* Images are named by the pid in the container: the last number of NSpid. */
static bool was_stopped(pid_t pid, const char *images)
{
	auto_free char *status = NULL, *image = NULL;
	char path[PATH_MAX];
	size_t len;

	str_fmt(path, sizeof(path), "/proc/%d/status", pid);
	if (io_read_file(path, STATUS_MAX, &status, NULL))
		return false;
	const char *line = strstr(status, "\nNSpid:");
	if (!line)
		return false;
	size_t end = 1 + strcspn(line + 1, "\n"), from = end;
	while (line[from - 1] != '\t')
		from--;
	if (str_fmt(path, sizeof(path), "%s/core-%.*s.img", images, (int)(end - from), line + from) ||
		io_read_file(path, CRIU_CORE_MAX, &image, &len))
		return false;
	return criu_core_is_stopped(image, len);
}

int restored_continue(const struct keeper *k, const char *images, struct err *e)
{
	pid_t pids[CGROUP_PIDS_MAX];
	int n = list(k, pids, e);

	for (int i = 0; i < n; i++) {
		if (!was_stopped(pids[i], images))
			kill(pids[i], SIGCONT);
	}
	return n < 0 ? n : 0;
}
