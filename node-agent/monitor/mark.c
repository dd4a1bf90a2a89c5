/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which tasks belong to a container. A mark is put on a thread group's leader through a pidfd, so that a pid
 * which was reused in the meantime cannot get it: the process is looked at again after its pidfd is open.
 */
#include "internal.h"
#include "monitor.skel.h"

#include <base/cleanup.h>
#include <base/io.h>
#include <base/str.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define PROCS_MAX ((size_t)1 << 20)
#define DEPTH_MAX 4096
#define PASSES_MAX 64

static int pid_open(int pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	return fd < 0 ? -errno : fd;
}

/* 1: marked anew, 0: it was marked for this watch already. A running program is armed: its calls count from
 * now on. */
static int mark_put(const struct monitor_watch *w, int pidfd, bool running)
{
	int map = monitor_marks_fd(w->monitor);
	struct monitor_mark mark;

	if (bpf_map_lookup_elem(map, &pidfd, &mark) == 0 && mark.watch == monitor_conf_of(w)->watch &&
		(mark.armed || !running))
		return 0;
	mark = (struct monitor_mark){
		.watch = monitor_conf_of(w)->watch,
		.slot = w->slot,
		.armed = running,
	};
	return bpf_map_update_elem(map, &pidfd, &mark, BPF_ANY) < 0 ? -errno : 1;
}

/*
 * How deep the process's pid namespace is below ours: what NSpid lists beside the first number. We may be
 * deep ourselves, so this is the least it can be for the kernel, which is all that is asked. 0 when it is not
 * known.
 */
static uint32_t level_of(int pid)
{
	auto_free char *status = NULL;
	char path[32], *p;
	uint32_t numbers = 0;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	if (io_read_file(path, 16384, &status, NULL) < 0)
		return 0;
	p = strstr(status, "\nNSpid:");
	for (p = p ? p + 1 : NULL; p && *p && *p != '\n'; p++)
		numbers += *p == '\t';
	return numbers ? numbers - 1 : 0;
}

/* To be told before a mark is put. */
static void level_admit(const struct monitor_watch *w, int pid)
{
	uint32_t *least = &w->monitor->skel->bss->least_level, level = level_of(pid);

	if (level < *least)
		__atomic_store_n(least, level, __ATOMIC_RELEASE);
}

struct stat_fields {
	int parent;
	unsigned flags; /* PF_* of the kernel */
};

/* From the last ')' of /proc/PID/stat on (a process names itself, brackets included). */
static int stat_read(int pid, struct stat_fields *ret)
{
	auto_free char *text = NULL;
	char path[32], *p;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (io_read_file(path, 4096, &text, NULL) < 0)
		return -ESRCH;
	p = strrchr(text, ')');
	if (!p || sscanf(p, ") %*c %d %*d %*d %*d %*d %u", &ret->parent, &ret->flags) != 2 || ret->parent < 0)
		return -EINVAL;
	return 0;
}

/* Set at fork, cleared by execve (include/linux/sched.h). */
#define PF_FORKNOEXEC 0x40U

/*
 * Marked first and asked then: whichever side of the mark its execve was on, its calls count. runc's init is
 * born by a fork, and the program is what it executes first.
 */
static int mark_put_before_exec(const struct monitor_watch *w, int pid, int pidfd)
{
	struct stat_fields st;
	int r = mark_put(w, pidfd, false);

	if (r < 0)
		return r;
	r = stat_read(pid, &st);
	if (r < 0 || (st.flags & PF_FORKNOEXEC))
		return r;
	r = mark_put(w, pidfd, true);
	return r < 0 ? r : 1;
}

int monitor_watch_mark(struct monitor_watch *w, int pid, struct err *e)
{
	auto_close int fd = pid_open(pid);
	int r = fd;

	if (fd >= 0) {
		level_admit(w, pid);
		r = mark_put_before_exec(w, pid, fd);
	}
	if (r == -ESRCH || r == -ENOENT)
		return err_set(e, -ESRCH, "NoSuchProcess", "process %d is gone", pid);
	if (r < 0)
		return err_set(e, r, "MarkFailed", "cannot mark process %d: %s", pid, strerror(-r));
	return r;
}

