/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_node.h"

#include <base/cleanup.h>
#include <base/clock.h>
#include <base/io.h>
#include <base/str.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node-agent/agent/keepers/freezer.h"
#include "node-agent/agent/report/probe.h"
#include "node-agent/net/netswitch.h"

/* --- monitor.h --- */

struct monitor {
	int unused;
};
struct monitor_watch {
	struct fake_watch w;
};

static struct monitor_watch *the_watch;
static unsigned watches;

struct fake_watch *fake_watch_only(void)
{
	return watches == 1 && the_watch ? &the_watch->w : NULL;
}

/* Field 22 of our own stat, in clock ticks. */
static uint64_t own_start_ns(void)
{
	auto_free char *stat = NULL;
	char *p = NULL;

	if (io_read_file("/proc/self/stat", 4096, &stat, NULL) == 0)
		p = strrchr(stat, ')');
	for (int field = 2; p && field < 22; field++)
		p = strchr(p + 1, ' ');
	return p ? strtoull(p + 1, NULL, 10) * (1000000000 / (uint64_t)sysconf(_SC_CLK_TCK)) : 0;
}

void fake_verdict(struct fake_watch *w, uint32_t mismatches)
{
	uint64_t now_ns = (uint64_t)clock_monotonic_ns();
	const struct monitor_verdict v = {
		.epoch = 42,
		.mismatches = mismatches,
		.threshold = w->params.threshold,
		.first_mismatch_ns = now_ns - 2000000,
		.verdict_ns = now_ns,
		.task = {.pid = 17, .our_pid = getpid(), .start_ns = own_start_ns(), .comm = "sh"},
	};

	w->on_verdict(w->arg, &v);
}

int monitor_watch_evidence(
	const struct monitor_watch *w, const struct monitor_verdict *v, struct monitor_evidence *ret)
{
	*ret = (struct monitor_evidence){.n = 2, .bags = 2 * v->mismatches, .bags_threshold = v->threshold};
	ret->at[0] = (struct monitor_finding){
		.kind = MONITOR_PAIR, .count = 1, .task = v->task, .calls = {41, 42}, .n_calls = 2};
	ret->at[1] = (struct monitor_finding){
		.kind = MONITOR_BAG, .count = 3, .task = v->task, .calls = {41, 42, 41}, .n_calls = 3};
	return w ? 0 : -EINVAL;
}

int monitor_probe(struct err *e)
{
	(void)e;
	return 0;
}

int monitor_new(struct loop *l, struct monitor **ret, struct err *e)
{
	(void)l;
	(void)e;
	*ret = calloc(1, sizeof(**ret));
	return *ret ? 0 : -ENOMEM;
}

void monitor_free(struct monitor *m)
{
	free(m);
}

int monitor_watch_new(struct monitor *m, const struct monitor_params *p, monitor_on_verdict on_verdict,
	void *arg, struct monitor_watch **ret, struct err *e)
{
	(void)m;
	(void)e;
	*ret = calloc(1, sizeof(**ret));
	if (!*ret)
		return -ENOMEM;
	(*ret)->w = (struct fake_watch){
		.params = *p, .on_verdict = on_verdict, .arg = arg, .fused = {.graded = 70, .bosc = 20}};
	the_watch = *ret;
	watches++;
	return 0;
}

void monitor_watch_free(struct monitor_watch *w)
{
	if (!w)
		return;
	watches--;
	if (the_watch == w)
		the_watch = NULL;
	free(w);
}

int monitor_watch_container(struct monitor_watch *w, const struct monitor_container *c, struct err *e)
{
	(void)e;
	w->w.marked_pid = c->init_pid;
	w->w.marks++;
	return 0;
}

int monitor_count_tasks(struct monitor *m)
{
	(void)m;
	return 0;
}

struct monitor_tasks monitor_watch_tasks(const struct monitor_watch *w)
{
	(void)w;
	return (struct monitor_tasks){0};
}

int monitor_watch_mode(struct monitor_watch *w, enum monitor_mode mode)
{
	w->w.mode = mode;
	return 0;
}

int monitor_watch_rearm(struct monitor_watch *w)
{
	w->w.rearms++;
	return 0;
}

