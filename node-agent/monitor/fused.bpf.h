/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The Fused detector's part of monitor.bpf.c, included there once: pairs and triples (bosc/graded.h) beside
 * the bags. Each epoch that is learned is scored by what was known before it; the scores go to user space,
 * which makes thresholds of them.
 */

struct known_inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct monitor_known));
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, MONITOR_SLOTS);
	__type(key, __u32);
	__array(values, struct known_inner);
} known SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, MONITOR_PAIRS);
	__type(key, struct monitor_pair_key);
	__type(value, struct graded_count);
} pairs SEC(".maps");

/* Touched only by what is rare or unseen. What falls out of it under a flood counts twice. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MONITOR_STAMPS);
	__type(key, struct monitor_stamp_key);
	__type(value, __u64);
} stamps SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, MONITOR_SAMPLE_BYTES);
} samples SEC(".maps");

static __always_inline struct monitor_known *known_get(__u32 slot)
{
	void *inner = bpf_map_lookup_elem(&known, &slot);
	__u32 zero = 0;

	return inner ? bpf_map_lookup_elem(inner, &zero) : 0;
}

/* 1: for the first time in this epoch. */
static __always_inline int stamp_take(__u32 watch, __u32 key, __u32 gen, __u32 epoch)
{
	struct monitor_stamp_key at = {.watch = watch, .key = key};
	__u64 now = (__u64)gen << 32 | epoch, *stamp = bpf_map_lookup_elem(&stamps, &at), old;

	if (!stamp)
		return bpf_map_update_elem(&stamps, &at, &now, BPF_NOEXIST) != -EEXIST;
	old = *stamp;
	return old != now && __sync_val_compare_and_swap(stamp, old, now) == old;
}

static __always_inline void graded_found(struct monitor_state *st, const struct monitor_conf *c,
	const struct monitor_mark *m, const struct call *now, __u32 n_pairs, __u32 n_triples)
{
	struct verdict v = {.part = MONITOR_PART_GRADED, .ns = bpf_ktime_get_ns()};
	__u32 epoch = c->params.epoch, threshold = c->graded;
	int fired = 0;

	bpf_spin_lock(&st->lock);
	if (now->number >= st->tally.base) {
		v.epoch = bosc_tally_epoch(&st->tally, epoch, now->number);
		if (graded_tally_score(&st->graded, v.epoch) == 0)
			st->graded_ns = v.ns;
		v.first_ns = st->graded_ns;
		v.score = graded_tally_add(&st->graded, v.epoch, n_pairs, n_triples);
		if (now->mode == MODE_DETECT && v.score > threshold && !st->tally.fired)
			fired = st->tally.fired = 1;
	}
	bpf_spin_unlock(&st->lock);
	if (fired)
		verdict_send(st, c, m, now->gen, now->number, &v);
}

/* 1: the pair is known. */
static __always_inline int pair_judge(struct monitor_state *st, const struct monitor_conf *c,
	const struct monitor_mark *m, const struct call *now, const struct monitor_known *k, __u32 pair)
{
	__u64 epoch;

	if (graded_bit(k->known.pairs, pair))
		return 1;
	epoch = bosc_tally_epoch(&st->tally, c->params.epoch, now->number);
	if (stamp_take(m->watch, GRADED_TRIPLES | pair, now->gen, (__u32)epoch)) {
		evidence_keep(m, &(struct evidence_now){
					 pair + 1ULL, epoch, EVIDENCE_PAIR, now->gen, c->params.window});
		graded_found(st, c, m, now, 1, 0);
	}
	return 0;
}

/* 1: the triple was seen. */
static __always_inline int triple_judge(struct monitor_state *st, const struct monitor_conf *c,
	const struct monitor_mark *m, const struct call *now, const struct monitor_known *k, __u32 triple)
{
	__u64 epoch;

	if (graded_triple_seen(k->known.triples, triple))
		return 1;
	epoch = bosc_tally_epoch(&st->tally, c->params.epoch, now->number);
	if (stamp_take(m->watch, triple, now->gen, (__u32)epoch)) {
		evidence_keep(m, &(struct evidence_now){
					 triple + 1ULL, epoch, EVIDENCE_TRIPLE, now->gen, c->params.window});
		graded_found(st, c, m, now, 0, 1);
	}
	return 0;
}

static __always_inline void fused_judge(struct monitor_state *st, const struct monitor_conf *c,
	const struct monitor_mark *m, const struct call *now, struct monitor_known *k, int steps, int full)
{
	__u64 path = graded_path(&m->window);
	__u64 *seen = &k->paths[path >> 32 & (MONITOR_PATHS - 1)];
	__u64 *bag = &k->bags[m->window.bag >> 32 & (MONITOR_PATHS - 1)];
	int all = full && steps == 2;

	if (all && *seen == path)
		return;
	if (steps >= 1)
		all &= pair_judge(st, c, m, now, k, graded_pair(&m->window));
	if (steps == 2)
		all &= triple_judge(st, c, m, now, k, graded_triple(&m->window));
	if (full && *bag != m->window.bag) {
		if (bag_judge(st, c, m, now->gen, now->number))
			*bag = m->window.bag;
		else
			all = 0;
	}
	if (all)
		*seen = path;
}