static int parent_of(int pid, int *ret)
{
	struct stat_fields st;
	int r = stat_read(pid, &st);

	if (r == 0)
		*ret = st.parent;
	return r;
}

/* The inode of the process's pid namespace, 0 when it is gone. */
static ino_t pidns_of(int pid)
{
	char path[40];
	struct stat st;

	if (pid)
		snprintf(path, sizeof(path), "/proc/%d/ns/pid", pid);
	else
		snprintf(path, sizeof(path), "/proc/self/ns/pid");
	return stat(path, &st) < 0 ? 0 : st.st_ino;
}

/* pid is process 1 of its namespace: the last number of NSpid. */
static bool is_first(int pid)
{
	auto_free char *status = NULL;
	char path[32], *p, *end;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	if (io_read_file(path, 16384, &status, NULL) < 0)
		return false;
	p = strstr(status, "\nNSpid:");
	if (!p)
		return false;
	end = strchr(p + 1, '\n');
	if (end)
		*end = 0;
	p = strrchr(p + 1, '\t');
	return p && strcmp(p + 1, "1") == 0;
}

/*
 * A process is the container's when init is among its ancestors. An orphan in a pod that shares its pid
 * namespace hangs on that namespace's first process instead. What was executed into the container from
 * outside (a probe, a shell of kubectl exec) has neither, and stays unmarked: it is not the application.
 */
static bool descends(int pid, int init, ino_t pidns)
{
	bool shared = pidns && pidns != pidns_of(0) && !is_first(init);

	for (int depth = 0; depth < DEPTH_MAX && pid > 1; depth++) {
		if (pid == init)
			return true;
		if (shared && depth && pidns_of(pid) == pidns && is_first(pid))
			return true;
		if (parent_of(pid, &pid) < 0)
			return false;
	}
	return false;
}

/* 1: marked anew, 0: not the container's, marked already or gone. */
static int mark_if_ours(struct monitor_watch *w, int pid, int init, ino_t pidns)
{
	auto_close int fd = -1;
	int r;

	if (pid != init && !descends(pid, init, pidns))
		return 0;
	fd = pid_open(pid);
	if (fd < 0)
		return fd == -ESRCH ? 0 : fd;
	if (pid != init && !descends(pid, init, pidns))
		return 0;
	r = mark_put(w, fd, true);
	return r == -ESRCH || r == -ENOENT ? 0 : r;
}

/* One pass over cgroup.procs: how many were marked anew. */
static int mark_pass(struct monitor_watch *w, int init, ino_t pidns, const char *procs, struct err *e)
{
	auto_free char *text = NULL;
	int marked = 0, r = io_read_file(procs, PROCS_MAX, &text, NULL);

	if (r < 0)
		return err_set(e, r, "NoProcs", "cannot read %s: %s", procs, strerror(-r));
	for (char *save = NULL, *line = strtok_r(text, "\n", &save); line;
		line = strtok_r(NULL, "\n", &save)) {
		int64_t pid;

		if (str_parse_i64(line, 0, INT32_MAX, &pid) < 0)
			return err_set(e, -EINVAL, "BadProcs", "%s does not hold process ids", procs);
		if (pid == 0)
			continue; /* a process of a pid namespace that we do not see */
		r = mark_if_ours(w, (int)pid, init, pidns);
		if (r < 0)
			return err_set(
				e, r, "MarkFailed", "cannot mark process %d: %s", (int)pid, strerror(-r));
		marked += r;
	}
	return marked;
}

int monitor_watch_mark_cgroup(struct monitor_watch *w, int init_pid, const char *procs, struct err *e)
{
	ino_t pidns = pidns_of(init_pid);

	if (!pidns)
		return err_set(e, -ESRCH, "NoSuchProcess", "process %d is gone", init_pid);
	/* What descends from init is not less deep. */
	level_admit(w, init_pid);
	for (int pass = 0; pass < PASSES_MAX; pass++) {
		int r = mark_pass(w, init_pid, pidns, procs, e);

		if (r <= 0)
			return r;
	}
	return err_set(e, -EAGAIN, "ForkStorm", "processes under %d are born faster than they can be marked",
		init_pid);
}
