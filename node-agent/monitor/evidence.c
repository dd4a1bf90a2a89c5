/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence.h"
#include "evidence_user.h"
#include "internal.h"
#include "monitor.skel.h"

#include <base/cleanup.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(MONITOR_FINDINGS_MAX == EVIDENCE_KINDS * EVIDENCE_RING, "all that the kernel keeps");
_Static_assert(MONITOR_FINDING_CALLS_MAX == BOSC_WINDOW_MAX, "a whole window");
_Static_assert((int)MONITOR_PAIR == EVIDENCE_PAIR && (int)MONITOR_BAG == EVIDENCE_BAG, "the same kinds");

static int evidences_fd(const struct monitor_watch *w)
{
	return bpf_map__fd(w->monitor->skel->maps.evidences);
}

int evidence_begin(const struct monitor_watch *w, struct err *e)
{
	auto_free struct evidence *nothing = calloc(1, sizeof(*nothing));
	int r = 0;

	if (!nothing)
		r = -ENOMEM;
	else if (bpf_map_update_elem(evidences_fd(w), &monitor_conf_of(w)->watch, nothing, BPF_ANY) < 0)
		r = -errno;
	return r < 0 ? err_set(e, r, "MapRefused", "cannot make room for findings: %s", strerror(-r)) : 0;
}

void evidence_end(const struct monitor_watch *w, uint32_t watch)
{
	bpf_map_delete_elem(evidences_fd(w), &watch);
}

void evidence_level(const struct monitor_watch *w, uint32_t below)
{
	struct monitor_bpf *skel = w->monitor->skel;

	__atomic_store_n(&skel->bss->levels[w->slot], skel->bss->own_level + below, __ATOMIC_RELEASE);
}

int evidence_load(struct monitor_bpf *skel)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts);

	return bpf_prog_test_run_opts(bpf_program__fd(skel->progs.note_own_level), &opts) < 0 ? -errno : 0;
}

void evidence_task_copy(struct monitor_task *dst, const struct evidence_task *src)
{
	dst->pid = (int)src->pid;
	dst->our_pid = (int)src->our_pid;
	dst->start_ns = src->start_ns;
	memcpy(dst->comm, src->comm, sizeof(dst->comm));
	dst->comm[sizeof(dst->comm) - 1] = 0;
}

/* The epochs that a verdict of this part is made of begin here. */
static uint64_t first_epoch(const struct monitor_verdict *v, int kind)
{
	if (kind == EVIDENCE_BAG)
		return v->epoch;
	return v->epoch >= GRADED_RING ? v->epoch - GRADED_RING + 1 : 0;
}

static void finding_copy(struct monitor_finding *dst, const struct evidence_finding *src, int kind)
{
	dst->kind = (enum monitor_finding_kind)kind;
	dst->count = src->count;
	dst->epoch = src->epoch;
	evidence_task_copy(&dst->task, &src->task);
	dst->n_calls = src->n_calls < BOSC_WINDOW_MAX ? src->n_calls : BOSC_WINDOW_MAX;
	for (size_t i = 0; i < dst->n_calls; i++)
		dst->calls[i] = src->calls[dst->n_calls - 1 - i];
}

/* Of one kind: the most frequent first, then the newest. */
static bool goes_before(const struct monitor_finding *a, const struct monitor_finding *b)
{
	if (a->kind != b->kind)
		return false;
	return a->count != b->count ? a->count > b->count : a->epoch > b->epoch;
}

static void finding_insert(struct monitor_evidence *e, const struct evidence_finding *f, int kind)
{
	struct monitor_finding one;
	size_t at = e->n++;

	finding_copy(&one, f, kind);
	for (; at && goes_before(&one, &e->at[at - 1]); at--)
		e->at[at] = e->at[at - 1];
	e->at[at] = one;
}

static void findings_copy(const struct evidence *from, uint32_t gen, const struct monitor_verdict *v,
	struct monitor_evidence *ret)
{
	for (int kind = 0; kind < EVIDENCE_KINDS; kind++)
		for (uint64_t i = 0; i < EVIDENCE_RING; i++) {
			const struct evidence_finding *f =
				&from->at[kind][(from->next[kind] - 1 - i) % EVIDENCE_RING];

			if (f->key && f->gen == gen && f->epoch >= first_epoch(v, kind))
				finding_insert(ret, f, kind);
		}
}

static void scores_copy(const struct monitor_watch *w, const struct monitor_state *st,
	const struct monitor_verdict *v, struct monitor_evidence *ret)
{
	uint64_t now = bosc_tally_epochs(&st->tally, w->params.epoch);

	ret->bags_threshold = w->params.threshold;
	for (size_t i = 0; i < 2; i++) {
		const struct bosc_cell *c = &st->tally.cell[i];

		if (c->epoch >= v->epoch && c->mismatches > ret->bags)
			ret->bags = (uint32_t)c->mismatches;
	}
	if (w->detector != MONITOR_FUSED)
		return;
	ret->graded_threshold = monitor_conf_of(w)->graded;
	for (uint64_t epoch = v->epoch; epoch <= now && epoch < v->epoch + GRADED_RING; epoch++) {
		uint32_t score = graded_tally_score(&st->graded, epoch);

		if (score > ret->graded)
			ret->graded = score;
	}
}

int monitor_watch_evidence(
	const struct monitor_watch *w, const struct monitor_verdict *v, struct monitor_evidence *ret)
{
	auto_free struct evidence *found = malloc(sizeof(*found));
	struct monitor_state st;

	*ret = (struct monitor_evidence){.n = 0};
	if (!found)
		return -ENOMEM;
	if (bpf_map_lookup_elem(evidences_fd(w), &monitor_conf_of(w)->watch, found) < 0 ||
		bpf_map_lookup_elem_flags(
			bpf_map__fd(w->monitor->skel->maps.states), &w->slot, &st, BPF_F_LOCK) < 0)
		return -errno;
	findings_copy(found, monitor_conf_of(w)->gen, v, ret);
	scores_copy(w, &st, v, ret);
	return 0;
}
