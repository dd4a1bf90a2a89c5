/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which tasks are counted: monitor.bpf.c's part about marks, included there once. A task that is attached to
 * a watched container's cgroup from outside is marked at once; what runs already is marked by user space
 * (mark.c). A mark is inherited at fork, armed at exec, and goes with its task.
 */

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, MONITOR_SLOTS);
	__type(key, struct monitor_cgroup_key);
	__type(value, struct monitor_cgroup);
} cgroups SEC(".maps");

#define CGROUPS_DEEP 8 /* below the container's own */
#define CLONE_INTO_CGROUP 0x200000000ULL

__u32 tasks_own[MONITOR_SLOTS], tasks_outside[MONITOR_SLOTS];

static __always_inline struct monitor_conf *conf_at(__u32 slot, __u32 watch)
{
	struct monitor_conf *c;

	if (slot >= MONITOR_SLOTS)
		return 0;
	c = &confs[slot];
	return watch && c->watch == watch ? c : 0;
}

static __always_inline void mark_lost(__u32 slot, const struct monitor_conf *c)
{
	struct monitor_state *st = bpf_map_lookup_elem(&states, &slot);

	if (st)
		state_lost(st, c, st->tally.calls);
}

static __always_inline void mark_copy(struct monitor_mark *to, const struct monitor_mark *from)
{
	to->slot = from->slot;
	to->watch = from->watch;
	to->windows = 0;
	to->state = from->state;
	to->mntns = from->mntns;
}

/*
 * User space and the cgroup mark thread group leaders only: a thread takes its leader's mark at its first
 * call. So a thread that is born while a process is being marked cannot slip through, and kernels before 6.9
 * (no PIDFD_THREAD) need no second way.
 */
static __always_inline struct monitor_mark *mark_adopt(
	struct task_struct *task, struct monitor_mark *own, struct monitor_conf **ret)
{
	struct monitor_mark *lead = bpf_task_storage_get(&marks, task->group_leader, 0, 0);
	struct monitor_conf *c = lead ? conf_at(lead->slot, lead->watch) : 0;

	if (!c)
		return 0;
	if (!own)
		own = bpf_task_storage_get(&marks, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!own) {
		mark_lost(lead->slot, c);
		return 0;
	}
	mark_copy(own, lead);
	*ret = c;
	return own->state & MONITOR_ARMED ? own : 0;
}

/* The valid and armed mark of the current task, or nothing. */
static __always_inline struct monitor_mark *mark_get(struct task_struct *task, struct monitor_conf **ret)
{
	struct monitor_mark *m = bpf_task_storage_get(&marks, task, 0, 0);
	__u64 id;

	if (m && m->state & MONITOR_ARMED) {
		*ret = conf_at(m->slot, m->watch);
		if (*ret)
			return m;
	}
	id = bpf_get_current_pid_tgid();
	if ((__u32)id == id >> 32)
		return 0;
	return mark_adopt(task, m, ret);
}

static __always_inline __u32 mntns_of(const struct task_struct *task)
{
	return BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum);
}

/* The watched cgroup that is this one or the nearest above it. */
static __always_inline const struct monitor_cgroup *cgroup_find(const struct cgroup *at)
{
	struct monitor_cgroup_key key = {.hierarchy = (__u32)BPF_CORE_READ(at, root, hierarchy_id)};
	const struct monitor_cgroup *found;

	for (int i = 0; i < CGROUPS_DEEP && at; i++) {
		key.id = BPF_CORE_READ(at, kn, id);
		found = bpf_map_lookup_elem(&cgroups, &key);
		if (found)
			return found;
		at = (const struct cgroup *)BPF_CORE_READ(at, self.parent);
	}
	return 0;
}

/* Whoever has the container's mark already only moves about in it. */
static __always_inline void mark_attached(struct task_struct *task, const struct cgroup *to)
{
	const struct monitor_cgroup *at = cgroup_find(to);
	struct monitor_conf *c = at ? conf_at(at->slot, at->watch) : 0;
	struct monitor_mark *m;

	if (!c)
		return;
	m = bpf_task_storage_get(&marks, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!m) {
		mark_lost(at->slot, c);
		return;
	}
	if (m->watch == at->watch)
		return;
	m->slot = at->slot;
	m->watch = at->watch;
	m->windows = 0;
	m->state = c->execs_own ? 0 : MONITOR_OUTSIDE;
	m->mntns = mntns_of(task);
}

SEC("tp_btf/cgroup_attach_task")
int BPF_PROG(attach, struct cgroup *to, const char *path, struct task_struct *task, _Bool threadgroup)
{
	mark_attached(task, to);
	return 0;
}

SEC("tp_btf/task_newtask")
int BPF_PROG(inherit, struct task_struct *child, __u64 clone_flags)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct monitor_mark *own, *m = bpf_task_storage_get(&marks, task, 0, 0);
	struct monitor_conf *c = m ? conf_at(m->slot, m->watch) : 0;

	if (!c) {
		if (clone_flags & CLONE_INTO_CGROUP)
			mark_attached(child, BPF_CORE_READ(child, cgroups, dfl_cgrp));
		return 0;
	}
	own = bpf_task_storage_get(&marks, child, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (own)
		mark_copy(own, m);
	else
		mark_lost(m->slot, c);
	return 0;
}

/* A runtime may execute itself again before it enters the container: that is not the container's program yet.
 */
SEC("tp_btf/sched_process_exec")
int BPF_PROG(arm, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	struct monitor_mark *m = bpf_task_storage_get(&marks, task, 0, 0);
	struct monitor_conf *c = m ? conf_at(m->slot, m->watch) : 0;
	struct monitor_state *st;
	__u32 mntns, slot;

	if (!c || m->state & MONITOR_ARMED)
		return 0;
	mntns = mntns_of(task);
	if (mntns != c->mntns && mntns == m->mntns)
		return 0;
	m->state |= MONITOR_ARMED;
	slot = m->slot;
	st = bpf_map_lookup_elem(&states, &slot);
	if (st && m->state & MONITOR_OUTSIDE && c->mode != MODE_OFF)
		__sync_fetch_and_add(&st->execs, 1);
	return 0;
}

SEC("iter/task")
int count_tasks(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct monitor_mark *m;
	__u32 slot;

	if (!task || task->exit_state)
		return 0;
	m = bpf_task_storage_get(&marks, task, 0, 0);
	if (!m || !conf_at(m->slot, m->watch))
		m = bpf_task_storage_get(&marks, task->group_leader, 0, 0);
	if (!m || !conf_at(m->slot, m->watch))
		return 0;
	slot = m->slot;
	if (slot >= MONITOR_SLOTS)
		return 0;
	if (m->state & MONITOR_OUTSIDE)
		tasks_outside[slot]++;
	else
		tasks_own[slot]++;
	return 0;
}
