/* SPDX-License-Identifier: Apache-2.0 */
#include <base/log.h>
#include <base/str.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "node-agent/agent/move/move_source_priv.h"
#include "node-agent/agent/report/metrics.h"
#include "node-agent/agent/snapshots/dump.h"
#include "node-agent/agent/snapshots/snapshots.h"

struct seal {
	struct job *job;
	char generation[STORAGE_GENERATION_MAX];
	struct dump dumps[GUARDS_OF_POD_MAX];       /* Live */
	struct restore verifies[GUARDS_OF_POD_MAX]; /* LastSafe */
	size_t n, left;
};

static struct seal *seal_new(struct job *j, size_t n)
{
	struct seal *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->job = j;
	s->n = n;
	j->state = s;
	j->free_state = free;
	return s;
}

static struct json *generation_extra(const char *generation)
{
	struct json *extra = json_new_obj();

	json_set_str(extra, "generation", generation);
	return extra;
}

/* The guards again: callbacks ran in between, and a container may have ended. */
static int guards_again(struct seal *s, struct guard **guards, struct err *e)
{
	size_t n = 0;

	if (guards_of_pod(s->job->agent, s->job->x.spec.pod_uid, guards, GUARDS_OF_POD_MAX, &n) || n != s->n)
		return err_set(e, -ESTALE, "ContainerGone",
			"a container of the pod ended while the move was being prepared");
	return 0;
}

static void note_slowest(struct seal *s)
{
	if (s->n == 1)
		job_note(s->job, "freeze", dumps_step_ms(s->dumps, s->n, KEEPER_MS_FREEZE));
	job_note(s->job, "dump", dumps_step_ms(s->dumps, s->n, KEEPER_MS_DUMP));
	job_note(s->job, "files", dumps_step_ms(s->dumps, s->n, KEEPER_MS_FILES));
	job_note(s->job, "seal", dumps_seal_ms(s->dumps, s->n));
}

static void seal_again(struct job *j)
{
	job_end(j, false);
}

static void undo_done(void *arg)
{
	struct seal *s = arg;
	struct err e;

	if (source_open(s->job, &e)) {
		log_warn("pod not reconnected yet", "escape", s->job->key, "reason", e.reason, "why",
			e.message);
		job_end(s->job, false);
		return;
	}
	source_thaw(s->job, seal_again);
}

/* A dump of one container that was sealed is of a moment that will not come again once the pod runs on. */
static void undo_work(void *arg)
{
	struct seal *s = arg;

	for (size_t i = 0; i < s->n; i++)
		storage_remove(s->job->agent->storage, &s->dumps[i].ids, s->generation, NULL);
}

/* A process of `exec` (a probe) was in the way: it ends when the pod runs on, and the next try comes soon. */
static void seal_undo(struct seal *s)
{
	if (agent_work(s->job->agent, undo_work, undo_done, s))
		job_end(s->job, false);
}

static void on_dumped(void *arg, struct dump *d)
{
	struct seal *s = arg;
	const struct err *bad;
	struct err e;

	(void)d;
	if (--s->left)
		return;
	bad = dumps_error(s->dumps, s->n);
	metrics_snapshot(s->job->agent->metrics, !bad, 0);
	if (bad && s->job->agent->stopping) {
		job_end(s->job, false);
	} else if (bad && str_eq(bad->reason, "BusyExec")) {
		log_info("move waits for the end of an exec", "escape", s->job->key, "why", bad->message);
		seal_undo(s);
	} else if (bad) {
		e = *bad;
		source_give_up(s->job, &e);
	} else {
		note_slowest(s);
		job_finish(s->job, PHASE_SEALED, ACTOR_SOURCE, NULL, NULL, generation_extra(s->generation));
	}
}

static void dump_all(struct seal *s)
{
	s->left = s->n + 1;
	for (size_t i = 0; i < s->n; i++) {
		s->dumps[i].done = on_dumped;
		if (dump_run(&s->dumps[i]))
			s->left--;
	}
	on_dumped(s, NULL);
}

/* The directories are there: only now does the pod stand still, so that it does so for as short as can be. */
static void on_begun(void *arg, struct dump *d)
{
	struct seal *s = arg;
	struct guard *guards[GUARDS_OF_POD_MAX];
	const struct err *bad;
	struct err e = {0};

	(void)d;
	if (--s->left)
		return;
	bad = dumps_error(s->dumps, s->n);
	if (bad)
		e = *bad;
	if (!bad && !guards_again(s, guards, &e))
		source_stop(s->job, guards, s->n, &e);
	if (e.code) {
		source_give_up(s->job, &e);
		return;
	}
	source_reserve(s->job);
	dump_all(s);
}

