/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence_user.h"
#include "internal.h"
#include "monitor.skel.h"

#include <base/log.h>
#include <errno.h>
#include <linux/capability.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Where x86 is not asked: TIF_32BIT of arm64. */
#ifdef __aarch64__
#define COMPAT_FLAG (1UL << 22)
#else
#define COMPAT_FLAG 0
#endif

#define KERNEL_BTF "/sys/kernel/btf/vmlinux"

static int probe_btf(struct err *e)
{
	if (access(KERNEL_BTF, R_OK) == 0)
		return 0;
	return err_set(e, -ENOTSUP, "NoBTF",
		KERNEL_BTF
		": %s; use a kernel built with CONFIG_DEBUG_INFO_BTF=y, and mount /sys into the agent's pod",
		strerror(errno));
}

static int probe_privilege(struct err *e)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {0};
	uint64_t held;

	if (syscall(SYS_capget, &head, data) < 0)
		return err_set(
			e, -ENOTSUP, "NoPrivilege", "cannot read our own capabilities: %s", strerror(errno));
	held = data[0].effective | (uint64_t)data[1].effective << 32;
	if (held & 1ULL << CAP_SYS_ADMIN || (held & 1ULL << CAP_BPF && held & 1ULL << CAP_PERFMON))
		return 0;
	return err_set(e, -ENOTSUP, "NoPrivilege",
		"eBPF programs need CAP_BPF and CAP_PERFMON (or CAP_SYS_ADMIN); give them to the agent's "
		"container");
}

/* The kernel's own words are the only explanation of a refusal: the last line of libbpf's warnings is kept.
 */
static char last_warning[256];

static int on_libbpf_print(enum libbpf_print_level level, const char *fmt, va_list args)
{
	char line[1024];

	if (level == LIBBPF_DEBUG)
		return 0;
	vsnprintf(line, sizeof(line), fmt, args);
	line[strcspn(line, "\n")] = 0;
	log_debug("libbpf", "line", line);
	if (level == LIBBPF_WARN)
		snprintf(last_warning, sizeof(last_warning), "%.*s", (int)sizeof(last_warning) - 1, line);
	return 0;
}

int monitor_load(struct monitor_bpf **ret, struct err *e)
{
	struct monitor_bpf *skel;
	int r;

	last_warning[0] = 0;
	libbpf_set_print(on_libbpf_print);
	skel = monitor_bpf__open();
	if (skel) {
		skel->rodata->restart_call = SYS_restart_syscall;
		skel->rodata->compat_flag = COMPAT_FLAG;
	}
	r = skel ? monitor_bpf__load(skel) : -errno;
	if (r == 0)
		r = evidence_load(skel);
	if (r < 0) {
		monitor_bpf__destroy(skel);
		return err_set(e, -ENOTSUP, "ProgramRefused",
			"the kernel refused the monitor's programs (%s; %s); they need Linux 5.14 or newer "
			"with tp_btf, task "
			"storage and ring buffers, and no lockdown of BPF",
			strerror(-r), last_warning[0] ? last_warning : "no further word");
	}
	*ret = skel;
	return 0;
}

int monitor_probe(struct err *e)
{
	struct monitor_bpf *skel;
	int r = probe_btf(e);

	if (r == 0)
		r = probe_privilege(e);
	if (r == 0)
		r = monitor_load(&skel, e);
	if (r == 0)
		monitor_bpf__destroy(skel);
	return r;
}
