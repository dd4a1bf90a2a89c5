/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/agent/guard/learning.h"

#include <base/cleanup.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "node-agent/agent/guard/calls.h"

/* What is older than about so many epochs no longer says how it goes on. */
#define PACE_EPOCHS 64.0
/* Never means: not in this year. */
#define EPOCHS_LEFT_MAX 1e9
#define SECONDS_LEFT_MAX 31536000.0

void learning_pace_note(struct learning_pace *p, uint64_t epochs, uint64_t bags, int64_t now_ms)
{
	double more, noisy, fade;

	if (!p->last_ms || epochs < p->epochs || bags < p->bags) {
		*p = (struct learning_pace){.first_ms = now_ms, .first_epochs = epochs};
	} else if (epochs > p->epochs) {
		more = (double)(epochs - p->epochs);
		noisy = fmin(more, (double)(bags - p->bags));
		fade = exp(-more / PACE_EPOCHS);
		p->seen = p->seen * fade + more;
		p->noisy = p->noisy * fade + noisy;
	} else {
		/* Bags of an epoch that is not over. */
		p->last_ms = now_ms;
		return;
	}
	p->last_ms = now_ms;
	p->epochs = epochs;
	p->bags = bags;
}

static bool scores_count(const struct policy *p)
{
	return p->detection.detector == DETECTOR_FUSED;
}

bool learning_done(const struct policy *p, const struct learning_depth *d)
{
	return d->epochs >= p->detection.learning.min_epochs &&
	       d->quiet >= p->detection.learning.stable_for &&
	       (!scores_count(p) || d->scored >= MONITOR_FUSED_EPOCHS_MIN);
}

/* Expected number of epochs until `row` of them in a row were quiet, `have` of which were. */
static double row_left(double quiet_share, int64_t have, int64_t row)
{
	if (have >= row)
		return 0;
	if (quiet_share > 0.9999)
		return (double)(row - have);
	return (pow(quiet_share, -(double)row) - pow(quiet_share, -(double)have)) / (1 - quiet_share);
}

double learning_epochs_left(
	const struct policy *p, const struct learning_depth *d, const struct learning_pace *pace)
{
	/* One of each beyond what was seen: nobody has seen enough to be certain. */
	double share = 1 - (pace->noisy + 0.5) / (pace->seen + 1);
	double left = row_left(fmax(share, 0.01), d->quiet, p->detection.learning.stable_for);

	left = fmax(left, (double)(p->detection.learning.min_epochs - d->epochs));
	if (scores_count(p))
		left = fmax(left, (double)(MONITOR_FUSED_EPOCHS_MIN - d->scored));
	return fmin(left, EPOCHS_LEFT_MAX);
}

int64_t learning_percent(const struct learning_depth *d, double epochs_left)
{
	double share = epochs_left > 0 ? (double)d->epochs / ((double)d->epochs + epochs_left) : 1;

	return (int64_t)(100 * share);
}

int64_t learning_seconds_left(const struct learning_pace *pace, double epochs_left)
{
	double passed = (double)(pace->epochs - pace->first_epochs);
	double seconds = (double)(pace->last_ms - pace->first_ms) / 1000;

	if (epochs_left <= 0 || passed <= 0 || seconds <= 0)
		return 0;
	return (int64_t)ceil(fmin(epochs_left * seconds / passed, SECONDS_LEFT_MAX));
}

struct learning_depth learning_ahead(
	const struct profile *p, const struct monitor_stats *now, const struct monitor_learned *sent)
{
	int64_t more = (int64_t)(now->epochs - sent->epochs), scored = (int64_t)now->scored;
	struct learning_depth d = {
		.epochs = p->epochs + more,
		.quiet = p->quiet + more,
		.scored = p->scored > scored ? p->scored : scored,
	};

	/* New here, though perhaps not to the profile. */
	if (now->bags > sent->n_bags && (int64_t)now->quiet_epochs < d.quiet)
		d.quiet = (int64_t)now->quiet_epochs;
	return d;
}

/* Union of two ascending lists; counts are added up where there are any. */
static int lists_merge(uint64_t **at, uint32_t **counts, size_t *n, const uint64_t *more,
	const uint32_t *more_counts, size_t n_more)
{
	auto_free uint64_t *all = calloc(*n + n_more + 1, sizeof(*all));
	auto_free uint32_t *sums = counts ? calloc(*n + n_more + 1, sizeof(*sums)) : NULL;
	size_t i = 0, j = 0, k = 0;

	if (!all || (counts && !sums))
		return -ENOMEM;
	while (i < *n || j < n_more) {
		uint64_t next = j == n_more || (i < *n && (*at)[i] <= more[j]) ? (*at)[i] : more[j];
		uint64_t sum = 0;

		if (i < *n && (*at)[i] == next) {
			sum += counts ? (*counts)[i] : 0;
			i++;
		}
		if (j < n_more && more[j] == next) {
			sum += counts ? more_counts[j] : 0;
			j++;
		}
		all[k] = next;
		if (sums)
			sums[k] = sum < UINT32_MAX ? (uint32_t)sum : UINT32_MAX;
		k++;
	}
	free(*at);
	*at = TAKE_PTR(all);
	if (counts) {
		free(*counts);
		*counts = TAKE_PTR(sums);
	}
	*n = k;
	return 0;
}