static int dumps_init(struct seal *s, struct guard **guards)
{
	/* The same name on every try: a run after a restart finds what was sealed before it. */
	int64_t taken_ms = s->job->x.created_ms;

	storage_generation(s->generation, taken_ms, s->job->x.uid);
	for (size_t i = 0; i < s->n; i++) {
		struct dump *d = &s->dumps[i];

		if (dump_init(d, guards[i]))
			return -EINVAL;
		str_copy(d->generation, sizeof(d->generation), s->generation);
		d->taken_ms = taken_ms;
		d->live = true;
		d->flags = KEEPER_F_KEEP_FROZEN | KEEPER_F_NET_LOCKED;
		/* A dump of a frozen container may be taken again; an old answer would speak of a directory
		 * that was emptied. */
		d->order_id = agent_order_id_new();
		d->done = on_begun;
		d->arg = s;
	}
	return 0;
}

static bool any_alarmed(struct guard **guards, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (guards[i]->alarmed)
			return true;
	return false;
}

void source_seal_live(struct job *j, struct guard **guards, size_t n)
{
	struct seal *s = seal_new(j, n);
	struct err e;

	if (!s || dumps_init(s, guards)) {
		job_end(j, false);
		return;
	}
	if (any_alarmed(guards, n)) {
		err_set(&e, -EPERM, "MemorySuspect",
			"a container of the pod raised an alarm: its live state may not move");
		source_give_up(j, &e);
		return;
	}
	s->left = n + 1;
	for (size_t i = 0; i < n; i++) {
		if (!dump_begin(&s->dumps[i]))
			continue;
		if (!s->dumps[i].err.code)
			err_set(&s->dumps[i].err, -ESHUTDOWN, "Stopping", "the agent is stopping");
		s->left--;
	}
	on_begun(s, NULL);
}

static void verify_all(struct seal *s);

static void try_older(struct seal *s, const struct err *bad)
{
	char older[STORAGE_GENERATION_MAX];
	struct job *j = s->job;
	struct err e;

	log_warn("snapshot not used", "escape", j->key, "generation", s->generation, "reason", bad->reason,
		"why", bad->message);
	if (!str_starts(bad->reason, "Dump")) {
		job_end(j, false);
		return;
	}
	snapshots_distrust(j->agent, j->x.spec.pod_uid, s->generation);
	if (snapshots_safe(j->agent, j->x.spec.pod_uid, s->generation, older, &e)) {
		source_give_up(j, &e);
		return;
	}
	str_copy(s->generation, sizeof(s->generation), older);
	verify_all(s);
}

static void on_verified(void *arg, struct restore *r)
{
	struct seal *s = arg;
	int64_t verify = 0;

	(void)r;
	if (--s->left)
		return;
	for (size_t i = 0; i < s->n; i++) {
		if (s->verifies[i].err.code) {
			struct err bad = s->verifies[i].err;

			try_older(s, &bad);
			return;
		}
		verify = s->verifies[i].verify_ms > verify ? s->verifies[i].verify_ms : verify;
	}
	job_note(s->job, "verify", verify);
	job_finish(s->job, PHASE_SEALED, ACTOR_SOURCE, NULL, NULL, generation_extra(s->generation));
}

static void verify_all(struct seal *s)
{
	s->left = s->n + 1;
	for (size_t i = 0; i < s->n; i++) {
		struct restore *r = &s->verifies[i];

		memset(&r->err, 0, sizeof(r->err));
		str_copy(r->generation, sizeof(r->generation), s->generation);
		r->done = on_verified;
		r->arg = s;
		if (restore_verify(r)) {
			if (!r->err.code)
				err_set(&r->err, -ESHUTDOWN, "Stopping", "the agent is stopping");
			s->left--;
		}
	}
	on_verified(s, NULL);
}

void source_seal_last_safe(struct job *j, struct guard **guards, size_t n)
{
	struct seal *s = seal_new(j, n);
	struct err e = {0};
	int rc = s ? snapshots_safe(j->agent, j->x.spec.pod_uid, "", s->generation, &e) : -ENOMEM;

	if (rc == -EAGAIN || rc == -ENOMEM) {
		job_end(j, false);
		return;
	}
	for (size_t i = 0; i < n && !rc; i++)
		rc = restore_init(&s->verifies[i], guards[i]);
	if (!rc)
		rc = source_stop(j, guards, n, &e);
	if (rc) {
		source_give_up(j, &e);
		return;
	}
	source_reserve(j);
	verify_all(s);
}
