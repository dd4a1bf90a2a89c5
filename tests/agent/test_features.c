/* SPDX-License-Identifier: Apache-2.0 */
/* What a node says of its cgroups, CPU and security modules: texts recorded on real nodes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <base/cleanup.h>
#include <base/io.h>
#include <base/str.h>
#include <errno.h>
#include <string.h>

#include "node-agent/agent/report/feature_parse.h"
#include "node-agent/agent/report/memory_track.h"

/* Debian with systemd; a machine with v1 controllers and systemd's v2 beside them; one before v2. */
#define LINE_V2                                                                                              \
	"35 24 0:30 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:4 - cgroup2 cgroup2 "            \
	"rw,nsdelegate\n"
#define LINE_UNIFIED "31 30 0:27 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw,nsdelegate\n"
#define LINE_MEMORY "33 30 0:29 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory\n"
#define LINE_SYSTEMD "32 30 0:28 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,name=systemd\n"
#define LINE_ROOT "24 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n"

static void test_cgroups(void **state)
{
	(void)state;
	assert_string_equal(feature_cgroups(LINE_ROOT LINE_V2), "v2");
	assert_string_equal(feature_cgroups(LINE_ROOT LINE_UNIFIED LINE_SYSTEMD LINE_MEMORY), "hybrid");
	assert_string_equal(feature_cgroups(LINE_MEMORY LINE_ROOT), "v1");
	assert_string_equal(feature_cgroups(LINE_UNIFIED LINE_SYSTEMD), "v2");
	assert_null(feature_cgroups(LINE_ROOT));
	assert_null(feature_cgroups(""));
	/* A mount point may be called anything. */
	assert_null(feature_cgroups("24 1 254:0 / /cgroup2 rw - ext4 /dev/vda rw\n"));
}

static void test_cgroup_driver(void **state)
{
	(void)state;
	assert_string_equal(
		feature_cgroup_driver("0::/kubepods.slice/kubepods-burstable.slice/"
				      "kubepods-burstable-pod12ab.slice/cri-containerd-77.scope\n"),
		"systemd");
	assert_string_equal(
		feature_cgroup_driver("0::/kubelet.slice/kubelet-kubepods.slice/x.scope\n"), "systemd");
	assert_string_equal(feature_cgroup_driver("4:memory:/esc/node-a/kubepods/burstable/pod12/77\n"
						  "0::/esc/node-a/kubepods/burstable/pod12/77\n"),
		"cgroupfs");
	assert_null(feature_cgroup_driver("0::/user.slice/session-1.scope\n"));
	assert_null(feature_cgroup_driver(""));
}

static void test_cpu(void **state)
{
	char dst[256];

	(void)state;
	assert_int_equal(
		feature_cpu("processor\t: 0\nvendor_id\t: GenuineIntel\nflags\t\t: fpu vme sse sse2 ht nx "
			    "rep_good hypervisor avx512_bf16 avx pti ssbd sse4_2 avx\nbugs\t\t: spectre_v1\n"
			    "processor\t: 1\nflags\t\t: aes\n",
			dst, sizeof(dst)),
		0);
	assert_string_equal(dst, "avx avx512_bf16 fpu sse sse2 sse4_2");
	assert_int_equal(feature_cpu("Features\t: fp asimd evtstrm aes\n", dst, sizeof(dst)), 0);
	assert_string_equal(dst, "aes asimd evtstrm fp");
	assert_int_equal(feature_cpu("flags\t\t: sse AVX av\"x avx2\n", dst, sizeof(dst)), 0);
	assert_string_equal(dst, "avx2 sse");
	assert_int_equal(feature_cpu("flags\t\t: nx pti\n", dst, sizeof(dst)), -ENOENT);
	assert_int_equal(feature_cpu("model name\t: x\n", dst, sizeof(dst)), -ENOENT);
	assert_int_equal(feature_cpu("", dst, sizeof(dst)), -ENOENT);
	assert_int_equal(feature_cpu("flags\t\t: sse sse2\n", dst, 9), 0);
	assert_int_equal(feature_cpu("flags\t\t: sse sse2\n", dst, 8), -ENAMETOOLONG);
	assert_string_equal(dst, "");
}

static void test_lists(void **state)
{
	(void)state;
	assert_true(feature_in_list("lockdown,capability,landlock,bpf\n", "bpf"));
	assert_true(feature_in_list("bpf", "bpf"));
	assert_false(feature_in_list("lockdown,ebpf,bpfs\n", "bpf"));
	assert_false(feature_in_list("", "bpf"));
}

/* Whatever this kernel is built with, the answer is one of those that the report can tell. */
static void test_memory(void **state)
{
	int soft = memory_soft_dirty(), scan = memory_pagemap_scan();

	(void)state;
	assert_true(soft == 0 || soft == -ENOTSUP);
	assert_true(scan == 0 || scan == -ENOTTY);
	/* Bits that are there once are there again. */
	assert_int_equal(memory_soft_dirty(), soft);
	assert_int_equal(memory_pagemap_scan(), scan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cgroups),
		cmocka_unit_test(test_cgroup_driver),
		cmocka_unit_test(test_cpu),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
