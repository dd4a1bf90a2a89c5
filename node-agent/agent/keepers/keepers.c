/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/agent/keepers/keepers.h"

#include <base/cleanup.h>
#include <base/io.h>
#include <base/log.h>
#include <base/str.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include "node-agent/agent/keepers/keepers_priv.h"

#define SOCKET_NAME "keeper.sock"

static struct keeper_conn *conn_by_id(struct keepers *ks, const char *id)
{
	for (struct keeper_conn *c = ks->conns; c; c = c->next)
		if (str_eq(c->pub.id, id))
			return c;
	return NULL;
}

static void keeper_add(struct keepers *ks, const char *id)
{
	auto_free char *path = str_dup_fmt("%s/%s", ks->dir, id);
	struct keeper_conn *c;

	if (!path || keeper_conn_new(ks, id, &c)) {
		log_error("keeper not taken up", "container", id, "why", "out of memory or name too long");
		return;
	}
	/* Watched before the first attempt, so that a socket that comes later is always noticed. */
	c->wd = inotify_add_watch(ks->inotify, path, IN_CREATE | IN_MOVED_TO | IN_ONLYDIR | IN_DONT_FOLLOW);
	c->seen = true;
	c->next = ks->conns;
	ks->conns = c;
	keeper_conn_try(c);
}

static void keeper_remove(struct keepers *ks, struct keeper_conn *c)
{
	for (struct keeper_conn **at = &ks->conns; *at; at = &(*at)->next) {
		if (*at != c)
			continue;
		*at = c->next;
		break;
	}
	if (c->wd >= 0)
		inotify_rm_watch(ks->inotify, c->wd);
	if (c->pub.known)
		ks->ops.on_gone(ks->arg, &c->pub);
	keeper_conn_free(c);
}

static bool is_container_dir(int dirfd, const struct dirent *d)
{
	struct stat st;

	if (d->d_name[0] == '.' || strlen(d->d_name) >= sizeof(((struct keeper *)0)->id))
		return false;
	return !fstatat(dirfd, d->d_name, &st, AT_SYMLINK_NOFOLLOW) && S_ISDIR(st.st_mode);
}

static void scan_found(struct keepers *ks, const char *id)
{
	struct keeper_conn *c = conn_by_id(ks, id);

	if (c)
		c->seen = true;
	else
		keeper_add(ks, id);
}

static void scan_remove_unseen(struct keepers *ks)
{
	for (struct keeper_conn *c = ks->conns, *next; c; c = next) {
		next = c->next;
		if (!c->seen)
			keeper_remove(ks, c);
	}
}

static int scan(struct keepers *ks)
{
	auto_closedir DIR *dir = opendir(ks->dir);
	struct dirent *d;

	if (!dir)
		return -errno;
	for (struct keeper_conn *c = ks->conns; c; c = c->next)
		c->seen = false;
	while ((d = readdir(dir)))
		if (is_container_dir(dirfd(dir), d))
			scan_found(ks, d->d_name);
	scan_remove_unseen(ks);
	return 0;
}

static void on_socket_made(struct keepers *ks, int wd)
{
	for (struct keeper_conn *c = ks->conns; c; c = c->next) {
		if (c->wd != wd)
			continue;
		backoff_reset(&c->backoff);
		keeper_conn_try(c);
		return;
	}
}

static bool event_is_socket(const struct inotify_event *ev)
{
	return ev->len && str_eq(ev->name, SOCKET_NAME);
}

/* Everything but a socket that appeared is answered by looking at the whole directory: it is small and never
 * wrong. */
static void on_inotify(void *arg, int events)
{
	struct keepers *ks = arg;
	char text[16 * (sizeof(struct inotify_event) + NAME_MAX + 1)] __attribute__((aligned(8)));
	bool again = false;
	ssize_t n;

	(void)events;
	while ((n = read(ks->inotify, text, sizeof(text))) > 0) {
		for (char *at = text; at < text + n;) {
			const struct inotify_event *ev = (const struct inotify_event *)at;

			if (event_is_socket(ev))
				on_socket_made(ks, ev->wd);
			else if (!(ev->mask & IN_IGNORED))
				again = true;
			at += sizeof(*ev) + ev->len;
		}
	}
	if (again && scan(ks))
		log_error("run directory unreadable", "dir", ks->dir);
}

void keepers_settle(struct keepers *ks)
{
	if (ks->settled)
		return;
	for (struct keeper_conn *c = ks->conns; c; c = c->next)
		if (!c->tried)
			return;
	ks->settled = true;
	ks->ops.on_settled(ks->arg);
}

static void first_scan(void *arg)
{
	struct keepers *ks = arg;

	if (scan(ks))
		log_error("run directory unreadable", "dir", ks->dir);
	keepers_settle(ks);
}

static int keepers_begin(struct keepers *ks, const char *dir, struct err *e)
{
	int rc = io_mkdirs(dir, 0700);

	if (rc)
		return err_set(e, rc, "RunDirFailed", "cannot make %s: %s", dir, strerror(-rc));
	ks->dir = strdup(dir);
	ks->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (!ks->dir || ks->inotify < 0)
		return err_set(e, -ENOMEM, "OutOfMemory",
			"no memory, or no inotify instance left, to watch %s", dir);
	if (inotify_add_watch(
		    ks->inotify, dir, IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_MOVED_FROM | IN_ONLYDIR) < 0)
		return err_set(e, -errno, "RunDirFailed", "cannot watch %s: %s", dir, strerror(errno));
	rc = loop_poll_new(ks->loop, ks->inotify, LOOP_READ, on_inotify, ks, &ks->poll);
	if (!rc)
		rc = loop_soon(ks->loop, first_scan, ks);
	return rc ? err_set(e, rc, "OutOfMemory", "no memory to watch %s", dir) : 0;
}

int keepers_new(struct loop *l, const char *dir, const struct keepers_ops *ops, void *arg,
	struct keepers **ret, struct err *e)
{
	struct keepers *ks = calloc(1, sizeof(*ks));
	int rc;

	if (!ks)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for the keepers");
	ks->loop = l;
	ks->ops = *ops;
	ks->arg = arg;
	ks->inotify = -1;
	rc = keepers_begin(ks, dir, e);
	if (rc) {
		keepers_free(ks);
		return rc;
	}
	*ret = ks;
	return 0;
}

void keepers_free(struct keepers *ks)
{
	if (!ks)
		return;
	while (ks->conns)
		keeper_remove(ks, ks->conns);
	loop_poll_free(ks->poll);
	if (ks->inotify >= 0)
		close(ks->inotify);
	free(ks->dir);
	free(ks);
}

bool keepers_settled(const struct keepers *ks)
{
	return ks->settled;
}

size_t keepers_in_flight(const struct keepers *ks)
{
	return ks->in_flight;
}

void keepers_each(struct keepers *ks, keepers_visit visit, void *arg)
{
	for (struct keeper_conn *c = ks->conns, *next; c; c = next) {
		next = c->next;
		if (c->pub.known)
			visit(arg, &c->pub);
	}
}

struct keeper *keepers_find(struct keepers *ks, const char *id)
{
	struct keeper_conn *c = conn_by_id(ks, id);

	return c && c->pub.known ? &c->pub : NULL;
}