/* Each look finds that another epoch has passed, once there were any. */
int monitor_watch_stats(const struct monitor_watch *w, struct monitor_stats *ret)
{
	struct monitor_stats *s = &the_watch->w.stats;

	if (&the_watch->w == &w->w && w->w.mode == MONITOR_LEARN && s->epochs) {
		s->epochs++;
		s->quiet_epochs++;
		s->scored++;
	}
	*ret = w->w.stats;
	return 0;
}

int monitor_watch_learned(const struct monitor_watch *w, struct monitor_learned *ret)
{
	const struct fake_watch *f = &w->w;
	struct monitor_learned l = {.epochs = f->stats.epochs,
		.quiet_epochs = f->stats.quiet_epochs,
		.n_bags = f->n_bags,
		.tasks = 7,
		.scored = f->stats.scored,
		.graded = f->fused.graded,
		.bosc = f->fused.bosc};

	l.bags = malloc(sizeof(f->bags));
	l.pairs = malloc(GRADED_PAIRS * sizeof(*l.pairs));
	l.tasks_of = malloc(GRADED_PAIRS * sizeof(*l.tasks_of));
	l.triples = malloc(sizeof(f->fused.known.triples));
	if (!l.bags || !l.pairs || !l.tasks_of || !l.triples) {
		monitor_learned_free(&l);
		return -ENOMEM;
	}
	memcpy(l.bags, f->bags, sizeof(f->bags));
	memcpy(l.triples, f->fused.known.triples, sizeof(f->fused.known.triples));
	for (uint32_t i = 0; i < GRADED_PAIRS; i++) {
		if (!graded_bit(f->fused.known.pairs, i))
			continue;
		l.pairs[l.n_pairs] = i;
		l.tasks_of[l.n_pairs++] = 1;
	}
	*ret = l;
	return 0;
}

void monitor_learned_free(struct monitor_learned *l)
{
	free(l->bags);
	free(l->pairs);
	free(l->tasks_of);
	free(l->triples);
	*l = (struct monitor_learned){0};
}

int monitor_watch_outlier(struct monitor_watch *w, uint64_t after, struct monitor_outlier *ret)
{
	bool outside = w->w.outside;

	(void)after;
	w->w.outside = false;
	*ret = (struct monitor_outlier){.graded = 3000, .graded_limit = 300, .bosc = 90, .bosc_limit = 100};
	return outside;
}

int monitor_watch_profile_get(const struct monitor_watch *w, uint64_t **ret, size_t *ret_n)
{
	*ret = malloc(sizeof(w->w.bags));
	if (!*ret)
		return -ENOMEM;
	memcpy(*ret, w->w.bags, sizeof(w->w.bags));
	*ret_n = w->w.n_bags;
	return 0;
}

int monitor_watch_profile_set(struct monitor_watch *w, const uint64_t *bags, size_t n, struct err *e)
{
	(void)e;
	if (n > 64)
		return -E2BIG;
	if (n)
		memcpy(w->w.bags, bags, n * sizeof(*bags));
	w->w.n_bags = n;
	return 0;
}

int monitor_watch_fused_get(const struct monitor_watch *w, struct monitor_fused *ret)
{
	*ret = w->w.fused;
	return 0;
}

int monitor_watch_fused_set(struct monitor_watch *w, const struct monitor_fused *f, struct err *e)
{
	(void)e;
	w->w.fused = *f;
	return 0;
}

/* --- freezer.h --- */

static bool stands;

bool fake_freezer_frozen(void)
{
	return stands;
}

int freezer_find(const char *root, int pid, char dst[static FREEZER_PATH_MAX], struct err *e)
{
	(void)root;
	(void)pid;
	(void)e;
	str_copy(dst, FREEZER_PATH_MAX, "/nonexistent");
	return 0;
}

int freezer_open(const char *root, int pid, struct freezer *ret, struct err *e)
{
	(void)root;
	(void)pid;
	(void)e;
	*ret = (struct freezer){.fd = open("/dev/null", O_RDWR | O_CLOEXEC), .state_fd = -1};
	str_copy(ret->dir, sizeof(ret->dir), "/nonexistent");
	stands = false;
	return ret->fd < 0 ? -errno : 0;
}

