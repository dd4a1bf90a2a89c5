/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Fused detector in user space: the map of what a container's profile knows, the scores of the epochs
 * that are learned, and the end of learning, which makes thresholds and the final set of known pairs of them.
 * A profile that changes gets a new map, so that no call is judged by half of one.
 */
#include "fused.h"
#include "monitor.skel.h"

#include <base/cleanup.h>
#include <bosc/fused.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(MONITOR_FUSED_EPOCHS_MIN == FUSED_EPOCHS_MIN, "one limit");

#define BATCH 4096
/* Beyond this only every second epoch's score is kept, and so on: a percentile needs no more. */
#define SCORES_MAX 65536

static int map_new(const struct monitor_watch *w, const struct monitor_known *known)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts);
	int slots = bpf_map__fd(w->monitor->skel->maps.known), r = 0;
	auto_close int fd = bpf_map_create(
		BPF_MAP_TYPE_ARRAY, "escape_known", sizeof(uint32_t), sizeof(*known), 1, &opts);
	uint32_t zero = 0;

	if (fd < 0)
		return -errno;
	if (bpf_map_update_elem(fd, &zero, known, BPF_ANY) < 0 ||
		bpf_map_update_elem(slots, &w->slot, &fd, BPF_ANY) < 0)
		r = -errno;
	return r;
}

int fused_begin(struct monitor_watch *w, struct err *e)
{
	auto_free struct monitor_known *nothing = calloc(1, sizeof(*nothing));
	int r = nothing ? map_new(w, nothing) : -ENOMEM;

	return r < 0 ? err_set(e, r, "MapRefused", "cannot make the map of known pairs: %s", strerror(-r))
		     : 0;
}

struct pairs_batch {
	struct monitor_pair_key keys[BATCH];
	struct graded_count counts[BATCH];
};

int fused_pairs_walk(const struct monitor *m, const struct fused_walk *walk)
{
	auto_free struct pairs_batch *b = malloc(sizeof(*b));
	int map = bpf_map__fd(m->skel->maps.pairs), err, r;
	uint32_t token, count;
	void *in = NULL;

	if (!b)
		return -ENOMEM;
	do {
		count = BATCH;
		err = bpf_map_lookup_batch(map, in, &token, b->keys, b->counts, &count, NULL);
		if (err < 0 && errno != ENOENT)
			return -errno;
		for (uint32_t i = 0; i < count; i++) {
			if (b->keys[i].profile != walk->profile)
				continue;
			r = walk->cb(walk->arg, b->keys[i].pair, &b->counts[i]);
			if (r)
				return r;
		}
		in = &token;
	} while (err == 0);
	return 0;
}

static int mark_shown(void *arg, uint32_t pair, const struct graded_count *count)
{
	uint64_t *shown = arg;

	(void)count;
	if (pair < GRADED_PAIRS)
		shown[pair / 64] |= UINT64_C(1) << pair % 64;
	return 0;
}

/* Collected first: a map that shrinks while it is walked may hide keys. */
static void pairs_drop(const struct monitor *m, uint32_t profile)
{
	auto_free uint64_t *shown = calloc(GRADED_PAIRS / 64, sizeof(*shown));

	if (!shown || fused_pairs_walk(m, &(struct fused_walk){profile, mark_shown, shown}))
		return;
	for (uint32_t pair = 0; pair < GRADED_PAIRS; pair++) {
		struct monitor_pair_key key = {.profile = profile, .pair = pair};

		if (shown[pair / 64] >> pair % 64 & 1)
			bpf_map_delete_elem(bpf_map__fd(m->skel->maps.pairs), &key);
	}
}

void fused_end(struct monitor_watch *w)
{
	bpf_map_delete_elem(bpf_map__fd(w->monitor->skel->maps.known), &w->slot);
	pairs_drop(w->monitor, monitor_conf_of(w)->profile);
	free(w->scores.at);
}

int fused_known_read(const struct monitor_watch *w, struct monitor_known *ret)
{
	uint32_t id, zero = 0;
	auto_close int fd = -1;

	if (bpf_map_lookup_elem(bpf_map__fd(w->monitor->skel->maps.known), &w->slot, &id) < 0)
		return -errno;
	fd = bpf_map_get_fd_by_id(id);
	if (fd < 0 || bpf_map_lookup_elem(fd, &zero, ret) < 0)
		return -errno;
	return 0;
}

int fused_forget(struct monitor_watch *w, uint32_t profile)
{
	auto_free struct monitor_known *k = malloc(sizeof(*k));
	int r = k ? fused_known_read(w, k) : -ENOMEM;

	pairs_drop(w->monitor, profile);
	w->scores.n = w->scores.judged = 0;
	w->scores.epochs = 0;
	w->scores.stride = 1;
	if (r < 0)
		return r;
	/* The new map has no memory of what was known with the bags of before. */
	memset(k->bags, 0, sizeof(k->bags));
	memset(k->paths, 0, sizeof(k->paths));
	return map_new(w, k);
}

static void scores_halve(struct monitor_scores *s)
{
	for (size_t i = 0; i < s->n / 2; i++)
		s->at[i] = s->at[2 * i];
	s->n /= 2;
	s->judged /= 2;
	s->stride *= 2;
}

