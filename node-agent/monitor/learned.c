/* SPDX-License-Identifier: Apache-2.0 */
/* What a watch has learned so far, and whether what it learns is still like that. */
#include "fused.h"
#include "internal.h"
#include "monitor.skel.h"

#include <base/cleanup.h>
#include <bosc/fused.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int pair_count(void *arg, uint32_t pair, const struct graded_count *count)
{
	uint32_t *tasks = arg;

	if (pair < GRADED_PAIRS)
		tasks[pair] = count->tasks;
	return 0;
}

static int pairs_take(const uint32_t *tasks, struct monitor_learned *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < GRADED_PAIRS; i++)
		n += tasks[i] != 0;
	ret->pairs = calloc(n + 1, sizeof(*ret->pairs));
	ret->tasks_of = calloc(n + 1, sizeof(*ret->tasks_of));
	if (!ret->pairs || !ret->tasks_of)
		return -ENOMEM;
	for (size_t i = 0; i < GRADED_PAIRS; i++) {
		if (!tasks[i])
			continue;
		ret->pairs[ret->n_pairs] = i;
		ret->tasks_of[ret->n_pairs++] = tasks[i];
	}
	return 0;
}

static int tasks_read(const struct monitor_watch *w, uint64_t *ret)
{
	struct monitor_state st;

	if (bpf_map_lookup_elem_flags(bpf_map__fd(w->monitor->skel->maps.states), &w->slot, &st, BPF_F_LOCK) <
		0)
		return -errno;
	*ret = st.tasks.tasks;
	return 0;
}

static int triples_take(const struct monitor_watch *w, struct monitor_learned *ret)
{
	auto_free struct monitor_known *k = malloc(sizeof(*k));
	int r = k ? fused_known_read(w, k) : -ENOMEM;

	if (r < 0)
		return r;
	ret->triples = malloc(sizeof(k->known.triples));
	if (!ret->triples)
		return -ENOMEM;
	memcpy(ret->triples, k->known.triples, sizeof(k->known.triples));
	return 0;
}

static int fused_take(const struct monitor_watch *w, struct monitor_learned *ret)
{
	auto_free uint32_t *tasks = calloc(GRADED_PAIRS, sizeof(*tasks));
	int r = tasks ? 0 : -ENOMEM;

	if (r == 0)
		r = fused_pairs_walk(
			w->monitor, &(struct fused_walk){monitor_conf_of(w)->profile, pair_count, tasks});
	if (r == 0)
		r = pairs_take(tasks, ret);
	if (r == 0)
		r = triples_take(w, ret);
	if (r == 0)
		r = tasks_read(w, &ret->tasks);
	if (r == 0)
		r = fused_thresholds(w, w->scores.n, &ret->graded, &ret->bosc);
	ret->scored = w->scores.epochs;
	return r == -EAGAIN ? 0 : r;
}

int monitor_watch_learned(const struct monitor_watch *w, struct monitor_learned *ret)
{
	struct monitor_learned l = {0};
	struct monitor_stats s;
	int r = monitor_watch_stats(w, &s);

	if (r == 0)
		r = monitor_watch_profile_get(w, &l.bags, &l.n_bags);
	if (r == 0 && w->detector == MONITOR_FUSED)
		r = fused_take(w, &l);
	if (r < 0) {
		monitor_learned_free(&l);
		return r;
	}
	l.epochs = s.epochs;
	l.quiet_epochs = s.quiet_epochs;
	*ret = l;
	return 0;
}

void monitor_learned_free(struct monitor_learned *l)
{
	if (!l)
		return;
	free(l->bags);
	free(l->pairs);
	free(l->tasks_of);
	free(l->triples);
	*l = (struct monitor_learned){0};
}

/* How far outside, in 1/256 of what it might have had. */
static uint64_t excess(const struct monitor_outlier *o)
{
	uint64_t graded = (uint64_t)o->graded * 256 / o->graded_limit;
	uint64_t bosc = (uint64_t)o->bosc * 256 / o->bosc_limit;

	return graded > bosc ? graded : bosc;
}

int monitor_watch_outlier(struct monitor_watch *w, uint64_t after, struct monitor_outlier *ret)
{
	struct monitor_scores *s = &w->scores;
	struct monitor_outlier worst = {0}, one = {0};
	size_t from = after / s->stride > FUSED_JUDGED_FROM ? after / s->stride : FUSED_JUDGED_FROM;
	int r;

	if (w->detector != MONITOR_FUSED)
		return 0;
	ring_buffer__consume(w->monitor->samples);
	if (from < s->judged)
		from = s->judged;
	if (from >= s->n)
		return 0;
	r = fused_thresholds(w, from - GRADED_RING, &one.graded_limit, &one.bosc_limit);
	if (r < 0)
		return r;
	s->judged = s->n;
	one.graded_limit = fused_limit_graded(one.graded_limit);
	one.bosc_limit = fused_limit_bosc(one.bosc_limit, w->params.window);
	worst = one;
	for (size_t i = from; i < s->n; i++) {
		one.graded = s->at[i].graded;
		one.bosc = s->at[i].bosc;
		if (excess(&one) > excess(&worst))
			worst = one;
	}
	*ret = worst;
	return worst.graded > worst.graded_limit || worst.bosc > worst.bosc_limit;
}
