/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/runtime/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <base/cleanup.h>
#include <base/io.h>
#include <base/str.h>

#include "node-agent/runtime/cgroup_ops.h"
#include "node-agent/runtime/mountinfo.h"

#define PROC_TEXT_MAX (4u << 20)
#define CGROUP_DEPTH_MAX 32

/* Is `word` one of the comma-separated words of `list`? */
static bool list_has(const char *list, const char *word, size_t len)
{
	while (*list) {
		size_t n = strcspn(list, ",");
		if (n == len && !strncmp(list, word, len))
			return true;
		list += n;
		list += *list == ',';
	}
	return false;
}

/* A mount may show only a part of the hierarchy: `path` is then seen without the part above. */
static int place_in_mount(const struct mount_entry *m, const char *path, char *dst)
{
	size_t above = str_eq(m->root, "/") ? 0 : strlen(m->root);

	if (strncmp(path, m->root, above) != 0 || (above && path[above] && path[above] != '/'))
		return -ENOENT;
	path += above;
	return str_fmt(dst, PATH_MAX, "%s%s", m->target, str_eq(path, "/") ? "" : path);
}

struct membership {
	const char *controllers; /* "" for v2 */
	size_t len;              /* of the first controller, or of name=... */
	const char *path;
};

/* "4:memory:/a/b" of /proc/PID/cgroup, cut in place. */
static bool parse_membership(char *line, struct membership *ret)
{
	char *controllers = strchr(line, ':');
	char *path = controllers ? strchr(controllers + 1, ':') : NULL;

	if (!path || path[1] != '/')
		return false;
	*path = 0;
	*ret = (struct membership){controllers + 1, strcspn(controllers + 1, ","), path + 1};
	return !strstr(path + 1, "/..");
}

static bool mount_carries(const struct mount_entry *m, const struct membership *c)
{
	if (!c->len)
		return str_eq(m->fstype, "cgroup2");
	return str_eq(m->fstype, "cgroup") && list_has(m->super, c->controllers, c->len);
}

static void take_dir(struct cgroup *c, size_t hierarchy, const struct membership *of, const char *dir)
{
	bool v1_freezer = of->len && list_has(of->controllers, "freezer", strlen("freezer"));

	if (hierarchy < CGROUP_HIERARCHIES) {
		str_copy(c->dirs[hierarchy], PATH_MAX, dir);
		c->count = hierarchy + 1 > c->count ? hierarchy + 1 : c->count;
	}
	/* A hybrid host has both; runc then freezes by v1. */
	if (v1_freezer || (!of->len && c->ops != &cgroup_v1_ops)) {
		c->ops = v1_freezer ? &cgroup_v1_ops : &cgroup_v2_ops;
		str_copy(c->freezer, sizeof(c->freezer), dir);
	}
}

/* A hierarchy may be mounted more than once: the later mount is the one on top. */
static void place_memberships(struct cgroup *c, char *memberships, const struct mount_entry *m)
{
	char *save = NULL;
	size_t i = 0;

	for (char *line = strtok_r(memberships, "\n", &save); line; line = strtok_r(NULL, "\n", &save), i++) {
		struct membership of;
		char dir[PATH_MAX];
		if (parse_membership(line, &of) && mount_carries(m, &of) && !place_in_mount(m, of.path, dir))
			take_dir(c, i, &of, dir);
	}
}

