/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/agent/keepers/fence.h"

#include <base/cleanup.h>
#include <base/io.h>
#include <base/str.h>
#include <dirent.h>
#include <errno.h>
#include <string.h>

static int fence_path(char *dst, size_t size, const char *dir, const char *pod_uid)
{
	return str_is_uid(pod_uid) ? str_fmt(dst, size, "%s/%s", dir, pod_uid) : -EINVAL;
}

int fence_set(const char *dir, const char *pod_uid, const char *escape, struct err *e)
{
	char path[512] = "";
	int rc = io_mkdirs(dir, 0700);

	if (!rc)
		rc = fence_path(path, sizeof(path), dir, pod_uid);
	if (!rc)
		rc = io_write_file_atomic(path, escape, strlen(escape), 0600);
	return rc ? err_set(e, rc, "FenceFailed", "cannot write the fence %s/%s: %s", dir, pod_uid,
			    strerror(-rc))
		  : 0;
}

int fence_remove(const char *dir, const char *pod_uid, struct err *e)
{
	char path[512] = "";
	int rc = fence_path(path, sizeof(path), dir, pod_uid);

	if (!rc && unlink(path) && errno != ENOENT)
		rc = -errno;
	return rc ? err_set(e, rc, "FenceFailed", "cannot remove the fence %s/%s: %s", dir, pod_uid,
			    strerror(-rc))
		  : 0;
}

bool fence_stands(const char *dir, const char *pod_uid)
{
	char path[512];

	return !fence_path(path, sizeof(path), dir, pod_uid) && !access(path, F_OK);
}

void fence_sweep(const char *dir, bool (*gone)(void *arg, const char *pod_uid), void *arg)
{
	auto_closedir DIR *d = opendir(dir);
	struct dirent *entry;

	while (d && (entry = readdir(d)))
		if (str_is_uid(entry->d_name) && gone(arg, entry->d_name))
			fence_remove(dir, entry->d_name, NULL);
}
