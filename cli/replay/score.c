/* SPDX-License-Identifier: Apache-2.0 */
#include "score.h"

#include <base/cleanup.h>
#include <errno.h>
#include <string.h>

const char *const REPLAY_DETECTOR_NAMES[] = {"fused", "graded", "pair", "bosc", NULL};

static int fits(const struct replay_options *o, const struct replay_profile *p, struct err *e)
{
	const struct fused_params *learned = &p->model.params;
	bool bags = o->detector == REPLAY_FUSED || o->detector == REPLAY_BOSC;

	if (bags && o->window && o->window != learned->window)
		return err_set(e, -EINVAL, "OtherWindow",
			"the profile's bags are of %u calls: learn with --window %u", learned->window,
			o->window);
	if (o->detector != REPLAY_FUSED)
		return 0;
	if (!p->ready)
		return err_set(e, -EAGAIN, "NotReady",
			"the profile has no thresholds, it was learned from %llu epochs and needs %d; the "
			"detectors graded, pair and bosc give scores all the same",
			(unsigned long long)p->model.epochs, FUSED_EPOCHS_MIN);
	if (o->epoch && o->epoch != learned->epoch)
		return err_set(e, -EINVAL, "OtherEpoch",
			"the profile's thresholds are for epochs of %u calls: learn with --epoch %u",
			learned->epoch, o->epoch);
	return 0;
}

int score_open(const struct replay_options *o, struct replay_profile *ret, struct err *e)
{
	int rc = replay_profile_read(o->profile, ret, e);

	if (rc)
		return rc;
	rc = fits(o, ret, e);
	if (rc) {
		replay_profile_free(ret);
		return rc;
	}
	if (o->epoch && o->epoch != ret->model.params.epoch) {
		ret->model.params.epoch = o->epoch;
		ret->ready = false;
	}
	return 0;
}

int score_stream(struct replay_profile *p, const char *path, fused_on_finding cb, void *arg,
	struct fused_result *ret, struct err *e)
{
	struct fused_stream *s;
	int rc = fused_stream_new(&p->model, false, &s);

	if (rc)
		return err_set(e, rc, "OutOfMemory", "no memory for a stream");
	fused_stream_observe(s, cb, arg);
	rc = stream_feed(path, s, e);
	fused_stream_result(s, ret);
	fused_stream_free(s);
	return rc;
}

uint64_t score_of(const struct replay_profile *p, enum replay_detector d, const struct fused_result *r)
{
	const struct fused_sample peaks = {
		.pair = r->pair.score, .graded = r->graded.score, .bosc = r->bosc.score};

	switch (d) {
	case REPLAY_FUSED:
		return fused_score(&peaks, &p->thresholds);
	case REPLAY_GRADED:
		return peaks.graded;
	case REPLAY_PAIR:
		return peaks.pair;
	case REPLAY_BOSC:
		return peaks.bosc;
	}
	return 0;
}

uint32_t score_alarm(const struct replay_profile *p, enum replay_detector d)
{
	const uint32_t alarms[] = {FUSED_ALARM, p->thresholds.graded, p->thresholds.pair, p->thresholds.bosc};

	return p->ready ? alarms[d] : 0;
}

static int windows_count(const struct fused_model *m, uint64_t *ret, struct err *e)
{
	auto_free uint64_t *bags = NULL;
	size_t n;

	if (bosc_db_bags(m->bags, &bags, &n))
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for the bags");
	for (size_t i = 0; i < n; i++)
		*ret += bosc_db_frequency(m->bags, bags[i]);
	return 0;
}

static int head_print(const struct replay_profile *p, enum replay_detector d, FILE *out, struct err *e)
{
	const struct fused_model *m = &p->model;
	size_t rare, pairs = fused_model_pairs(m, &rare);
	uint64_t windows = 0;
	int rc = windows_count(m, &windows, e);

	if (rc)
		return rc;
	fprintf(out, "# profile: window %u epoch %u %s; tasks %llu epochs %llu pairs %zu rare %zu %s %zu",
		m->params.window, m->params.epoch, m->params.form == FUSED_KERNEL ? "kernel" : "exact",
		(unsigned long long)m->tasks, (unsigned long long)m->epochs, pairs, rare,
		m->params.form == FUSED_KERNEL ? "triple-bits" : "triples", fused_model_triple_bits(m));
	fprintf(out, " bags %zu windows %llu\n", bosc_db_size(m->bags), (unsigned long long)windows);
	if (!p->ready)
		fprintf(out, "# %s: no threshold for this profile and epoch\n", REPLAY_DETECTOR_NAMES[d]);
	else if (d == REPLAY_FUSED)
		fprintf(out,
			"# fused: thresholds graded %u bosc %u; score = %d * max(graded/%u, bosc/%u), alarm "
			"above %d\n",
			p->thresholds.graded, p->thresholds.bosc, FUSED_ALARM, p->thresholds.graded,
			p->thresholds.bosc, FUSED_ALARM);
	else
		fprintf(out, "# %s: threshold %u, alarm above it\n", REPLAY_DETECTOR_NAMES[d],
			score_alarm(p, d));
	return 0;
}

static int score_list(struct replay_profile *p, const struct replay_options *o, const struct stream_list *l,
	FILE *out, struct err *e)
{
	int rc = head_print(p, o->detector, out, e);

	for (size_t i = 0; rc == 0 && i < l->n; i++) {
		struct fused_result r = {0};

		rc = score_stream(p, l->paths[i], NULL, NULL, &r, e);
		if (rc == 0)
			fprintf(out, "%s %llu\n", stream_name(l->paths[i]),
				(unsigned long long)score_of(p, o->detector, &r));
	}
	return rc;
}

int score_run(const struct replay_options *o, FILE *out, struct err *e)
{
	struct replay_profile p;
	struct stream_list l = {0};
	int rc = score_open(o, &p, e);

	if (rc)
		return rc;
	for (size_t i = 0; rc == 0 && i < o->n_paths; i++)
		rc = streams_find(&l, o->paths[i], e);
	if (rc == 0)
		rc = score_list(&p, o, &l, out, e);
	streams_free(&l);
	replay_profile_free(&p);
	return rc;
}
