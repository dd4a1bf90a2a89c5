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
#define RESTART_CALL_32BIT 0

/* The bit of thread_info.flags that says: in a 32-bit call. */
const volatile unsigned long compat_flag;
#define X86_COMPAT 2

struct monitor_conf confs[MONITOR_SLOTS] __attribute__((aligned(64)));
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

struct call {
	__u32 gen, mode;
	__u64 number;
};

#include "evidence.bpf.h"

/* x86 keeps it in a place of its own, others among the flags. */
static __always_inline __u32 code_of(const struct task_struct *task, __u64 nr)
{
	int is_32bit = bpf_core_field_exists(task->thread_info.status)
			       ? task->thread_info.status & X86_COMPAT
			       : task->thread_info.flags & compat_flag;

	return is_32bit ? bosc_call_32bit(nr) : bosc_call(nr);
}

static __always_inline int is_restart(__u32 code)
{
	return code == bosc_call(restart_call) || code == bosc_call_32bit(RESTART_CALL_32BIT) ||
	       code == (BOSC_X32 | restart_call);
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

/* What a map did not take is counted, and the epoch of that call is not judged: it is not quiet, and makes no
 * threshold. */
static __always_inline void state_lost(struct monitor_state *st, const struct monitor_conf *c, __u64 number)
{
	__u32 epoch = c->params.epoch;
	__u64 e;

	bpf_spin_lock(&st->lock);
	st->lost++;
	e = number > st->tally.base ? bosc_tally_epoch(&st->tally, epoch, number) : st->tally.row;
	if (st->unjudged_to <= e) {
		st->unjudged_to = e + 1;
		st->unjudged++;
	}
	bosc_tally_new_bag(&st->tally, epoch, number);
	bpf_spin_unlock(&st->lock);
}

enum bag_was { BAG_NEW, BAG_FRESH, BAG_KNOWN };

/* FRESH: this epoch brought it. */
static __always_inline enum bag_was bag_learn(
	struct monitor_state *st, const struct monitor_conf *c, __u64 number, __u64 bag)
{
	__u32 epoch = c->params.epoch, now = (__u32)st->current;
	struct monitor_bag_key key = {.bag = bosc_key(bag), .profile = st->profile};
	struct monitor_bag *known, first = {.epoch = now};
	long err = -1;

	known = bpf_map_lookup_elem(&bags, &key);
	if (!known && st->bags < MONITOR_BAGS_PER_WATCH) {
		err = bpf_map_update_elem(&bags, &key, &first, BPF_NOEXIST);
		if (err == -EEXIST)
			known = bpf_map_lookup_elem(&bags, &key);
	}
	if (known)
		return known->epoch == now ? BAG_FRESH : BAG_KNOWN;
	if (err) {
		state_lost(st, c, number);
		return BAG_NEW;
	}
	bpf_spin_lock(&st->lock);
	bosc_tally_new_bag(&st->tally, epoch, number);
	st->bags++;
	bpf_spin_unlock(&st->lock);
	return BAG_NEW;
}

struct verdict {
	__u64 epoch, first_ns, ns;
	__u32 part, score;
};

static __always_inline void verdict_send(struct monitor_state *st, const struct monitor_conf *c,
	const struct monitor_mark *m, __u32 gen, __u64 number, const struct verdict *v)
{
	struct monitor_record *r = bpf_ringbuf_reserve(&verdicts, sizeof(*r), 0);

	if (!r) {
		state_lost(st, c, number);
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
	task_describe(m, &r->task);
	bpf_ringbuf_submit(r, 0);
}

/* 1: the bag is known. */
static __always_inline int bag_judge(struct monitor_state *st, const struct monitor_conf *c,
	const struct monitor_mark *m, __u32 gen, __u64 number)
{
	struct monitor_bag_key key = {.bag = bosc_key(m->window.bag), .profile = st->profile};
	struct verdict v = {.part = MONITOR_PART_BAGS};
	struct bosc_params params = c->params;
	struct bosc_cell *found;

	if (bpf_map_lookup_elem(&bags, &key))
		return 1;
	evidence_keep(m, &(struct evidence_now){key.bag, bosc_tally_epoch(&st->tally, params.epoch, number),
				 EVIDENCE_BAG, gen, params.window});
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
		verdict_send(st, c, m, gen, number, &v);
	return 0;
}

#include "fused.bpf.h"
#include "mark.bpf.h"

static __always_inline void bosc_feed(struct monitor_state *st, const struct monitor_conf *c,
	struct monitor_mark *m, const struct call *now, __u32 code)
{
	__u64 bag, *known;

	if (m->profile != st->profile) {
		__builtin_memset(m->known, 0, sizeof(m->known));
		m->profile = st->profile;
	}
	if (!bosc_window_push(&m->window, c->params.window, code))
		return;
	bag = m->window.bag;
	known = &m->known[bag >> 32 & (MONITOR_KNOWN - 1)];
	if (*known == bag)
		return;
	if (now->mode == MODE_LEARN ? bag_learn(st, c, now->number, bag) != BAG_NEW
				    : bag_judge(st, c, m, now->gen, now->number))
		*known = bag;
}

/* A call that counts. */
static __always_inline void feed(struct monitor_state *st, const struct monitor_conf *c,
	struct monitor_mark *m, __u32 mode, __u32 code)
{
	struct call now = {.mode = mode, .gen = *(volatile __u32 *)&c->gen};
	__u32 windows = c->windows;

	if (st->gen != now.gen)
		state_restart(st, c, now.gen);
	if (m->windows != windows) {
		bosc_window_reset(&m->window);
		m->windows = windows;
	}
	now.number = __sync_fetch_and_add(&st->tally.calls, 1);
	if (c->fused)
		fused_feed(st, c, m, &now, code);
	else
		bosc_feed(st, c, m, &now, code);
}

SEC("tp_btf/sys_enter")
int BPF_PROG(count_call, struct pt_regs *regs, long nr)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct monitor_conf *c;
	struct monitor_mark *m;
	struct monitor_state *st;
	__u32 slot, mode, code;

	if (task->thread_pid->level < least_level)
		return 0;
	m = mark_get(task, &c);
	if (!m)
		return 0;
	mode = c->mode;
	code = code_of(task, nr);
	if (mode == MODE_OFF || is_restart(code) || traced_from_outside(task))
		return 0;
	slot = m->slot;
	st = bpf_map_lookup_elem(&states, &slot);
	if (!st)
		return 0;
	if (m->state & MONITOR_OUTSIDE)
		__sync_fetch_and_add(&st->exec_calls, 1);
	else
		feed(st, c, m, mode, code);
	return 0;
}
