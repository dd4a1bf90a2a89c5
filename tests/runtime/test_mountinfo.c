/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <cmocka.h>

#include <base/cleanup.h>
#include <base/io.h>
#include <base/str.h>

#include "node-agent/runtime/mountinfo.h"
#include "node-agent/runtime/rootfs.h"

static void one_line(void **state)
{
	char line[] = "36 35 98:0 /mnt1 /a\\040b\\134c rw,noatime shared:3 master:1 - ext3 /dev/root "
		      "rw,errors=continue";
	struct mount_entry m;

	(void)state;
	assert_int_equal(mountinfo_parse_line(line, &m), 0);
	assert_string_equal(m.root, "/mnt1");
	assert_string_equal(m.target, "/a b\\c");
	assert_string_equal(m.options, "rw,noatime");
	assert_string_equal(m.fstype, "ext3");
	assert_string_equal(m.source, "/dev/root");
	assert_string_equal(m.super, "rw,errors=continue");
}

static void bad_lines(void **state)
{
	static const char *const bad[] = {"", " ", "1", "36 35 98:0 / /m rw", "36 35 98:0 / /m rw - ext3",
		"36 35 98:0 / /m rw -", "36 35 98:0 / /m rw - ext3 dev", "36 35 98:0 / /m rw x y z",
		"36  98:0 / /m rw - a b c"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		auto_free char *line = strdup(bad[i]);
		struct mount_entry m;
		assert_int_equal(mountinfo_parse_line(line, &m), -EINVAL);
	}
}

static void the_mount_on_top(void **state)
{
	char text[] = "1 0 0:1 / / rw - ext4 a rw\n2 1 0:2 / /m rw - tmpfs b rw\ngarbage\n3 2 0:3 / /m ro - "
		      "overlay c ro\n";
	char again[] = "1 0 0:1 / / rw - ext4 a rw\n";
	struct mount_entry m;

	(void)state;
	assert_int_equal(mountinfo_find(text, "/m", &m), 0);
	assert_string_equal(m.fstype, "overlay");
	assert_int_equal(mountinfo_find(again, "/m", &m), -ENOENT);
}

static void flags(void **state)
{
	(void)state;
	assert_int_equal(mountinfo_flags("rw,relatime"), MS_RELATIME);
	assert_int_equal(
		mountinfo_flags("ro,nosuid,nodev,noexec"), MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC);
	assert_int_equal(mountinfo_flags("nosuidx,,x"), 0);
}

static void overlay_options(void **state)
{
	struct overlay_options o;

	(void)state;
	assert_int_equal(
		overlay_options_parse("rw,lowerdir=/l1:/l2,upperdir=/u\\,v,workdir=/w,index=off,uuid=on", &o),
		0);
	assert_string_equal(o.data, "lowerdir=/l1:/l2,upperdir=/u\\,v,workdir=/w,index=off,uuid=on");
	assert_string_equal(o.upper, "/u,v");
	assert_string_equal(o.work, "/w");
	assert_string_equal(o.lower, "/l1:/l2");
	overlay_options_free(&o);
	assert_int_equal(overlay_options_parse("ro,lowerdir=/l1:/l2", &o), -EINVAL);
	assert_int_equal(overlay_options_parse("", &o), -EINVAL);
	assert_int_equal(overlay_options_parse("lowerdir=a,upperdir=b,workdir=c\\", &o), 0);
	assert_string_equal(o.work, "c\\");
	overlay_options_free(&o);
}

static void lower_directories(void **state)
{
	const char *lower = "/a\\:b:c::d";
	char dir[8];

	(void)state;
	assert_int_equal(overlay_next_lower(&lower, dir, sizeof(dir)), 4);
	assert_string_equal(dir, "/a:b");
	assert_int_equal(overlay_next_lower(&lower, dir, sizeof(dir)), 1);
	assert_string_equal(dir, "c");
	assert_int_equal(overlay_next_lower(&lower, dir, sizeof(dir)), 1);
	assert_string_equal(dir, "d");
	assert_int_equal(overlay_next_lower(&lower, dir, sizeof(dir)), 0);
	const char *too_long = "12345678";
	assert_int_equal(overlay_next_lower(&too_long, dir, sizeof(dir)), -ENAMETOOLONG);
}

static void relative_lower_directories(void **state)
{
	char root[] = "/tmp/escape-lower-XXXXXX", path[PATH_MAX], base[PATH_MAX], want[PATH_MAX];

	(void)state;
	assert_non_null(mkdtemp(root));
	str_fmt(path, sizeof(path), "%s/snapshots/1/fs", root);
	assert_int_equal(io_mkdirs(path, 0700), 0);
	str_fmt(path, sizeof(path), "%s/snapshots/2/fs", root);
	assert_int_equal(io_mkdirs(path, 0700), 0);
	str_fmt(path, sizeof(path), "%s/snapshots/3/fs", root);
	str_fmt(want, sizeof(want), "%s/snapshots", root);
	assert_int_equal(rootfs_lower_base("1/fs:2/fs", path, base), 0);
	assert_string_equal(base, want);
	assert_int_equal(rootfs_lower_base("1/fs:9/fs", path, base), -ENOENT);
	io_remove_tree(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_line),
		cmocka_unit_test(bad_lines),
		cmocka_unit_test(the_mount_on_top),
		cmocka_unit_test(flags),
		cmocka_unit_test(overlay_options),
		cmocka_unit_test(lower_directories),
		cmocka_unit_test(relative_lower_directories),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
