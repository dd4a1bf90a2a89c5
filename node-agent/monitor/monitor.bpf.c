/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Counts bags of system calls of marked tasks. A task without a mark costs one look-up that misses. A mark is
 * inherited at fork, survives exec and the freezer, and goes with its task.
 *
 * Not seen: calls that seccomp refuses (the kernel traces only what it lets through), and calls made while a
 * tracer from an outer pid namespace holds the task (that is CRIU working inside it, or an administrator's
 * strace). A tracer of the container's own namespace hides nothing.
 */
#include "kernel.h"
#include <linux/bpf.h>

#include "monitor_shared.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

/* BPF_PROG names a context and all arguments of a tracepoint, wanted or not. */
#pragma clang diagnostic ignored "-Wunused-parameter"

#define EEXIST 17

enum { MODE_OFF, MODE_LEARN, MODE_DETECT };

char LICENSE[] SEC("license") = "GPL";

/*
 * The kernel's way to go on with a sleep that a signal or the freezer interrupted: no call of the program,
 * and it would come after every freeze. Its number is the architecture's, which user space knows.
 */
const volatile __u32 restart_call;

struct monitor_conf confs[MONITOR_SLOTS];
__u32 tasks_of; /* the iterator counts the tasks of this watch into tasks */
__u32 tasks;
/* No marked task is in a pid namespace less deep than this: the host's own tasks are let go at the first
 * look. */
__u32 least_level;

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct monitor_mark);
} marks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MONITOR_SLOTS);
	__type(key, __u32);
	__type(value, struct monitor_state);
} states SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, MONITOR_BAGS);
	__type(key, struct monitor_bag_key);
	__type(value, struct monitor_bag);
} bags SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, MONITOR_RING_BYTES);
} verdicts SEC(".maps");

static __always_inline struct monitor_conf *conf_of(const struct monitor_mark *m)
{
	__u32 slot = m->slot;
	struct monitor_conf *c;

	if (slot >= MONITOR_SLOTS)
		return 0;
	c = &confs[slot];
	return m->watch && c->watch == m->watch ? c : 0;
}

/*
 * User space marks thread group leaders only: a thread takes its leader's mark at its first call. So a thread
 * that is born while a process is being marked cannot slip through, and kernels before 6.9 (no PIDFD_THREAD)
 * need no second way.
 */
static __always_inline struct monitor_mark *mark_adopt(struct task_struct *task, struct monitor_mark *own)
{
	struct monitor_mark *lead = bpf_task_storage_get(&marks, task->group_leader, 0, 0);

	if (!lead || !lead->armed || !conf_of(lead))
		return 0;
	if (!own)
		own = bpf_task_storage_get(&marks, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!own)
		return 0;
	own->slot = lead->slot;
	own->watch = lead->watch;
	own->windows = 0;
	own->armed = 1;
	return own;
}

/* The valid and armed mark of the current task, or nothing. */
static __always_inline struct monitor_mark *mark_get(struct task_struct *task)
{
	struct monitor_mark *m = bpf_task_storage_get(&marks, task, 0, 0);
	__u64 id;

	if (m && m->armed && conf_of(m))
		return m;
	id = bpf_get_current_pid_tgid();
	if ((__u32)id == id >> 32)
		return 0;
	return mark_adopt(task, m);
}

static __always_inline int traced_from_outside(struct task_struct *task)
{
	return task->ptrace && task->parent->thread_pid->level < task->thread_pid->level;
}

static __always_inline void state_restart(struct monitor_state *st, const struct monitor_conf *c, __u32 gen)
{
	__u32 epoch = c->params.epoch, profile = c->profile, preset = c->preset, row = c->row;
	struct graded_tally nothing = {};
	struct graded_count nobody = {};

	bpf_spin_lock(&st->lock);
	if (st->gen != gen) {
		bosc_tally_restart(&st->tally, epoch);
		if (st->row != row)
			st->tally.quiet_from = st->tally.row;
		if (st->profile != profile) {
			st->bags = preset;
			st->tasks = nobody;
		}
		st->row = row;
		st->profile = profile;
		st->graded = nothing;
		st->current = st->tally.row;
		st->edge = st->tally.base + epoch;
		st->fresh = 0;
		st->gen = gen;
	}
	bpf_spin_unlock(&st->lock);
}

/* 1: the bag was known before epoch `now`. */
static __always_inline int bag_learn(
	struct monitor_state *st, const struct monitor_conf *c, __u64 number, __u64 bag, __u32 now)
{
	struct monitor_bag_key key = {.bag = bag, .profile = st->profile};
	struct monitor_bag *known, first = {.frequency = 1, .epoch = now};
	__u32 epoch = c->params.epoch;
	long err = -1;

