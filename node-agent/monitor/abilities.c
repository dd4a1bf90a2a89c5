/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/monitor/abilities.h"

#include <base/cleanup.h>
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <unistd.h>

/* Targets that are never called while we are attached: a trial must not change what the node does. */
static const struct trial {
	const char *name;
	enum bpf_prog_type type;
	enum bpf_attach_type attach;
	const char *target; /* without the prefix that attach implies */
} TRIALS[] = {
	{"bpfTracepointBtf", BPF_PROG_TYPE_TRACING, BPF_TRACE_RAW_TP, "sys_enter"},
	{"bpfCgroupTracepoint", BPF_PROG_TYPE_TRACING, BPF_TRACE_RAW_TP, "cgroup_attach_task"},
	{"bpfTaskIter", BPF_PROG_TYPE_TRACING, BPF_TRACE_ITER, "task"},
	{"bpfFentry", BPF_PROG_TYPE_TRACING, BPF_TRACE_FENTRY, "bpf_fentry_test1"},
	{"bpfLsm", BPF_PROG_TYPE_LSM, BPF_LSM_MAC, "quota_on"},
};

/* return 0 */
static const struct bpf_insn NOTHING[] = {
	{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
	{.code = BPF_JMP | BPF_EXIT},
};

static int trial_load(const struct trial *t)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = t->attach);
	int id = libbpf_find_vmlinux_btf_id(t->target, t->attach);

	if (id < 0)
		return id;
	opts.attach_btf_id = (unsigned)id;
	return bpf_prog_load(t->type, "escape_trial", "GPL", NOTHING, ARRAY_LEN(NOTHING), &opts);
}

/* An iterator is created, the others are hooked in: what a kernel without ftrace refuses only then. */
static int trial_attach(const struct trial *t, int program)
{
	if (t->attach == BPF_TRACE_ITER)
		return bpf_link_create(program, 0, BPF_TRACE_ITER, NULL);
	return bpf_raw_tracepoint_open(NULL, program);
}

static int trial_run(const struct trial *t)
{
	auto_close int program = trial_load(t);
	auto_close int link = program < 0 ? program : trial_attach(t, program);

	return link < 0 ? link : 0;
}

static int map_trial(enum bpf_map_type type)
{
	int rc = libbpf_probe_bpf_map_type(type, NULL);

	return rc < 0 ? rc : rc ? 0 : -ENOTSUP;
}

void monitor_abilities(struct monitor_ability ret[static MONITOR_ABILITIES])
{
	struct btf *btf = btf__load_vmlinux_btf();
	size_t n = 0;

	ret[n++] = (struct monitor_ability){"btf", btf ? 0 : -errno};
	btf__free(btf);
	ret[n++] = (struct monitor_ability){"bpfRingbuf", map_trial(BPF_MAP_TYPE_RINGBUF)};
	ret[n++] = (struct monitor_ability){"bpfTaskStorage", map_trial(BPF_MAP_TYPE_TASK_STORAGE)};
	for (size_t i = 0; i < ARRAY_LEN(TRIALS); i++)
		ret[n++] = (struct monitor_ability){TRIALS[i].name, trial_run(&TRIALS[i])};
}