void freezer_close(struct freezer *f)
{
	if (f->fd >= 0)
		close(f->fd);
	*f = FREEZER_CLOSED;
}

int freezer_set(const struct freezer *f, bool frozen)
{
	(void)f;
	stands = frozen;
	return 0;
}

int freezer_frozen(const struct freezer *f)
{
	(void)f;
	return stands;
}

/* --- netswitch.h --- */

static char net_log[4096];
static const char *net_fails;

const char *fake_net_log(void)
{
	return net_log;
}

void fake_net_forget(void)
{
	net_log[0] = '\0';
	net_fails = NULL;
}

void fake_net_fail(const char *call)
{
	net_fails = call;
}

static int noted(const char *call, const char *what, struct err *e)
{
	size_t len = strlen(net_log);

	snprintf(net_log + len, sizeof(net_log) - len, "%s%s:%s", len ? " " : "", call, what);
	if (!str_eq(call, net_fails))
		return 0;
	net_fails = NULL;
	return err_set(e, -EIO, "NetworkFailed", "%s %s: scripted", call, what);
}

static int noted_pid(const char *call, int pid, struct err *e)
{
	char text[24];

	snprintf(text, sizeof(text), "%d", pid);
	return noted(call, text, e);
}

int net_pod_cut(int pid, struct err *e)
{
	return noted_pid("cut", pid, e);
}

int net_pod_heal(int pid, struct err *e)
{
	return noted_pid("heal", pid, e);
}

bool net_pod_is_cut(int pid)
{
	(void)pid;
	return false;
}

int net_pod_reset_connections(int pid, struct err *e)
{
	return noted_pid("reset", pid, e);
}

int net_pod_address_add(int pid, const char *address, struct err *e)
{
	(void)pid;
	return noted("address", address, e);
}

int net_pod_neighbour(int pid, const char *address, struct err *e)
{
	(void)pid;
	return noted("neighbour", address, e);
}

int net_pod_neighbour_forget(int pid, const char *address, struct err *e)
{
	(void)pid;
	return noted("forget", address, e);
}

int net_pod_announce(int pid, const char *address, struct err *e)
{
	(void)pid;
	return noted("announce", address, e);
}

int net_pod_bridge(int pid, char *dst, size_t size, struct err *e)
{
	(void)pid;
	(void)e;
	return str_copy(dst, size, "cni0");
}

int net_routes_apply(const struct net_route *routes, size_t n, struct err *e)
{
	char text[1024] = "";
	size_t len = 0;

	for (size_t i = 0; i < n; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s>%s", i ? "," : "",
			routes[i].address, routes[i].local ? routes[i].device : routes[i].via);
	return noted("routes", text, e);
}

int net_ipam_reserve(const char *dir, const char *address, const char *owner, struct err *e)
{
	(void)dir;
	(void)owner;
	return noted("reserve", address, e);
}

int net_ipam_release(const char *dir, const char *address, const char *owner, struct err *e)
{
	(void)dir;
	(void)owner;
	return noted("release", address, e);
}

int net_ipam_sweep(const char *dir, const char *const *keep, size_t n, struct err *e)
{
	(void)dir;
	(void)keep;
	(void)n;
	(void)e;
	return 0;
}

/* --- probe.h: a node that can do everything, once its store is open --- */

struct probe {
	bool store;
};

int probe_new(struct agent *a, struct probe **ret)
{
	(void)a;
	*ret = calloc(1, sizeof(**ret));
	return *ret ? 0 : -ENOMEM;
}

void probe_free(struct probe *p)
{
	free(p);
}

void probe_kernel(struct probe *p, const struct err *kernel)
{
	(void)p;
	(void)kernel;
}

void probe_store(struct probe *p, const struct err *store)
{
	p->store = !store;
}

bool probe_can_restore(const struct probe *p)
{
	return p->store;
}

void probe_fill(struct probe *p, struct report *ret)
{
	ret->can_detect = true;
	ret->can_restore = p->store;
}

int probe_exec_on_node(char *const *argv)
{
	(void)argv;
	return 1;
}