	known = bpf_map_lookup_elem(&bags, &key);
	if (!known && st->bags < MONITOR_BAGS_PER_WATCH) {
		err = bpf_map_update_elem(&bags, &key, &first, BPF_NOEXIST);
		if (err == -EEXIST)
			known = bpf_map_lookup_elem(&bags, &key);
	}
	if (known) {
		if (!c->fused)
			__sync_fetch_and_add(&known->frequency, 1);
		return known->epoch != now;
	}
	if (err)
		__sync_fetch_and_add(&st->lost, 1);
	bpf_spin_lock(&st->lock);
	bosc_tally_new_bag(&st->tally, epoch, number);
	if (!err)
		st->bags++;
	bpf_spin_unlock(&st->lock);
	return 0;
}

struct verdict {
	__u64 epoch, first_ns, ns;
	__u32 part, score;
};

static __always_inline void verdict_send(
	struct monitor_state *st, const struct monitor_mark *m, __u32 gen, const struct verdict *v)
{
	struct monitor_record *r = bpf_ringbuf_reserve(&verdicts, sizeof(*r), 0);

	if (!r) {
		__sync_fetch_and_add(&st->lost, 1);
		bpf_spin_lock(&st->lock);
		if (st->gen == gen)
			st->tally.fired = 0;
		bpf_spin_unlock(&st->lock);
		return;
	}
	r->epoch = v->epoch;
	r->first_ns = v->first_ns;
	r->verdict_ns = v->ns;
	r->part = v->part;
	r->score = v->score;
	r->slot = m->slot;
	r->watch = m->watch;
	r->gen = gen;
	bpf_get_current_comm(r->comm, sizeof(r->comm));
	bpf_ringbuf_submit(r, 0);
}

/* 1: the bag is known. */
static __always_inline int bag_judge(struct monitor_state *st, const struct monitor_conf *c,
	const struct monitor_mark *m, __u32 gen, __u64 number)
{
	struct monitor_bag_key key = {.bag = m->window.bag, .profile = st->profile};
	struct verdict v = {.part = MONITOR_PART_BAGS};
	struct bosc_params params = c->params;
	struct bosc_cell *found;

	if (bpf_map_lookup_elem(&bags, &key))
		return 1;
	v.ns = bpf_ktime_get_ns();
	bpf_spin_lock(&st->lock);
	found = bosc_tally_mismatch(&st->tally, &params, number, v.ns);
	if (found) {
		v.epoch = found->epoch;
		v.first_ns = found->first_ns;
		v.score = found->mismatches;
	}
	bpf_spin_unlock(&st->lock);
	if (v.score)
		verdict_send(st, m, gen, &v);
	return 0;
}

#include "fused.bpf.h"

SEC("tp_btf/sys_enter")
int BPF_PROG(count_call, struct pt_regs *regs, long nr)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct monitor_mark *m;
	struct monitor_conf *c;
	struct monitor_state *st;
	__u64 number;
	__u32 gen, windows, slot, mode;

	if (task->thread_pid->level < least_level)
		return 0;
	m = mark_get(task);
	if (!m)
		return 0;
	c = conf_of(m);
	if (!c)
		return 0;
	mode = c->mode;
	if (mode == MODE_OFF || nr == restart_call || traced_from_outside(task))
		return 0;
	slot = m->slot;
	st = bpf_map_lookup_elem(&states, &slot);
	if (!st)
		return 0;
	gen = *(volatile __u32 *)&c->gen;
	if (st->gen != gen)
		state_restart(st, c, gen);
	windows = c->windows;
	if (m->windows != windows) {
		bosc_window_reset(&m->window);
		m->windows = windows;
	}
	number = __sync_fetch_and_add(&st->tally.calls, 1);
	if (c->fused) {
		fused_call(st, c, m, &(struct fused_now){gen, mode, number}, nr);
		return 0;
	}
	if (!bosc_window_push(&m->window, c->params.window, bosc_call(nr)))
		return 0;
	if (mode == MODE_LEARN)
		bag_learn(st, c, number, m->window.bag, 0);
	else
		bag_judge(st, c, m, gen, number);
	return 0;
}

SEC("tp_btf/task_newtask")
int BPF_PROG(inherit, struct task_struct *child, unsigned long clone_flags)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct monitor_mark *own, *m = bpf_task_storage_get(&marks, task, 0, 0);
	struct monitor_state *st;
	__u32 slot;

	if (!m || !conf_of(m))
		return 0;
	own = bpf_task_storage_get(&marks, child, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (own) {
		own->slot = m->slot;
		own->watch = m->watch;
		own->armed = m->armed;
		return 0;
	}
	slot = m->slot;
	st = bpf_map_lookup_elem(&states, &slot);
	if (st)
		__sync_fetch_and_add(&st->lost, 1);
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(arm, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	struct monitor_mark *m = bpf_task_storage_get(&marks, task, 0, 0);

	if (m)
		m->armed = 1;
	return 0;
}

SEC("iter/task")
int count_tasks(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct monitor_mark *m;

	if (!task || task->exit_state)
		return 0;
	m = bpf_task_storage_get(&marks, task, 0, 0);
	if (!m)
		m = bpf_task_storage_get(&marks, task->group_leader, 0, 0);
	if (m && m->watch == tasks_of)
		tasks++;
	return 0;
}
