/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/agent/keepers/freezer.h"

#include <base/cleanup.h>
#include <base/io.h>
#include <base/str.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define CGROUP_TEXT_MAX 65536

/* Is `name` one of the comma-separated controllers? */
static bool list_has(const char *list, size_t len, const char *name)
{
	size_t want = strlen(name);

	while (len) {
		const char *comma = memchr(list, ',', len);
		size_t one = comma ? (size_t)(comma - list) : len;

		if (one == want && !memcmp(list, name, want))
			return true;
		len -= comma ? one + 1 : one;
		list += comma ? one + 1 : one;
	}
	return false;
}

struct cgroup_line {
	const char *controllers, *path;
	size_t controllers_len, path_len;
};

/* "7:freezer:/kubepods/x": the path may hold colons. */
static bool line_split(const char *line, size_t len, struct cgroup_line *ret)
{
	const char *first = memchr(line, ':', len);
	const char *second = first ? memchr(first + 1, ':', len - (size_t)(first + 1 - line)) : NULL;

	if (!second || second[1] != '/')
		return false;
	ret->controllers = first + 1;
	ret->controllers_len = (size_t)(second - first - 1);
	ret->path = second + 1;
	ret->path_len = len - (size_t)(second + 1 - line);
	return true;
}

static bool path_climbs(const char *path, size_t len)
{
	for (size_t i = 0; i + 2 < len; i++)
		if (path[i] == '/' && path[i + 1] == '.' && path[i + 2] == '.' &&
			(i + 3 == len || path[i + 3] == '/'))
			return true;
	return false;
}

static int line_find(const char *text, bool v2, struct cgroup_line *ret)
{
	for (const char *line = text; *line;) {
		size_t len = strcspn(line, "\n");
		struct cgroup_line l;

		if (!line_split(line, len, &l))
			return -EINVAL;
		if (v2 ? !l.controllers_len : list_has(l.controllers, l.controllers_len, "freezer")) {
			*ret = l;
			return 0;
		}
		line += len + (line[len] == '\n');
	}
	return -ENOENT;
}

int freezer_path(const char *proc_cgroup, const char *root, char dst[static FREEZER_PATH_MAX], bool *ret_v2,
	struct err *e)
{
	struct cgroup_line l;
	bool v2 = false;
	int rc = line_find(proc_cgroup, false, &l);

	/* A hybrid node has both lines; only the v1 hierarchy has the controller then. */
	if (rc == -ENOENT) {
		v2 = true;
		rc = line_find(proc_cgroup, true, &l);
	}
	if (rc)
		return err_set(
			e, rc, "NoFreezer", "neither a v1 freezer nor a v2 cgroup in /proc/<pid>/cgroup");
	if (l.path_len <= 1)
		return err_set(e, -ENOENT, "CgroupRoot",
			"the container is in the root cgroup, which cannot be frozen");
	if (path_climbs(l.path, l.path_len))
		return err_set(e, -EINVAL, "CgroupNamespace",
			"the container's cgroup lies outside our cgroup namespace; the agent must run in the "
			"node's");
	rc = str_fmt(dst, FREEZER_PATH_MAX, "%s%s%.*s", root, v2 ? "" : "/freezer", (int)l.path_len, l.path);
	if (rc)
		return err_set(e, rc, "NoFreezer", "the cgroup's path is too long");
	*ret_v2 = v2;
	return 0;
}

static int path_of(
	const char *root, const char *proc, char dst[static FREEZER_PATH_MAX], bool *ret_v2, struct err *e)
{
	auto_free char *text = NULL;
	int rc = io_read_file(proc, CGROUP_TEXT_MAX, &text, NULL);

	if (rc)
		return err_set(e, rc, "NoFreezer", "cannot read %s", proc);
	return freezer_path(text, root, dst, ret_v2, e);
}

int freezer_find(const char *root, int pid, char dst[static FREEZER_PATH_MAX], struct err *e)
{
	char proc[64];
	bool v2;

	str_fmt(proc, sizeof(proc), "/proc/%d/cgroup", pid);
	return path_of(root, proc, dst, &v2, e);
}

/* Is `inner` the directory `outer` or below it? */
static bool is_within(const char *inner, const char *outer)
{
	size_t len = strlen(outer);

	return !strncmp(inner, outer, len) && (!inner[len] || inner[len] == '/');
}

static int knob_open(const char *dir, const char *name, int flags)
{
	char path[FREEZER_PATH_MAX + 32];
	int fd;

	if (str_fmt(path, sizeof(path), "%s/%s", dir, name))
		return -ENAMETOOLONG;
	fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? -errno : fd;
}

int freezer_open(const char *root, int pid, struct freezer *ret, struct err *e)
{
	struct freezer f = FREEZER_CLOSED;
	char own[FREEZER_PATH_MAX], proc[64];
	bool own_v2;
	int rc;

	str_fmt(proc, sizeof(proc), "/proc/%d/cgroup", pid);
	rc = path_of(root, proc, f.dir, &f.v2, e);
	if (rc)
		return rc;
	if (!path_of(root, "/proc/self/cgroup", own, &own_v2, NULL) && is_within(own, f.dir))
		return err_set(e, -EPERM, "OwnCgroup", "the agent itself runs in %s", f.dir);
	f.fd = knob_open(f.dir, f.v2 ? "cgroup.freeze" : "freezer.state", O_RDWR);
	if (f.fd < 0)
		return err_set(e, f.fd, "NoFreezer", "cannot open the freezer of %s", f.dir);
	if (f.v2) {
		f.state_fd = knob_open(f.dir, "cgroup.events", O_RDONLY);
		if (f.state_fd < 0) {
			rc = f.state_fd;
			freezer_close(&f);
			return err_set(e, rc, "NoFreezer", "cannot open cgroup.events of %s", f.dir);
		}
	}
	*ret = f;
	return 0;
}

void freezer_close(struct freezer *f)
{
	if (f->fd >= 0)
		close(f->fd);
	if (f->state_fd >= 0)
		close(f->state_fd);
	*f = FREEZER_CLOSED;
}

int freezer_set(const struct freezer *f, bool frozen)
{
	const char *value = f->v2 ? (frozen ? "1" : "0") : (frozen ? "FROZEN" : "THAWED");

	if (pwrite(f->fd, value, strlen(value), 0) < 0)
		return -errno;
	return 0;
}

int freezer_frozen(const struct freezer *f)
{
	char text[256];
	ssize_t n = pread(f->v2 ? f->state_fd : f->fd, text, sizeof(text) - 1, 0);

	if (n < 0)
		return -errno;
	text[n] = '\0';
	return f->v2 ? strstr(text, "frozen 1") != NULL : str_starts(text, "FROZEN");
}
