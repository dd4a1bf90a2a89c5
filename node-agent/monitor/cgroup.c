/* SPDX-License-Identifier: Apache-2.0 */
/* The cgroup of a watch, as the kernel's attach tracepoint knows it: the number of its hierarchy and its id.
 */
#include "internal.h"
#include "monitor.skel.h"

#include <base/cleanup.h>
#include <base/io.h>
#include <base/str.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#define CGROUPS_TEXT_MAX 65536

/* The hierarchy of the v1 freezer: "freezer\t7\t12\t1" in /proc/cgroups. */
static int freezer_hierarchy(uint32_t *ret)
{
	auto_free char *text = NULL;
	unsigned number;
	const char *row;
	int r = io_read_file("/proc/cgroups", CGROUPS_TEXT_MAX, &text, NULL);

	if (r < 0)
		return r;
	row = strstr(text, "\nfreezer\t");
	if (!row || sscanf(row, "\nfreezer\t%u", &number) != 1)
		return -ENOENT;
	*ret = number;
	return 0;
}

static int key_of(const char *dir, struct monitor_cgroup_key *ret)
{
	struct statfs fs;
	struct stat st;

	if (statfs(dir, &fs) < 0 || stat(dir, &st) < 0)
		return -errno;
	*ret = (struct monitor_cgroup_key){.id = st.st_ino};
	if (fs.f_type == CGROUP2_SUPER_MAGIC)
		return 0;
	return fs.f_type == CGROUP_SUPER_MAGIC ? freezer_hierarchy(&ret->hierarchy) : -ENOTDIR;
}

int monitor_cgroup_set(struct monitor_watch *w, const char *dir, struct err *e)
{
	const struct monitor_cgroup at = {.watch = monitor_conf_of(w)->watch, .slot = w->slot};
	struct monitor_cgroup_key key;
	int r = key_of(dir, &key);

	if (r < 0)
		return err_set(e, r, "NoCgroup", "%s is not a cgroup of the v1 freezer or of v2: %s", dir,
			strerror(-r));
	monitor_cgroup_forget(w);
	if (bpf_map_update_elem(bpf_map__fd(w->monitor->skel->maps.cgroups), &key, &at, BPF_ANY) < 0)
		return err_set(
			e, -errno, "MapRefused", "cannot watch who enters %s: %s", dir, strerror(errno));
	w->cgroup = key;
	return 0;
}

void monitor_cgroup_forget(struct monitor_watch *w)
{
	if (w->cgroup.id)
		bpf_map_delete_elem(bpf_map__fd(w->monitor->skel->maps.cgroups), &w->cgroup);
	w->cgroup.id = 0;
}