int cgroup_parse(const char *memberships, char *mountinfo, struct cgroup *ret)
{
	char *save = NULL;

	*ret = (struct cgroup){0};
	for (char *line = strtok_r(mountinfo, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		struct mount_entry m;
		if (mountinfo_parse_line(line, &m) || !str_starts(m.fstype, "cgroup"))
			continue;
		auto_free char *copy = strdup(memberships);
		if (!copy)
			return -ENOMEM;
		place_memberships(ret, copy, &m);
	}
	return ret->count ? 0 : -ENOENT;
}

int cgroup_of(pid_t pid, struct cgroup *ret, struct err *e)
{
	auto_free char *memberships = NULL, *mounts = NULL;
	char path[64];

	str_fmt(path, sizeof(path), "/proc/%d/cgroup", pid);
	int r = io_read_file(path, PROC_TEXT_MAX, &memberships, NULL);
	if (!r)
		r = io_read_file("/proc/self/mountinfo", PROC_TEXT_MAX, &mounts, NULL);
	if (!r)
		r = cgroup_parse(memberships, mounts, ret);
	return r ? err_set(e, r, "NoCgroup", "cgroups of process %d cannot be found: %s", pid, strerror(-r))
		 : 0;
}

bool cgroup_is_own(const struct cgroup *c, const struct cgroup *ours)
{
	size_t len = strlen(c->freezer);

	/* Emptying a cgroup that holds ours, or the root of a hierarchy, would kill the node. */
	return c->ops && (strncmp(ours->freezer, c->freezer, len) != 0 ||
				 (ours->freezer[len] && ours->freezer[len] != '/'));
}

void cgroup_join(const struct cgroup *c)
{
	for (size_t i = 0; i < c->count; i++) {
		char path[PATH_MAX];
		if (*c->dirs[i] && !str_fmt(path, sizeof(path), "%s/cgroup.procs", c->dirs[i]))
			io_write_knob(path, "0");
	}
}

int cgroup_set_frozen(const struct cgroup *c, bool frozen)
{
	return c->ops ? c->ops->set_frozen(c->freezer, frozen) : -ENOENT;
}

int cgroup_is_frozen(const struct cgroup *c)
{
	return c->ops ? c->ops->is_frozen(c->freezer) : 0;
}

static int read_procs(int dir, pid_t *pids, int n)
{
	auto_free char *text = NULL;
	int64_t pid;
	char *save = NULL;
	int r = io_read_file_at(dir, "cgroup.procs", PROC_TEXT_MAX, &text, NULL);

	/* EOPNOTSUPP: a threaded cgroup, whose processes are listed above it. */
	if (r)
		return r == -ENOENT || r == -ENODEV || r == -EOPNOTSUPP ? n : r;
	for (char *line = strtok_r(text, "\n", &save); line && n < CGROUP_PIDS_MAX;
		line = strtok_r(NULL, "\n", &save)) {
		if (!str_parse_i64(line, 1, INT32_MAX, &pid))
			pids[n++] = (pid_t)pid;
	}
	return n;
}

static int collect(int dir, pid_t *pids, int n, int depth)
{
	n = read_procs(dir, pids, n);
	if (n < 0 || depth == 0)
		return n;
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_closedir DIR *d = fd < 0 ? NULL : fdopendir(fd);
	if (!d) {
		if (fd >= 0)
			close(fd);
		return n;
	}
	for (struct dirent *ent; n >= 0 && (ent = readdir(d));) {
		if (ent->d_type != DT_DIR || ent->d_name[0] == '.')
			continue;
		auto_close int sub =
			openat(dir, ent->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
		if (sub >= 0)
			n = collect(sub, pids, n, depth - 1);
	}
	return n;
}

int cgroup_pids(const struct cgroup *c, pid_t pids[static CGROUP_PIDS_MAX])
{
	if (!c->ops)
		return 0;
	auto_close int dir = open(c->freezer, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return errno == ENOENT ? 0 : -errno;
	return collect(dir, pids, 0, CGROUP_DEPTH_MAX);
}

int cgroup_kill(const struct cgroup *c)
{
	pid_t pids[CGROUP_PIDS_MAX] = {0};

	if (c->ops && c->ops->kill && c->ops->kill(c->freezer) == 0)
		return 0;
	int n = cgroup_pids(c, pids);
	for (int i = 0; i < n; i++)
		kill(pids[i], SIGKILL);
	return n < 0 ? n : 0;
}
