/* SPDX-License-Identifier: Apache-2.0 */
#include <base/clock.h>
#include <base/log.h>
#include <base/str.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "node-agent/agent/snapshots/snapshots_priv.h"

struct load {
	struct podsnap *pod;
	struct agent *agent;
	struct storage_ids containers[GUARDS_OF_POD_MAX];
	size_t n_containers;
	struct storage_gen gens[STORAGE_GENERATIONS_MAX];
	size_t n_gens;
	struct err err;
};

static bool gens_have(const struct storage_gen *gens, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(gens[i].name, name))
			return true;
	return false;
}

/* Only what every container of the pod has can be restored. */
static void gens_intersect(struct load *l, const struct storage_gen *gens, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->n_gens; i++)
		if (gens_have(gens, n, l->gens[i].name))
			l->gens[kept++] = l->gens[i];
	l->n_gens = kept;
}

static void load_work(void *arg)
{
	struct load *l = arg;
	struct storage_gen gens[STORAGE_GENERATIONS_MAX];

	for (size_t i = 0; i < l->n_containers; i++) {
		size_t n = 0;

		if (storage_list(l->agent->storage, &l->containers[i], i ? gens : l->gens,
			    STORAGE_GENERATIONS_MAX, i ? &n : &l->n_gens, &l->err))
			return;
		if (i)
			gens_intersect(l, gens, n);
	}
}

static void load_done(void *arg)
{
	struct load *l = arg;

	l->pod->busy = false;
	if (l->err.code)
		log_warn("snapshots not listed", "pod", l->pod->pod_uid, "reason", l->err.reason, "why",
			l->err.message);
	else if (!l->agent->stopping)
		podsnap_loaded(l->pod, l->gens, l->n_gens);
	free(l);
}

void podsnap_load(struct podsnap *p)
{
	struct load *l;

	if (p->busy)
		return;
	l = calloc(1, sizeof(*l));
	if (!l)
		return;
	l->pod = p;
	l->agent = p->agent;
	l->n_containers = p->n_containers;
	memcpy(l->containers, p->containers, sizeof(l->containers));
	if (agent_work(p->agent, load_work, load_done, l))
		free(l);
	else
		p->busy = true;
}

static void run_end(struct snap_run *run)
{
	podsnap_ran(run, dumps_error(run->dumps, run->n));
	free(run);
}

static void on_dumped(void *arg, struct dump *d)
{
	struct snap_run *run = arg;

	(void)d;
	if (!--run->left)
		run_end(run);
}

static void on_begun(void *arg, struct dump *d)
{
	struct snap_run *run = arg;

	(void)d;
	if (--run->left)
		return;
	if (dumps_error(run->dumps, run->n)) {
		run_end(run);
		return;
	}
	run->left = run->n + 1;
	for (size_t i = 0; i < run->n; i++) {
		run->dumps[i].done = on_dumped;
		if (dump_run(&run->dumps[i]))
			run->left--;
	}
	on_dumped(run, NULL);
}

static int dumps_init(struct snap_run *run, struct guard **guards, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct dump *d = &run->dumps[i];

		if (dump_init(d, guards[i]))
			return -EINVAL;
		str_copy(d->generation, sizeof(d->generation), run->gen.name);
		d->taken_ms = run->gen.taken_ms;
		d->order_id = agent_order_id_new();
		d->done = on_begun;
		d->arg = run;
	}
	run->n = n;
	return 0;
}

void podsnap_run(struct podsnap *p, struct guard **guards, size_t n)
{
	struct snap_run *run = calloc(1, sizeof(*run));

	if (!run)
		return;
	run->pod = p;
	run->began_ms = clock_monotonic_ms();
	run->gen.taken_ms = clock_wall_ms();
	storage_generation(run->gen.name, run->gen.taken_ms, p->pod_uid);
	if (dumps_init(run, guards, n)) {
		free(run);
		return;
	}
	p->run = run;
	run->left = n + 1;
	for (size_t i = 0; i < n; i++) {
		if (!dump_begin(&run->dumps[i]))
			continue;
		if (!run->dumps[i].err.code)
			err_set(&run->dumps[i].err, -ESHUTDOWN, "Stopping", "the agent is stopping");
		run->left--;
	}
	on_begun(run, NULL);
}

struct removal {
	struct agent *agent;
	struct storage_ids containers[GUARDS_OF_POD_MAX];
	size_t n;
	char generation[STORAGE_GENERATION_MAX]; /* "": all */
};

static void removal_work(void *arg)
{
	struct removal *r = arg;
	struct err e = {0};

	for (size_t i = 0; i < r->n; i++) {
		int rc = *r->generation
				 ? storage_remove(r->agent->storage, &r->containers[i], r->generation, &e)
				 : storage_remove_pod(r->agent->storage, &r->containers[i], &e);

		if (rc && rc != -ENOENT)
			log_warn("snapshot not removed", "pod", r->containers[i].pod_uid, "generation",
				r->generation, "why", e.message);
	}
}

static void removal_start(struct podsnap *p, const char *generation)
{
	struct removal *r = p->agent->storage ? calloc(1, sizeof(*r)) : NULL;

	if (!r)
		return;
	r->agent = p->agent;
	r->n = p->n_containers;
	memcpy(r->containers, p->containers, sizeof(r->containers));
	str_copy(r->generation, sizeof(r->generation), generation);
	if (agent_work(p->agent, removal_work, free, r))
		free(r);
}

void podsnap_remove(struct podsnap *p, const char *generation)
{
	removal_start(p, generation);
}

void podsnap_remove_all(struct podsnap *p)
{
	removal_start(p, "");
}
