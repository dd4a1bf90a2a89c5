/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence_user.h"
#include "fused.h"
#include "internal.h"
#include "monitor.skel.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int params_check(const struct monitor_params *p, struct err *e)
{
	if (p->window < BOSC_WINDOW_MIN || p->window > BOSC_WINDOW_MAX)
		return err_set(e, -EINVAL, "BadWindowSize", "window of %u calls: it must be %d to %d",
			p->window, BOSC_WINDOW_MIN, BOSC_WINDOW_MAX);
	if (p->epoch == 0)
		return err_set(e, -EINVAL, "BadEpochSize", "an epoch of 0 calls: it must be at least 1");
	return 0;
}

/* Slots go round, so that a call which is under way in a slot just freed does not count for its next owner.
 */
static int slot_find(struct monitor *m, uint32_t *ret)
{
	for (uint32_t i = 1; i <= MONITOR_SLOTS; i++) {
		uint32_t slot = (m->last_slot + i) % MONITOR_SLOTS;

		if (!m->watches[slot]) {
			*ret = slot;
			return 0;
		}
	}
	return -ENOSPC;
}

static int slot_prepare(struct monitor_watch *w, struct err *e)
{
	struct monitor *m = w->monitor;
	struct monitor_conf *c = monitor_conf_of(w);
	struct monitor_state clean = {.gen = c->gen};

	c->mode = MONITOR_OFF;
	c->profile = clean.profile = monitor_next_id(m);
	c->preset = 0;
	c->row = clean.row = 0;
	c->params = w->params;
	c->fused = w->detector == MONITOR_FUSED;
	c->mntns = 0;
	c->execs_own = w->execs_own;
	c->graded = UINT32_MAX;
	if (bpf_map_update_elem(bpf_map__fd(m->skel->maps.states), &w->slot, &clean, BPF_ANY) < 0)
		return err_set(e, -errno, "MapRefused", "cannot clear the counters of slot %u: %s", w->slot,
			strerror(errno));
	__atomic_store_n(&c->watch, monitor_next_id(m), __ATOMIC_RELEASE);
	return 0;
}

static void watch_forget(struct monitor_watch *w)
{
	if (w->detector == MONITOR_FUSED)
		fused_end(w);
	free(w);
}

int monitor_watch_new(struct monitor *m, const struct monitor_params *p, monitor_on_verdict on_verdict,
	void *arg, struct monitor_watch **ret, struct err *e)
{
	struct monitor_watch *w;
	int r = params_check(p, e);

	if (r < 0)
		return r;
	w = calloc(1, sizeof(*w));
	if (!w)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for a watch");
	w->monitor = m;
	w->params = (struct bosc_params){.window = p->window, .epoch = p->epoch, .threshold = p->threshold};
	w->detector = p->detector;
	w->execs_own = p->execs_own;
	w->scores.stride = 1;
	w->on_verdict = on_verdict;
	w->arg = arg;
	r = slot_find(m, &w->slot);
	if (r < 0) {
		free(w);
		return err_set(e, r, "TooManyContainers", "%d containers are watched on this node already",
			MONITOR_SLOTS);
	}
	r = slot_prepare(w, e);
	if (r == 0)
		r = evidence_begin(w, e);
	if (r == 0 && w->detector == MONITOR_FUSED)
		r = fused_begin(w, e);
	if (r == 0 && m->n_watches == 0)
		r = monitor_attach(m, e);
	if (r < 0) {
		evidence_end(w, monitor_conf_of(w)->watch);
		watch_forget(w);
		return r;
	}
	m->watches[w->slot] = w;
	m->last_slot = w->slot;
	m->n_watches++;
	*ret = w;
	return 0;
}

void monitor_watch_free(struct monitor_watch *w)
{
	struct monitor *m;
	struct monitor_conf *c;

	if (!w)
		return;
	m = w->monitor;
	c = monitor_conf_of(w);
	monitor_cgroup_forget(w);
	c->mode = MONITOR_OFF;
	evidence_end(w, c->watch);
	__atomic_store_n(&c->watch, 0, __ATOMIC_RELEASE);
	m->watches[w->slot] = NULL;
	if (--m->n_watches == 0)
		monitor_detach(m);
	monitor_bags_drop(m, c->profile);
	watch_forget(w);
}

