/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which of the tasks in a container's cgroup belong to it when watching begins; who enters later is marked in
 * the kernel (mark.bpf.h). A mark is put on a thread group's leader through a pidfd, so that a pid which was
 * reused in the meantime cannot get it: the process is looked at again after its pidfd is open.
 */
#include "evidence_user.h"
#include "internal.h"
#include "monitor.skel.h"

#include <base/cleanup.h>
#include <base/io.h>
#include <base/str.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <limits.h>
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

/* 1: marked anew, 0: it had such a mark already. */
static int mark_put(const struct monitor_watch *w, int pidfd, uint32_t state)
{
	int map = monitor_marks_fd(w->monitor);
	struct monitor_mark mark;

	if (bpf_map_lookup_elem(map, &pidfd, &mark) == 0 && mark.watch == monitor_conf_of(w)->watch &&
		(mark.state == state || mark.state == MONITOR_ARMED))
		return 0;
	mark = (struct monitor_mark){
		.watch = monitor_conf_of(w)->watch,
		.slot = w->slot,
		.state = state,
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
	evidence_level(w, level);
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

static int parent_of(int pid, int *ret)
{
	struct stat_fields st;
	int r = stat_read(pid, &st);

	if (r == 0)
		*ret = st.parent;
	return r;
}

/* The inode of the process's namespace (pid 0: of ours), 0 when it is gone. */
static ino_t ns_of(int pid, const char *kind)
{
	char path[40];
	struct stat st;

	if (pid)
		snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, kind);
	else
		snprintf(path, sizeof(path), "/proc/self/ns/%s", kind);
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

struct pass {
	struct monitor_watch *watch;
	const struct monitor_container *container;
	ino_t pidns; /* init's */
	bool running;
};

/*
 * A process is the container's own when init is among its ancestors. An orphan in a pod that shares its pid
 * namespace hangs on that namespace's first process instead. What was executed into the container from
 * outside (a probe, a shell of kubectl exec) has neither.
 */
static bool descends(const struct pass *p, int pid)
{
	int init = p->container->init_pid;
	bool shared = p->pidns != ns_of(0, "pid") && !is_first(init);

	for (int depth = 0; depth < DEPTH_MAX && pid > 1; depth++) {
		if (pid == init)
			return true;
		if (shared && depth && ns_of(pid, "pid") == p->pidns && is_first(pid))
			return true;
		if (parent_of(pid, &pid) < 0)
			return false;
	}
	return false;
}

/* The state that its mark should have; negative: it needs none. Before init has executed its program others
 * in the cgroup are the runtime's. */
static int state_wanted(const struct pass *p, int pid)
{
	if (!p->running)
		return descends(p, pid) ? 0 : -1;
	if (p->watch->execs_own || descends(p, pid))
		return MONITOR_ARMED;
	return MONITOR_ARMED | MONITOR_OUTSIDE;
}

/* 1: marked anew, 0: needs no mark, has it already or is gone. */
static int mark_process(const struct pass *p, int pid)
{
	int state = state_wanted(p, pid), r;
	auto_close int fd = -1;

	if (state < 0)
		return 0;
	fd = pid_open(pid);
	if (fd < 0)
		return fd == -ESRCH ? 0 : fd;
	if (state_wanted(p, pid) != state)
		return 0;
	r = mark_put(p->watch, fd, (uint32_t)state);
	return r == -ESRCH || r == -ENOENT ? 0 : r;
}

/* How many of the listed processes were marked anew. */
static int mark_listed(const struct pass *p, char *list, const char *path, struct err *e)
{
	int marked = 0;

	for (char *save = NULL, *line = strtok_r(list, "\n", &save); line;
		line = strtok_r(NULL, "\n", &save)) {
		int64_t pid;
		int r;

		if (str_parse_i64(line, 0, INT32_MAX, &pid) < 0)
			return err_set(e, -EINVAL, "BadProcs", "%s does not hold process ids", path);
		if (pid == 0)
			continue; /* a process of a pid namespace that we do not see */
		r = mark_process(p, (int)pid);
		if (r < 0)
			return err_set(
				e, r, "MarkFailed", "cannot mark process %d: %s", (int)pid, strerror(-r));
		marked += r;
	}
	return marked;
}

static int mark_pass(const struct pass *p, struct err *e)
{
	auto_free char *text = NULL;
	char path[PATH_MAX];
	int r = str_fmt(path, sizeof(path), "%s/cgroup.procs", p->container->cgroup);

	if (r == 0)
		r = io_read_file(path, PROCS_MAX, &text, NULL);
	if (r < 0)
		return err_set(e, r, "NoProcs", "cannot read %s: %s", path, strerror(-r));
	return mark_listed(p, text, path, e);
}

static int mark_all(const struct pass *p, struct err *e)
{
	for (int pass = 0; pass < PASSES_MAX; pass++) {
		int r = mark_pass(p, e);

		if (r <= 0)
			return r;
	}
	return err_set(e, -EAGAIN, "ForkStorm", "processes under %d are born faster than they can be marked",
		p->container->init_pid);
}

/* Set at fork, cleared by execve (include/linux/sched.h). */
#define PF_FORKNOEXEC 0x40U

/* runc's init is born by a fork, and the program is what it executes first. */
static bool has_executed(int pid)
{
	struct stat_fields st;

	return stat_read(pid, &st) == 0 && !(st.flags & PF_FORKNOEXEC);
}

int monitor_watch_container(struct monitor_watch *w, const struct monitor_container *c, struct err *e)
{
	struct pass p = {
		.watch = w, .container = c, .pidns = ns_of(c->init_pid, "pid"), .running = c->running};
	ino_t mntns = ns_of(c->init_pid, "mnt");
	int r;

	if (!p.pidns || !mntns)
		return err_set(e, -ESRCH, "NoSuchProcess", "process %d is gone", c->init_pid);
	monitor_conf_of(w)->mntns = (uint32_t)mntns;
	/* What descends from init, or is executed into the container, is not less deep. */
	level_admit(w, c->init_pid);
	r = monitor_cgroup_set(w, c->cgroup, e);
	if (r == 0)
		r = mark_all(&p, e);
	/* Marked first and asked then: whichever side of the mark its execve was on, its calls count. */
	if (r == 0 && !p.running && has_executed(c->init_pid)) {
		p.running = true;
		r = mark_all(&p, e);
	}
	return r;
}