static int bags_merge(struct profile *p, const struct monitor_learned *now, int64_t epochs)
{
	size_t before = p->n_bags;
	int rc = lists_merge(&p->bags, NULL, &p->n_bags, now->bags, NULL, now->n_bags);
	int64_t quiet = (int64_t)now->quiet_epochs < epochs ? (int64_t)now->quiet_epochs : epochs;

	if (!rc)
		p->quiet = p->n_bags > before ? quiet : p->quiet + epochs;
	return rc;
}

/* Tasks that showed each pair since `sent`. */
static int pairs_since(const struct monitor_learned *now, const struct monitor_learned *sent, uint64_t *pairs,
	uint32_t *tasks_of, size_t *ret_n)
{
	size_t n = 0, j = 0;

	for (size_t i = 0; i < now->n_pairs; i++) {
		uint32_t before = 0;

		while (j < sent->n_pairs && sent->pairs[j] < now->pairs[i])
			j++;
		if (j < sent->n_pairs && sent->pairs[j] == now->pairs[i])
			before = sent->tasks_of[j];
		if (now->tasks_of[i] <= before)
			continue;
		pairs[n] = now->pairs[i];
		tasks_of[n++] = now->tasks_of[i] - before;
	}
	*ret_n = n;
	return 0;
}

static int pairs_merge(
	struct profile *p, const struct monitor_learned *now, const struct monitor_learned *sent)
{
	auto_free uint64_t *pairs = calloc(now->n_pairs + 1, sizeof(*pairs));
	auto_free uint32_t *tasks_of = calloc(now->n_pairs + 1, sizeof(*tasks_of));
	size_t n;

	if (!pairs || !tasks_of)
		return -ENOMEM;
	pairs_since(now, sent, pairs, tasks_of, &n);
	return lists_merge(&p->pairs, &p->tasks_of, &p->n_pairs, pairs, tasks_of, n);
}

static int triples_merge(struct profile *p, const struct monitor_learned *now)
{
	if (!p->triples)
		p->triples = calloc(PROFILE_WORDS, sizeof(*p->triples));
	if (!p->triples)
		return -ENOMEM;
	for (size_t i = 0; i < PROFILE_WORDS; i++)
		p->triples[i] |= now->triples[i];
	return 0;
}

static int fused_merge(
	struct profile *p, const struct monitor_learned *now, const struct monitor_learned *sent)
{
	int rc = triples_merge(p, now);

	if (!rc)
		rc = pairs_merge(p, now, sent);
	if (rc)
		return rc;
	p->tasks += (int64_t)(now->tasks - sent->tasks);
	if (now->graded && (int64_t)now->scored >= p->scored) {
		p->scored = (int64_t)now->scored;
		p->graded_threshold = now->graded;
		p->bosc_threshold = now->bosc;
	}
	return 0;
}

int learning_merge(struct profile *p, const struct monitor_learned *now, const struct monitor_learned *sent)
{
	int64_t epochs = (int64_t)(now->epochs - sent->epochs);
	int rc = now->triples ? fused_merge(p, now, sent) : 0;

	if (!rc)
		rc = bags_merge(p, now, epochs);
	if (!rc)
		p->epochs += epochs;
	return rc;
}

_Static_assert(PROFILE_WORDS == GRADED_TRIPLE_WORDS && PROFILE_PAIRS == GRADED_PAIRS &&
		       PROFILE_BAG_BITS == BOSC_KEY_BITS,
	"numbers of a profile are the monitor's");

void learning_known(const struct profile *p, struct graded_known *ret)
{
	memset(ret->pairs, 0, sizeof(ret->pairs));
	memcpy(ret->triples, p->triples, sizeof(ret->triples));
	for (size_t i = 0; i < p->n_pairs; i++)
		if (!graded_rare(p->tasks_of[i], (uint64_t)p->tasks))
			ret->pairs[p->pairs[i] / 64] |= 1ULL << p->pairs[i] % 64;
}

bool learning_bags_outside(
	const struct policy *p, const struct monitor_stats *before, const struct monitor_stats *now)
{
	uint64_t epochs = now->epochs - before->epochs;

	return !scores_count(p) && before->epochs >= (uint64_t)p->detection.learning.min_epochs &&
	       now->bags > before->bags &&
	       now->bags - before->bags > (epochs + 1) * (uint64_t)p->detection.threshold;
}

static void finding_fill(struct report_finding *ret, uint32_t pair, uint32_t tasks)
{
	*ret = (struct report_finding){.kind = FINDING_PAIR, .n_calls = 2, .count = tasks};
	call_fill(&ret->calls[0], pair >> GRADED_CALL_BITS);
	call_fill(&ret->calls[1], pair & (BOSC_CALLS - 1));
}

void learning_findings(
	const struct monitor_learned *now, const struct monitor_learned *before, struct profile_held *ret)
{
	size_t j = 0;

	ret->n_findings = 0;
	for (size_t i = 0; i < now->n_pairs && ret->n_findings < REPORT_FINDINGS_MAX; i++) {
		while (j < before->n_pairs && before->pairs[j] < now->pairs[i])
			j++;
		if (j < before->n_pairs && before->pairs[j] == now->pairs[i])
			continue;
		finding_fill(&ret->findings[ret->n_findings++], (uint32_t)now->pairs[i], now->tasks_of[i]);
	}
}
