/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/runtime/mountpoints.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <base/cleanup.h>
#include <base/str.h>

/* The path at which `destination` ends up, links followed as seen from inside the root. NULL when it is not
 * there. */
static char *resolve(int root, const char *destination)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
	char link[64], path[PATH_MAX];
	auto_close int fd = (int)syscall(SYS_openat2, root, destination, &how, sizeof(how));

	if (fd < 0)
		return NULL;
	str_fmt(link, sizeof(link), "/proc/self/fd/%d", fd);
	ssize_t n = readlink(link, path, sizeof(path) - 1);
	return n > 0 ? strndup(path, (size_t)n) : NULL;
}

int mountpoints_note(const struct bundle *b, struct mountpoints *ret, struct err *e)
{
	auto_close int root = open(b->rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (root < 0)
		return err_set(e, -errno, "BadBundle", "%s: %s", b->rootfs, strerror(errno));
	struct mountpoints m = {
		.count = b->mount_count, .resolved = calloc(b->mount_count + 1, sizeof(*m.resolved))};
	if (!m.resolved)
		return err_set(e, -ENOMEM, "OutOfMemory", "out of memory");
	for (size_t i = 0; i < m.count; i++)
		m.resolved[i] = resolve(root, b->mounts[i]);
	*ret = m;
	return 0;
}

int mountpoints_compare(const struct bundle *b, const struct mountpoints *noted, struct err *e)
{
	struct mountpoints now = {0};
	int r = mountpoints_note(b, &now, e);

	if (r)
		return r;
	for (size_t i = 0; i < now.count && !r; i++) {
		if (!noted->resolved[i] || str_eq(noted->resolved[i], now.resolved[i]))
			continue;
		r = err_set(e, -ELOOP, "RestoreFailed",
			"the dump's files put mount point %s of the container at %s, it belongs at %s",
			b->mounts[i], now.resolved[i] ? now.resolved[i] : "nowhere", noted->resolved[i]);
	}
	mountpoints_free(&now);
	return r;
}

void mountpoints_free(struct mountpoints *m)
{
	if (!m)
		return;
	for (size_t i = 0; m->resolved && i < m->count; i++)
		free(m->resolved[i]);
	free(m->resolved);
	*m = (struct mountpoints){0};
}
