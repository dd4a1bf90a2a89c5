/* SPDX-License-Identifier: Apache-2.0 */
#include "states.h"

#include "cgroup.h"
#include "empty.skel.h"
#include "peers.h"
#include "worker.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <node-agent/monitor/monitor.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct states {
	struct loop *loop;
	struct monitor *monitor;
	struct monitor_watch *watch;
	struct empty_bpf *empty;
	struct bpf_link *empty_link;
	struct peer peer;
	bool peer_runs;
	pid_t watched;
	struct cgroup_own cgroup; /* of the "container" */
};

static void refused(const struct err *e)
{
	fprintf(stderr, "bench-detect: %s: %s\n", e->reason, e->message);
	exit(EXIT_FAILURE);
}

struct states *states_new(pid_t watched)
{
	struct states *s = calloc(1, sizeof(*s));
	struct err e;

	if (monitor_probe(&e) < 0) {
		fprintf(stderr, "skipped: %s: %s\n", e.reason, e.message);
		exit(77);
	}
	if (!s || loop_new(&s->loop) < 0)
		bench_fail("cannot make a loop", ENOMEM);
	if (monitor_new(s->loop, &s->monitor, &e) < 0)
		refused(&e);
	s->empty = empty_bpf__open_and_load();
	if (!s->empty)
		bench_fail("cannot load the empty program", errno);
	s->watched = watched;
	cgroup_make(&s->cgroup);
	cgroup_put(&s->cgroup, watched);
	return s;
}

static void nothing(struct states *s)
{
	bpf_link__destroy(s->empty_link);
	s->empty_link = NULL;
	monitor_watch_free(s->watch);
	s->watch = NULL;
	if (s->peer_runs)
		peer_stop(&s->peer);
	s->peer_runs = false;
}

void states_free(struct states *s)
{
	nothing(s);
	cgroup_remove(&s->cgroup);
	empty_bpf__destroy(s->empty);
	monitor_free(s->monitor);
	loop_free(s->loop);
	free(s);
}

static void empty(struct states *s)
{
	s->empty_link = bpf_program__attach(s->empty->progs.nothing);
	if (!s->empty_link)
		bench_fail("cannot attach the empty program", errno);
}

static void learn(struct states *s, enum monitor_detector detector)
{
	const struct monitor_params p = {.window = 10, .epoch = 500, .threshold = 50, .detector = detector};
	const struct monitor_container c = {.init_pid = s->watched, .cgroup = s->cgroup.dir, .running = true};
	struct err e;

	if (monitor_watch_new(s->monitor, &p, NULL, NULL, &s->watch, &e) < 0 ||
		monitor_watch_container(s->watch, &c, &e) < 0)
		refused(&e);
	monitor_watch_mode(s->watch, MONITOR_LEARN);
}

static void detect(struct states *s)
{
	int r = monitor_watch_mode(s->watch, MONITOR_DETECT);

	if (r < 0)
		bench_fail("too few calls to learn from (--calls)", -r);
}

static enum peer_kind peer_of(enum state state)
{
	return state == STATE_BPFTRACE ? PEER_BPFTRACE : PEER_STRACE;
}

const char *state_missing(enum state state)
{
	return state < STATES_OURS ? NULL : peer_missing(peer_of(state));
}

void states_enter(struct states *s, enum state state)
{
	if (state == STATE_BOSC_DETECT || state == STATE_FUSED_DETECT) {
		detect(s);
		return;
	}
	nothing(s);
	if (state == STATE_EMPTY)
		empty(s);
	if (state == STATE_BOSC_LEARN)
		learn(s, MONITOR_BOSC);
	if (state == STATE_FUSED_LEARN)
		learn(s, MONITOR_FUSED);
	if (state >= STATES_OURS) {
		peer_start(&s->peer, peer_of(state), s->watched);
		s->peer_runs = true;
	}
}

static bool on_sys_enter(int link)
{
	char name[32] = "";
	struct bpf_link_info info = {0};
	uint32_t size = sizeof(info);

	info.raw_tracepoint.tp_name = (uintptr_t)name;
	info.raw_tracepoint.tp_name_len = sizeof(name);
	return bpf_obj_get_info_by_fd(link, &info, &size) == 0 && info.type == BPF_LINK_TYPE_RAW_TRACEPOINT &&
	       strcmp(name, "sys_enter") == 0;
}

uint32_t states_others(void)
{
	uint32_t n = 0;

	for (uint32_t id = 0; bpf_link_get_next_id(id, &id) == 0;) {
		int link = bpf_link_get_fd_by_id(id);

		n += link >= 0 && on_sys_enter(link);
		if (link >= 0)
			close(link);
	}
	return n;
}

struct loop *states_loop(const struct states *s)
{
	return s->loop;
}

bool states_clean(const struct states *s)
{
	struct monitor_stats st;

	if (monitor_watch_stats(s->watch, &st) < 0)
		bench_fail("cannot read the watch's counters", errno);
	return st.lost == 0 && st.mismatches == 0 && st.calls > 0;
}

void states_print(const struct states *s, FILE *out)
{
	struct monitor_stats st = {0};

	if (s->watch && monitor_watch_stats(s->watch, &st) < 0)
		bench_fail("cannot read the watch's counters", errno);
	fprintf(out, "calls %llu epochs %llu bags %llu mismatches %llu lost %llu unjudged %llu\n",
		(unsigned long long)st.calls, (unsigned long long)st.epochs, (unsigned long long)st.bags,
		(unsigned long long)st.mismatches, (unsigned long long)st.lost,
		(unsigned long long)st.unjudged);
}
