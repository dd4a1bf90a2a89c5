/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stream of calls against a second, plain account of the method: bags as sorted arrays counted from scratch
 * at each call, epochs by division. Input: window, epoch, threshold, then two bytes a call (task and number),
 * 0xff 0xff restarts.
 */
#include <bosc/bosc.h>
#include <stdlib.h>
#include <string.h>
#include <tests/fuzz/fuzz.h>

#define CALLS_MAX 2000
#define TASKS 4

struct plain {
	uint32_t calls[TASKS][CALLS_MAX];
	size_t n[TASKS];
	uint32_t bags[CALLS_MAX][BOSC_WINDOW_MAX];
	size_t n_bags;
};

static int compare_call(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* Whether the bag of the task's last n calls was seen before; learns it. */
static bool plain_known(struct plain *p, size_t task, uint32_t n)
{
	uint32_t *bag = p->bags[p->n_bags];

	memcpy(bag, p->calls[task] + p->n[task] - n, n * sizeof(*bag));
	qsort(bag, n, sizeof(*bag), compare_call);
	for (size_t i = 0; i < p->n_bags; i++)
		if (!memcmp(p->bags[i], bag, n * sizeof(*bag)))
			return true;
	p->n_bags++;
	return false;
}

static void expect(bool ok)
{
	if (!ok)
		abort();
}

static void learn_both(struct bosc_replay *r, struct plain *p, const struct bosc_params *params,
	const uint8_t *data, size_t size)
{
	for (size_t i = 0; i + 1 < size && i / 2 < CALLS_MAX; i += 2) {
		size_t task = data[i] % TASKS;
		uint32_t nr = (uint32_t)(data[i] >> 6) << 8 | data[i + 1];

		if (data[i] == 0xff && data[i + 1] == 0xff) {
			memset(p->n, 0, sizeof(p->n));
			bosc_replay_restart(r);
			continue;
		}
		expect(bosc_replay_call(r, (uint32_t)task, nr) == 0);
		p->calls[task][p->n[task]++] = bosc_call(nr);
		if (p->n[task] >= params->window)
			plain_known(p, task, params->window);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bosc_params params;
	struct bosc_replay *r;
	struct bosc_replay_result got;
	struct bosc_db *db;
	struct plain *p;

	if (size < 3)
		return 0;
	params = (struct bosc_params){.window = data[0] % 66, .epoch = data[1], .threshold = data[2]};
	expect(bosc_db_new(&db) == 0);
	if (bosc_replay_new(&params, db, true, &r) < 0) {
		expect(params.window < 2 || params.window > 64 || params.epoch == 0);
		bosc_db_free(db);
		return 0;
	}
	p = calloc(1, sizeof(*p));
	expect(p != NULL);
	learn_both(r, p, &params, data + 3, size - 3);
	expect(bosc_db_size(db) == p->n_bags);
	bosc_replay_result(r, &got);
	expect(got.epochs <= got.calls / params.epoch);
	bosc_replay_free(r);
	expect(bosc_replay_new(&params, db, false, &r) == 0);
	for (size_t t = 0; t < TASKS; t++)
		for (size_t i = 0; i < p->n[t]; i++)
			expect(bosc_replay_call(r, (uint32_t)t, p->calls[t][i]) == 0);
	bosc_replay_result(r, &got);
	expect(got.mismatches == 0 && got.worst_epoch == 0);
	bosc_replay_free(r);
	bosc_db_free(db);
	free(p);
	return 0;
}