/* What a mode needs to know before the programs are in it. */
static int mode_prepare(struct monitor_watch *w, enum monitor_mode mode)
{
	struct monitor_conf *c = monitor_conf_of(w);
	enum monitor_mode before = c->mode;
	int r;

	w->fused_learned |= mode == MONITOR_LEARN;
	if (mode != MONITOR_DETECT)
		return 0;
	if (before == MONITOR_LEARN)
		__atomic_store_n(&c->mode, MONITOR_OFF, __ATOMIC_RELEASE);
	r = fused_finish(w);
	if (r < 0)
		__atomic_store_n(&c->mode, before, __ATOMIC_RELEASE);
	return r;
}

int monitor_watch_mode(struct monitor_watch *w, enum monitor_mode mode)
{
	struct monitor_conf *c = monitor_conf_of(w);

	if (mode != MONITOR_OFF && mode != MONITOR_LEARN && mode != MONITOR_DETECT)
		return -EINVAL;
	if (w->detector == MONITOR_FUSED) {
		int r = mode_prepare(w, mode);

		if (r < 0)
			return r;
	}
	if (mode != MONITOR_OFF && mode != w->counted) {
		w->counted = mode;
		c->row++;
		c->mode = MONITOR_OFF;
		monitor_conf_commit(c);
	}
	/* What is interrupted by a freeze is called a second time by the kernel: that must not join on to
	 * what was before. */
	if (mode == MONITOR_OFF)
		c->windows++;
	__atomic_store_n(&c->mode, mode, __ATOMIC_RELEASE);
	return 0;
}

int monitor_watch_rearm(struct monitor_watch *w)
{
	monitor_conf_commit(monitor_conf_of(w));
	return 0;
}

static int count_tasks(struct monitor_bpf *skel)
{
	struct bpf_link *link = bpf_program__attach_iter(skel->progs.count_tasks, NULL);
	char sink[64];
	ssize_t n;
	int fd;

	if (!link)
		return -errno;
	fd = bpf_iter_create(bpf_link__fd(link));
	bpf_link__destroy(link);
	if (fd < 0)
		return -errno;
	do {
		n = read(fd, sink, sizeof(sink));
	} while (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)));
	n = n < 0 ? -errno : 0;
	close(fd);
	return (int)n;
}

int monitor_count_tasks(struct monitor *m)
{
	struct monitor_bpf *skel = m->skel;

	memset(skel->bss->tasks_own, 0, sizeof(skel->bss->tasks_own));
	memset(skel->bss->tasks_outside, 0, sizeof(skel->bss->tasks_outside));
	return m->n_watches ? count_tasks(skel) : 0;
}

struct monitor_tasks monitor_watch_tasks(const struct monitor_watch *w)
{
	const struct monitor_bpf *skel = w->monitor->skel;

	return (struct monitor_tasks){
		.own = skel->bss->tasks_own[w->slot],
		.outside = skel->bss->tasks_outside[w->slot],
	};
}

int monitor_watch_stats(const struct monitor_watch *w, struct monitor_stats *ret)
{
	const struct monitor_conf *c = monitor_conf_of(w);
	struct monitor_state st;

	ring_buffer__consume(w->monitor->samples);
	if (bpf_map_lookup_elem_flags(bpf_map__fd(w->monitor->skel->maps.states), &w->slot, &st, BPF_F_LOCK) <
		0)
		return -errno;
	/* What the programs take over at the next call only is said at once. */
	*ret = (struct monitor_stats){
		.calls = st.tally.calls,
		.epochs = bosc_tally_epochs(&st.tally, w->params.epoch),
		.bags = st.profile == c->profile ? st.bags : c->preset,
		.quiet_epochs = st.row == c->row ? bosc_tally_quiet(&st.tally, w->params.epoch) : 0,
		.mismatches = st.tally.mismatches,
		.scored = w->scores.epochs,
		.lost = st.lost,
		.unjudged = st.unjudged,
		.execs = st.execs,
		.exec_calls = st.exec_calls,
	};
	return 0;
}
