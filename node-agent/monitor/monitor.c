/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence_user.h"
#include "fused.h"
#include "internal.h"
#include "monitor.skel.h"

#include <base/log.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(MONITOR_WINDOW_MAX == BOSC_WINDOW_MAX, "one limit");

static void verdict_deliver(struct monitor *m, const struct monitor_record *r)
{
	struct monitor_watch *w = r->slot < MONITOR_SLOTS ? m->watches[r->slot] : NULL;
	struct monitor_verdict v;

	/* A verdict on what a rearm has made the past is dropped: it would condemn the restored state. */
	if (!w || monitor_conf_of(w)->watch != r->watch || monitor_conf_of(w)->gen != r->gen)
		return;
	v = (struct monitor_verdict){
		.epoch = r->epoch,
		.graded = r->part == MONITOR_PART_GRADED,
		.mismatches = r->score,
		.threshold =
			r->part == MONITOR_PART_GRADED ? monitor_conf_of(w)->graded : w->params.threshold,
		.first_mismatch_ns = r->first_ns,
		.verdict_ns = r->verdict_ns,
	};
	evidence_task_copy(&v.task, &r->task);
	if (w->on_verdict)
		w->on_verdict(w->arg, &v);
}

static int on_record(void *ctx, void *data, size_t size)
{
	if (size >= sizeof(struct monitor_record))
		verdict_deliver(ctx, data);
	return 0;
}

static void on_ring_ready(void *arg, int events)
{
	(void)events;
	ring_buffer__consume(arg);
}

static int ring_open(struct monitor *m, int map, ring_buffer_sample_fn cb, struct ring_buffer **ret,
	struct loop_poll **ret_poll, struct err *e)
{
	int r;

	*ret = ring_buffer__new(map, cb, m, NULL);
	if (!*ret)
		return err_set(e, -errno, "RingBuffer", "cannot map a ring buffer: %s", strerror(errno));
	r = loop_poll_new(m->loop, ring_buffer__epoll_fd(*ret), LOOP_READ, on_ring_ready, *ret, ret_poll);
	return r < 0 ? err_set(e, r, "RingBuffer", "cannot watch a ring buffer: %s", strerror(-r)) : 0;
}

int monitor_new(struct loop *l, struct monitor **ret, struct err *e)
{
	struct monitor *m = calloc(1, sizeof(*m));
	int r;

	if (!m)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for the monitor");
	m->loop = l;
	r = monitor_load(&m->skel, e);
	if (r < 0)
		goto fail;
	r = ring_open(m, bpf_map__fd(m->skel->maps.verdicts), on_record, &m->ring, &m->poll, e);
	if (r == 0)
		r = ring_open(m, bpf_map__fd(m->skel->maps.samples), fused_on_sample, &m->samples,
			&m->samples_poll, e);
	if (r < 0)
		goto fail;
	*ret = m;
	return 0;
fail:
	monitor_free(m);
	return r;
}

void monitor_free(struct monitor *m)
{
	if (!m)
		return;
	for (uint32_t i = 0; i < MONITOR_SLOTS; i++)
		monitor_watch_free(m->watches[i]);
	monitor_detach(m);
	loop_poll_free(m->poll);
	loop_poll_free(m->samples_poll);
	ring_buffer__free(m->ring);
	ring_buffer__free(m->samples);
	monitor_bpf__destroy(m->skel);
	free(m);
}

uint32_t monitor_next_id(struct monitor *m)
{
	if (++m->last_id == 0)
		m->last_id = 1;
	return m->last_id;
}

int monitor_attach(struct monitor *m, struct err *e)
{
	/* Inheritance first: a task that is counted always has its children marked. */
	struct bpf_program *const programs[MONITOR_LINKS] = {
		m->skel->progs.inherit,
		m->skel->progs.arm,
		m->skel->progs.attach,
		m->skel->progs.count_call,
	};

	m->skel->bss->least_level = UINT32_MAX;
	for (int i = 0; i < MONITOR_LINKS; i++) {
		m->links[i] = bpf_program__attach(programs[i]);
		if (!m->links[i]) {
			int r = -errno;

			monitor_detach(m);
			return err_set(e, r, "ProgramRefused", "cannot attach %s to its tracepoint: %s",
				bpf_program__name(programs[i]), strerror(-r));
		}
	}
	return 0;
}

void monitor_detach(struct monitor *m)
{
	for (int i = MONITOR_LINKS - 1; i >= 0; i--) {
		bpf_link__destroy(m->links[i]);
		m->links[i] = NULL;
	}
}

struct monitor_conf *monitor_conf_of(const struct monitor_watch *w)
{
	return &w->monitor->skel->bss->confs[w->slot];
}

void monitor_conf_commit(struct monitor_conf *c)
{
	c->windows++;
	__atomic_store_n(&c->gen, c->gen + 1, __ATOMIC_RELEASE);
}

int monitor_bags_fd(const struct monitor *m)
{
	return bpf_map__fd(m->skel->maps.bags);
}

int monitor_marks_fd(const struct monitor *m)
{
	return bpf_map__fd(m->skel->maps.marks);
}