/* The first call beyond the epoch's end tells user space what the epoch had. */
static __always_inline void epoch_turn(
	struct monitor_state *st, const struct monitor_conf *c, const struct monitor_mark *m, __u64 number)
{
	struct monitor_sample *s, found = {.slot = m->slot, .watch = m->watch};
	__u32 epoch = c->params.epoch;
	int ended = 0, judged = 0;

	bpf_spin_lock(&st->lock);
	if (number >= st->edge && number >= st->tally.base) {
		ended = 1;
		found.profile = st->profile;
		judged = st->unjudged_to != st->current + 1;
		found.graded = graded_tally_score(&st->graded, st->current);
		found.bosc = st->fresh;
		st->fresh = 0;
		st->current = bosc_tally_epoch(&st->tally, epoch, number);
		st->edge = st->tally.base + (st->current - st->tally.row + 1) * epoch;
	}
	bpf_spin_unlock(&st->lock);
	if (!ended || !judged)
		return;
	s = bpf_ringbuf_reserve(&samples, sizeof(*s), 0);
	if (!s) {
		state_lost(st, c, number);
		return;
	}
	*s = found;
	bpf_ringbuf_submit(s, bpf_ringbuf_query(&samples, BPF_RB_AVAIL_DATA) > MONITOR_SAMPLE_BYTES / 2
				      ? BPF_RB_FORCE_WAKEUP
				      : BPF_RB_NO_WAKEUP);
}

/* A task's first call while this profile is learned. */
static __always_inline void task_begin(struct monitor_state *st, struct monitor_mark *m)
{
	__u32 epoch = (__u32)st->current;

	__builtin_memset(&m->shown, 0, sizeof(m->shown));
	m->profile = st->profile;
	bpf_spin_lock(&st->lock);
	graded_count_add(&st->tasks, epoch);
	bpf_spin_unlock(&st->lock);
}

static __always_inline struct graded_count *pair_entry(
	struct monitor_state *st, const struct monitor_conf *c, __u64 number, __u32 pair)
{
	struct monitor_pair_key key = {.profile = st->profile, .pair = pair};
	struct graded_count *p = bpf_map_lookup_elem(&pairs, &key), none = {};

	if (p)
		return p;
	bpf_map_update_elem(&pairs, &key, &none, BPF_NOEXIST);
	p = bpf_map_lookup_elem(&pairs, &key);
	if (!p)
		state_lost(st, c, number);
	return p;
}

/* 1: the pair was not rare before this epoch. */
static __always_inline int pair_learn(struct monitor_state *st, const struct monitor_conf *c,
	struct monitor_mark *m, const struct call *now, struct monitor_known *k, __u32 pair)
{
	__u32 epoch = (__u32)st->current, tasks = graded_count_before(&st->tasks, epoch), before = 0;
	int first = graded_filter_take(&m->shown, pair);
	struct graded_count *p;

	/* Beyond 4 Q tasks a pair may become rare again, so its count is looked at each time. */
	if (!first && tasks < 4 * GRADED_Q && graded_bit(k->known.pairs, pair))
		return 1;
	p = pair_entry(st, c, now->number, pair);
	if (p) {
		bpf_spin_lock(&st->lock);
		before = graded_count_before(p, epoch);
		if (first || p->tasks == 0)
			graded_count_add(p, epoch);
		bpf_spin_unlock(&st->lock);
	}
	if (!graded_rare(before, tasks)) {
		__sync_fetch_and_or(&k->known.pairs[pair / 64], 1ULL << pair % 64);
		return 1;
	}
	if (stamp_take(m->watch, GRADED_TRIPLES | pair, now->gen, epoch))
		graded_found(st, c, m, now, 1, 0);
	return 0;
}

static __always_inline void fused_learn(struct monitor_state *st, const struct monitor_conf *c,
	struct monitor_mark *m, const struct call *now, struct monitor_known *k, int steps, int full)
{
	__u64 path = graded_path(&m->window);
	__u64 *seen = &k->paths[path >> 32 & (MONITOR_PATHS - 1)];
	int all;

	if (now->number >= st->edge)
		epoch_turn(st, c, m, now->number);
	if (now->number < st->tally.base)
		return;
	if (m->profile != st->profile)
		task_begin(st, m);
	all = full && steps == 2 && graded_count_before(&st->tasks, (__u32)st->current) < 4 * GRADED_Q;
	if (all && *seen == path && graded_filter_has(&m->shown, graded_pair(&m->window)))
		return;
	if (steps >= 1)
		all &= pair_learn(st, c, m, now, k, graded_pair(&m->window));
	if (steps == 2 && graded_triple_learn(k->known.triples, graded_triple(&m->window))) {
		graded_found(st, c, m, now, 0, 1);
		all = 0;
	}
	if (full && bag_learn(st, c, now->number, m->window.bag) != BAG_KNOWN) {
		__sync_fetch_and_add(&st->fresh, 1);
		all = 0;
	}
	if (all)
		*seen = path;
}

static __always_inline void fused_feed(struct monitor_state *st, const struct monitor_conf *c,
	struct monitor_mark *m, const struct call *now, __u32 code)
{
	struct monitor_known *k = known_get(m->slot);
	int steps = graded_steps(&m->window), full;

	if (!k) {
		state_lost(st, c, now->number);
		return;
	}
	full = bosc_window_push(&m->window, c->params.window, code);
	if (now->mode == MODE_LEARN)
		fused_learn(st, c, m, now, k, steps, full);
	else
		fused_judge(st, c, m, now, k, steps, full);
}
