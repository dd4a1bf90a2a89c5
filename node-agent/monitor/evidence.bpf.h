/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Evidence, included once by monitor.bpf.c: keeps what was found unknown, for whoever has to explain an
 * alarm. Called on that path only; a known call never comes here.
 */

/* Of each watch, by its id; user space makes and removes the entry. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, MONITOR_SLOTS);
	__type(key, __u32);
	__type(value, struct evidence);
} evidences SEC(".maps");

/* How deep the container's pid namespace is, by slot; and that of who loaded the programs. */
__u32 levels[MONITOR_SLOTS];
__u32 own_level;

SEC("syscall")
int note_own_level(void *ctx)
{
	own_level = bpf_get_current_task_btf()->thread_pid->level;
	return 0;
}

/* numbers is an array of one, or of none, that is really level + 1 long. pid is a number here: Linux 6.1 lets
 * nobody reckon with a pointer. */
static __always_inline __u32 pid_number(__u64 pid, __u32 deepest, __u32 level)
{
	__u64 at = bpf_core_field_offset(struct pid, numbers) + bpf_core_field_offset(struct upid, nr) +
		   (__u64)level * bpf_core_type_size(struct upid);
	__u32 number = 0;

	if (level <= deepest)
		bpf_probe_read_kernel(&number, sizeof(number), (const void *)(pid + at));
	return number;
}

static __always_inline void task_describe(const struct monitor_mark *m, struct evidence_task *t)
{
	struct task_struct *leader = bpf_get_current_task_btf()->group_leader;
	__u32 slot = m->slot, deepest = leader->thread_pid->level;
	__u64 pid = 0;

	bpf_core_read(&pid, sizeof(pid), &leader->thread_pid);
	t->pid = slot < MONITOR_SLOTS ? pid_number(pid, deepest, levels[slot]) : 0;
	t->our_pid = pid_number(pid, deepest, own_level);
	t->start_ns = leader->start_boottime;
	bpf_get_current_comm(t->comm, sizeof(t->comm));
}

/* The last n calls of a window of size. */
static __always_inline void calls_copy(
	struct evidence_finding *f, const struct bosc_window *w, __u32 size, __u32 n)
{
	__u32 at = w->next;

	f->n_calls = n;
	for (__u32 i = 0; i < BOSC_WINDOW_MAX && i < n; i++) {
		at = (at ? at - 1 : size - 1) & (BOSC_WINDOW_MAX - 1);
		f->calls[i] = w->ring[at];
	}
}

struct evidence_now {
	__u64 key, epoch;
	__u32 kind, gen, size;
};

/* 1: it is there already, and counts once more. */
static __always_inline int evidence_repeat(struct evidence_finding *ring, const struct evidence_now *now)
{
	for (__u32 i = 0; i < EVIDENCE_RING; i++) {
		struct evidence_finding *f = &ring[i];

		if (f->key == now->key && f->epoch == now->epoch && f->gen == now->gen) {
			__sync_fetch_and_add(&f->count, 1);
			return 1;
		}
	}
	return 0;
}

/* Its own frame on the stack: it is called from deep inside. */
static __attribute__((noinline)) int evidence_keep(
	const struct monitor_mark *m, const struct evidence_now *now)
{
	__u32 watch = m->watch, kind = now->kind;
	struct evidence *e = bpf_map_lookup_elem(&evidences, &watch);
	struct evidence_finding *f;

	if (!e || kind >= EVIDENCE_KINDS || evidence_repeat(e->at[kind], now))
		return 0;
	f = &e->at[kind][__sync_fetch_and_add(&e->next[kind], 1) % EVIDENCE_RING];
	*(volatile __u64 *)&f->key = 0;
	f->epoch = now->epoch;
	f->gen = now->gen;
	f->count = 1;
	task_describe(m, &f->task);
	calls_copy(f, &m->window, now->size, kind == EVIDENCE_BAG ? now->size : kind + 2);
	*(volatile __u64 *)&f->key = now->key;
	return 0;
}