static void score_keep(struct monitor_scores *s, const struct monitor_sample *sample)
{
	if (s->epochs++ % s->stride)
		return;
	if (s->n == s->cap) {
		size_t cap = s->cap ? s->cap * 2 : 256;
		void *at = reallocarray(s->at, cap, sizeof(*s->at));

		if (!at)
			return; /* a percentile can do without it */
		s->at = at;
		s->cap = cap;
	}
	s->at[s->n++] = (struct monitor_score){.graded = sample->graded, .bosc = sample->bosc};
	if (s->n == SCORES_MAX)
		scores_halve(s);
}

int fused_on_sample(void *ctx, void *data, size_t size)
{
	const struct monitor *m = ctx;
	const struct monitor_sample *s = data;
	struct monitor_watch *w;

	if (size < sizeof(*s) || s->slot >= MONITOR_SLOTS)
		return 0;
	w = m->watches[s->slot];
	if (w && w->detector == MONITOR_FUSED && monitor_conf_of(w)->watch == s->watch &&
		monitor_conf_of(w)->profile == s->profile)
		score_keep(&w->scores, s);
	return 0;
}

int fused_thresholds(const struct monitor_watch *w, size_t count, uint32_t *ret_graded, uint32_t *ret_bosc)
{
	const struct monitor_scores *s = &w->scores;
	size_t from = count / 2, n = count - from;
	auto_free uint32_t *graded = calloc(n + 1, sizeof(*graded));
	auto_free uint32_t *bosc = calloc(n + 1, sizeof(*bosc));

	if (s->epochs < FUSED_EPOCHS_MIN || count < FUSED_EPOCHS_MIN)
		return -EAGAIN;
	if (!graded || !bosc)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		graded[i] = s->at[from + i].graded;
		bosc[i] = s->at[from + i].bosc;
	}
	*ret_graded = fused_threshold(graded, n, 2 * GRADED_PAIR_WEIGHT, false);
	*ret_bosc = fused_threshold(bosc, n, 2 * w->params.window, true);
	return 0;
}

struct finish {
	uint64_t tasks;
	struct graded_known *known;
};

static int pair_decide(void *arg, uint32_t pair, const struct graded_count *count)
{
	const struct finish *f = arg;

	if (pair < GRADED_PAIRS && !graded_rare(count->tasks, f->tasks))
		f->known->pairs[pair / 64] |= 1ULL << pair % 64;
	return 0;
}

static int known_make(const struct monitor_watch *w, struct graded_known *ret)
{
	auto_free struct monitor_known *learned = malloc(sizeof(*learned));
	struct finish f = {.known = ret};
	struct monitor_state st;
	int r = learned ? fused_known_read(w, learned) : -ENOMEM;

	if (r < 0)
		return r;
	if (bpf_map_lookup_elem_flags(bpf_map__fd(w->monitor->skel->maps.states), &w->slot, &st, BPF_F_LOCK) <
		0)
		return -errno;
	f.tasks = st.tasks.tasks;
	memset(ret->pairs, 0, sizeof(ret->pairs));
	memcpy(ret->triples, learned->known.triples, sizeof(ret->triples));
	return fused_pairs_walk(
		w->monitor, &(struct fused_walk){monitor_conf_of(w)->profile, pair_decide, &f});
}

static int fused_put(struct monitor_watch *w, const struct monitor_fused *f)
{
	auto_free struct monitor_known *k = calloc(1, sizeof(*k));
	struct monitor_conf *c = monitor_conf_of(w);
	int r;

	if (!k)
		return -ENOMEM;
	k->known = f->known;
	r = map_new(w, k);
	if (r < 0)
		return r;
	c->graded = f->graded;
	c->params.threshold = w->params.threshold = f->bosc;
	w->fused_ready = true;
	w->fused_learned = false;
	return 0;
}

int fused_finish(struct monitor_watch *w)
{
	auto_free struct monitor_fused *f = malloc(sizeof(*f));
	int r = f ? 0 : -ENOMEM;

	if (r == 0 && !w->fused_learned)
		return w->fused_ready ? 0 : -EAGAIN;
	ring_buffer__consume(w->monitor->samples);
	if (r == 0)
		r = fused_thresholds(w, w->scores.n, &f->graded, &f->bosc);
	if (r == 0)
		r = known_make(w, &f->known);
	return r == 0 ? fused_put(w, f) : r;
}

int monitor_watch_fused_get(const struct monitor_watch *w, struct monitor_fused *ret)
{
	auto_free struct monitor_known *k = malloc(sizeof(*k));
	int r = k ? 0 : -ENOMEM;

	if (w->detector != MONITOR_FUSED)
		return -EINVAL;
	if (!w->fused_ready || w->fused_learned)
		return -EAGAIN;
	if (r == 0)
		r = fused_known_read(w, k);
	if (r < 0)
		return r;
	ret->known = k->known;
	ret->graded = monitor_conf_of(w)->graded;
	ret->bosc = w->params.threshold;
	return 0;
}

int monitor_watch_fused_set(struct monitor_watch *w, const struct monitor_fused *f, struct err *e)
{
	int r = w->detector == MONITOR_FUSED && f->graded && f->bosc ? 0 : -EINVAL;

	if (r < 0)
		return err_set(e, r, "BadProfile", "a profile without thresholds, or for another detector");
	r = fused_put(w, f);
	if (r < 0)
		return err_set(e, r, "ProfileStore", "cannot store the known pairs: %s", strerror(-r));
	monitor_conf_commit(monitor_conf_of(w));
	return 0;
}
