/* SPDX-License-Identifier: Apache-2.0 */
#include "profile.h"

#include <base/cleanup.h>
#include <base/str.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

static void head_write(const struct replay_profile *p, FILE *f)
{
	const struct fused_model *m = &p->model;

	fprintf(f, "escape-profile 1 %s %u %u %" PRIu64 " %" PRIu64 "\n",
		m->params.form == FUSED_KERNEL ? "kernel" : "exact", m->params.window, m->params.epoch,
		m->tasks, m->epochs);
	if (p->ready)
		fprintf(f, "thresholds %u %u %u\n", p->thresholds.pair, p->thresholds.graded,
			p->thresholds.bosc);
}

static void pairs_write(const struct fused_model *m, FILE *f)
{
	for (uint32_t i = 0; i < GRADED_PAIRS; i++)
		if (m->pairs[i].tasks)
			fprintf(f, "pair %u %u %u\n", i >> GRADED_CALL_BITS, i & (BOSC_CALLS - 1),
				m->pairs[i].tasks);
}

static void triples_write(const struct fused_model *m, FILE *f)
{
	for (size_t i = 0; i < fused_model_triple_words(m); i++)
		if (m->triples[i])
			fprintf(f, "triples %zx %llx\n", i, m->triples[i]);
}

static int bags_write(const struct fused_model *m, FILE *f)
{
	auto_free uint64_t *bags = NULL;
	size_t n;
	int r = bosc_db_bags(m->bags, &bags, &n);

	for (size_t i = 0; r == 0 && i < n; i++)
		fprintf(f, "bag %" PRIx64 " %" PRIu64 "\n", bags[i], bosc_db_frequency(m->bags, bags[i]));
	return r;
}

static int all_write(const struct replay_profile *p, FILE *f)
{
	head_write(p, f);
	pairs_write(&p->model, f);
	triples_write(&p->model, f);
	return bags_write(&p->model, f);
}

int replay_profile_write(const struct replay_profile *p, const char *path, struct err *e)
{
	FILE *f = fopen(path, "we");
	int r;

	if (!f)
		return err_set(e, -errno, "CannotWrite", "cannot create %s: %s", path, strerror(errno));
	r = all_write(p, f);
	if (r == 0 && ferror(f))
		r = -EIO;
	if (fclose(f) && r == 0)
		r = -errno;
	return r ? err_set(e, r, "CannotWrite", "cannot write %s: %s", path, strerror(-r)) : 0;
}
