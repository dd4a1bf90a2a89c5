/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <base/cleanup.h>
#include <base/io.h>
#include <base/str.h>

#include "node-agent/runtime/cgroup.h"
#include "node-agent/runtime/cgroup_ops.h"

#define V1_MOUNTS                                                                                            \
	"1 0 0:1 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"                                                     \
	"2 1 0:2 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"                                     \
	"3 1 0:3 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"                           \
	"4 1 0:4 / /sys/fs/cgroup/freezer rw - cgroup cgroup rw,freezer\n"                                   \
	"5 1 0:5 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd\n"                        \
	"6 1 0:6 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"

static struct cgroup c, ours;

static int parse(const char *memberships, const char *mounts, struct cgroup *ret)
{
	auto_free char *copy = strdup(mounts);

	return cgroup_parse(memberships, copy, ret);
}

static bool has_dir(const char *dir)
{
	for (size_t i = 0; i < c.count; i++) {
		if (str_eq(c.dirs[i], dir))
			return true;
	}
	return false;
}

static void hybrid(void **state)
{
	(void)state;
	assert_int_equal(
		parse("5:name=systemd:/k/p\n4:freezer:/k/p\n3:cpu,cpuacct:/k/p\n2:memory:/k/p\n0::/\n",
			V1_MOUNTS, &c),
		0);
	assert_ptr_equal(c.ops, &cgroup_v1_ops);
	assert_string_equal(c.freezer, "/sys/fs/cgroup/freezer/k/p");
	assert_true(has_dir("/sys/fs/cgroup/memory/k/p"));
	assert_true(has_dir("/sys/fs/cgroup/cpu,cpuacct/k/p"));
	assert_true(has_dir("/sys/fs/cgroup/systemd/k/p"));
	assert_true(has_dir("/sys/fs/cgroup/unified"));
}

static void unified(void **state)
{
	(void)state;
	assert_int_equal(parse("0::/kubepods/pod1/c1\n",
				 "1 0 0:1 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate\n", &c),
		0);
	assert_ptr_equal(c.ops, &cgroup_v2_ops);
	assert_string_equal(c.freezer, "/sys/fs/cgroup/kubepods/pod1/c1");
}

static void a_part_of_the_hierarchy(void **state)
{
	(void)state;
	assert_int_equal(parse("0::/a/b/c\n", "1 0 0:1 /a /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", &c), 0);
	assert_string_equal(c.freezer, "/sys/fs/cgroup/b/c");
	assert_int_equal(
		parse("0::/ab/c\n", "1 0 0:1 /a /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", &c), -ENOENT);
	assert_int_equal(
		parse("0::/../x\n", "1 0 0:1 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", &c), -ENOENT);
	assert_int_equal(parse("garbage\n::\n7\n", V1_MOUNTS, &c), -ENOENT);
}

static void the_later_mount_wins(void **state)
{
	(void)state;
	assert_int_equal(parse("0::/x\n",
				 "1 0 0:1 / /hidden rw - cgroup2 cgroup2 rw\n2 0 0:1 / /sys/fs/cgroup rw - "
				 "cgroup2 cgroup2 rw\n",
				 &c),
		0);
	assert_string_equal(c.freezer, "/sys/fs/cgroup/x");
	assert_int_equal(c.count, 1);
}

static void whose_cgroup_it_is(void **state)
{
	static const char mounts[] = "1 0 0:1 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";

	(void)state;
	assert_int_equal(parse("0::/system.slice/engine\n", mounts, &ours), 0);
	assert_int_equal(parse("0::/kubepods/c\n", mounts, &c), 0);
	assert_true(cgroup_is_own(&c, &ours));
	assert_int_equal(parse("0::/system.slice/engine\n", mounts, &c), 0);
	assert_false(cgroup_is_own(&c, &ours));
	assert_int_equal(parse("0::/system.slice\n", mounts, &c), 0);
	assert_false(cgroup_is_own(&c, &ours));
	assert_int_equal(parse("0::/\n", mounts, &c), 0);
	assert_false(cgroup_is_own(&c, &ours));
	assert_int_equal(parse("0::/system.slice/eng\n", mounts, &c), 0);
	assert_true(cgroup_is_own(&c, &ours));
}

/* A directory with the files of a v2 cgroup stands for one: the kernel's own side is in the component test.
 */
static void knobs_of_v2(void **state)
{
	char dir[] = "/tmp/escape-cgroup-XXXXXX", path[PATH_MAX];
	pid_t pids[CGROUP_PIDS_MAX];

	(void)state;
	assert_non_null(mkdtemp(dir));
	c = (struct cgroup){.ops = &cgroup_v2_ops};
	str_copy(c.freezer, sizeof(c.freezer), dir);
	str_fmt(path, sizeof(path), "%s/cgroup.freeze", dir);
	io_write_file_atomic(path, "0\n", 2, 0600);
	str_fmt(path, sizeof(path), "%s/cgroup.events", dir);
	io_write_file_atomic(path, "populated 1\nfrozen 0\n", 21, 0600);
	str_fmt(path, sizeof(path), "%s/cgroup.procs", dir);
	io_write_file_atomic(path, "12\n13\n", 6, 0600);
	assert_int_equal(cgroup_is_frozen(&c), 0);
	assert_int_equal(cgroup_set_frozen(&c, true), 0);
	assert_int_equal(cgroup_is_frozen(&c), -EAGAIN);
	str_fmt(path, sizeof(path), "%s/cgroup.events", dir);
	io_write_file_atomic(path, "populated 1\nfrozen 1\n", 21, 0600);
	assert_int_equal(cgroup_is_frozen(&c), 1);
	str_fmt(path, sizeof(path), "%s/sub", dir);
	io_mkdirs(path, 0700);
	str_fmt(path, sizeof(path), "%s/sub/cgroup.procs", dir);
	io_write_file_atomic(path, "14\n", 3, 0600);
	assert_int_equal(cgroup_pids(&c, pids), 3);
	assert_int_equal(pids[0] + pids[1] + pids[2], 39);
	io_remove_tree(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hybrid),
		cmocka_unit_test(unified),
		cmocka_unit_test(a_part_of_the_hierarchy),
		cmocka_unit_test(the_later_mount_wins),
		cmocka_unit_test(whose_cgroup_it_is),
		cmocka_unit_test(knobs_of_v2),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
