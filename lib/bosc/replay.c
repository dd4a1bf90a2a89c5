/* SPDX-License-Identifier: Apache-2.0 */
#include <bosc/bosc.h>

#include <errno.h>
#include <stdlib.h>

#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(element) ((element)->lost = true)
#include <uthash.h>

struct task {
	uint32_t id;
	bool lost; /* no memory for the table: not in it */
	struct bosc_window window;
	UT_hash_handle hh;
};

struct bosc_replay {
	struct bosc_params params;
	struct bosc_db *db;
	bool learn;
	struct task *tasks;
	struct bosc_tally tally;
	uint64_t worst;
};

int bosc_replay_new(const struct bosc_params *p, struct bosc_db *db, bool learn, struct bosc_replay **ret)
{
	struct bosc_replay *r;

	if (p->window < BOSC_WINDOW_MIN || p->window > BOSC_WINDOW_MAX || p->epoch == 0)
		return -EINVAL;
	r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	r->params = *p;
	r->db = db;
	r->learn = learn;
	*ret = r;
	return 0;
}

void bosc_replay_free(struct bosc_replay *r)
{
	struct task *t, *next;

	if (!r)
		return;
	HASH_ITER(hh, r->tasks, t, next)
	{
		HASH_DEL(r->tasks, t);
		free(t);
	}
	free(r);
}

static struct task *task_get(struct bosc_replay *r, uint32_t id)
{
	struct task *t;

	HASH_FIND(hh, r->tasks, &id, sizeof(id), t);
	if (t)
		return t;
	t = calloc(1, sizeof(*t));
	if (!t)
		return NULL;
	t->id = id;
	HASH_ADD(hh, r->tasks, id, sizeof(t->id), t);
	if (t->lost) {
		free(t);
		return NULL;
	}
	return t;
}

static int learn_bag(struct bosc_replay *r, uint64_t number, uint64_t bag)
{
	bool is_new;
	int err = bosc_db_add(r->db, bag, &is_new);

	if (err < 0)
		return err;
	if (is_new)
		bosc_tally_new_bag(&r->tally, r->params.epoch, number);
	return 0;
}

static int judge_bag(struct bosc_replay *r, uint64_t number, uint64_t bag)
{
	struct bosc_cell *c;
	uint64_t e;
	bool verdict;

	if (bosc_db_frequency(r->db, bag))
		return 0;
	verdict = bosc_tally_mismatch(&r->tally, &r->params, number, number);
	e = bosc_tally_epoch(&r->tally, r->params.epoch, number);
	c = &r->tally.cell[e & 1];
	if (c->mismatches > r->worst)
		r->worst = c->mismatches;
	return verdict;
}

int bosc_replay_call(struct bosc_replay *r, uint32_t task, uint64_t nr)
{
	struct task *t = task_get(r, task);
	uint64_t number;

	if (!t)
		return -ENOMEM;
	number = r->tally.calls++;
	if (!bosc_window_push(&t->window, r->params.window, bosc_call(nr)))
		return 0;
	return r->learn ? learn_bag(r, number, t->window.bag) : judge_bag(r, number, t->window.bag);
}

void bosc_replay_pause(struct bosc_replay *r)
{
	for (struct task *t = r->tasks; t; t = t->hh.next)
		bosc_window_reset(&t->window);
}

void bosc_replay_restart(struct bosc_replay *r)
{
	bosc_replay_pause(r);
	bosc_tally_restart(&r->tally, r->params.epoch);
}

void bosc_replay_result(const struct bosc_replay *r, struct bosc_replay_result *ret)
{
	*ret = (struct bosc_replay_result){
		.calls = r->tally.calls,
		.epochs = bosc_tally_epochs(&r->tally, r->params.epoch),
		.quiet_epochs = bosc_tally_quiet(&r->tally, r->params.epoch),
		.mismatches = r->tally.mismatches,
		.worst_epoch = r->worst,
	};
}
