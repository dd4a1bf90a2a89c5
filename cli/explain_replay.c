/* SPDX-License-Identifier: Apache-2.0 */
#include "explain_replay.h"

#include "text.h"

#include <base/cleanup.h>
#include <base/str.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>

/* What the API server keeps of a double is the double; the rest is rounding of another compiler's exp. */
#define TOLERANCE 1e-9

static int seed_read(const char *text, uint64_t *ret)
{
	char *end;

	errno = 0;
	*ret = strtoull(text, &end, 10);
	return !*text || *end || *text == '-' || errno ? -EINVAL : 0;
}

static int strategy_read(const char *name, enum place_strategy *ret)
{
	static const enum place_strategy OURS[] = {[STRATEGY_PREDATOR_PREY] = PLACE_PREDATOR_PREY,
		[STRATEGY_RANDOM] = PLACE_RANDOM,
		[STRATEGY_FARTHEST] = PLACE_FARTHEST};

	for (size_t i = 0; STRATEGY_NAMES[i]; i++)
		if (str_eq(STRATEGY_NAMES[i], name)) {
			*ret = OURS[i];
			return 0;
		}
	return -EINVAL;
}

static int ask_read(const struct escape *x, struct place_ask *ret, struct err *e)
{
	const struct escape_choice *c = &x->status.choice;

	*ret = (struct place_ask){.source = x->spec.source_node,
		.heterogeneity_weight = c->heterogeneity_weight,
		.td = c->td,
		.horizon = c->horizon};
	if (x->spec.kind != ESCAPE_MOVE || !x->status.n_candidates || !*c->strategy)
		return err_set(e, -ENOENT, "NoChoice",
			"Escape %s records no choice of a node: it is no Move, or not one of the operator's",
			x->name);
	if (seed_read(x->spec.seed, &ret->seed) || strategy_read(c->strategy, &ret->strategy))
		return err_set(e, -EINVAL, "NoChoice",
			"Escape %s: seed %s or strategy %s is not one that a choice can be repeated with",
			x->name, x->spec.seed, c->strategy);
	return 0;
}

static void rows_read(const struct escape_status *s, struct place_row *rows)
{
	for (size_t i = 0; i < s->n_candidates; i++)
		rows[i] = (struct place_row){.node = s->candidates[i].node,
			.density = s->candidates[i].density,
			.distance = s->candidates[i].distance,
			.excluded = *s->candidates[i].excluded ? s->candidates[i].excluded : NULL};
}

/* Weights are shares of all candidates there, of the listed ones here. */
static double listed_share(const struct escape_status *s)
{
	double sum = 0;

	for (size_t i = 0; i < s->n_candidates; i++)
		sum += s->candidates[i].weight;
	return sum > 0 ? sum : 1;
}

static bool row_agrees(const struct place_row *r, const struct escape_candidate *c, double listed)
{
	return fabs(r->weight - c->weight / listed) <= TOLERANCE &&
	       fabs(r->survival - c->survival) <= TOLERANCE;
}

int explain_replay(const struct escape *x, struct explain_replay *ret, struct err *e)
{
	const struct escape_status *s = &x->status;
	double listed = listed_share(s);
	int rc;

	*ret = (struct explain_replay){.n = s->n_candidates};
	rc = ask_read(x, &ret->ask, e);
	if (rc)
		return rc;
	rows_read(s, ret->rows);
	rc = place_draw(ret->rows, ret->n, &ret->ask, &ret->chosen, e);
	if (rc)
		return rc;
	for (size_t i = 0; i < ret->n; i++)
		ret->agrees[i] = row_agrees(&ret->rows[i], &s->candidates[i], listed);
	ret->same = str_eq(ret->rows[ret->chosen].node, x->spec.destination_node);
	for (size_t i = 0; i < ret->n; i++)
		ret->same &= ret->agrees[i];
	return 0;
}

static void rows_add(const struct escape *x, const struct explain_replay *r, struct buf *out)
{
	static const char *const titles[] = {"NODE", "CHOICE", "DRAW", "WEIGHT", "RECORDED", "AGREES", NULL};
	auto_table struct table t = {0};
	double listed = listed_share(&x->status);

	table_init(&t, titles);
	for (size_t i = 0; i < r->n; i++) {
		const struct escape_candidate *c = &x->status.candidates[i];

		if (r->rows[i].excluded)
			continue;
		table_cell(&t, "%s", c->node);
		table_cell(&t, "%s", i == r->chosen ? "chosen" : "-");
		table_cell(&t, "%.6f", r->rows[i].draw);
		table_cell(&t, "%.9f", r->rows[i].weight);
		table_cell(&t, "%.9f", c->weight / listed);
		table_cell(&t, "%s", r->agrees[i] ? "yes" : "NO");
	}
	table_add(out, &t);
}

void explain_replay_text(const struct escape *x, const struct explain_replay *r, struct buf *out)
{
	const char *again = r->rows[r->chosen].node;

	text_addf(out,
		"Escape %s/%s: seed %s, strategy %s, heterogeneityWeight %g, detection time %g, horizon %g",
		x->namespace_, x->name, x->spec.seed, x->status.choice.strategy, r->ask.heterogeneity_weight,
		r->ask.td, r->ask.horizon);
	buf_addf(out,
		"\n%zu of %lld nodes are recorded. The highest draw wins: log weight, plus luck made of seed "
		"and name.\n\n",
		r->n, (long long)x->status.choice.nodes);
	rows_add(x, r, out);
	buf_adds(out, "\nChosen again: ");
	text_add(out, again);
	if (str_eq(again, x->spec.destination_node))
		buf_adds(out, ", the same node");
	else
		text_addf(out, ", ANOTHER node than %s", x->spec.destination_node);
	buf_adds(out,
		r->same ? ", with the same weights.\n" : "; what is recorded does not agree with itself.\n");
}

static struct json *row_json(const struct place_row *r, bool agrees)
{
	auto_json struct json *j = json_new_obj();

	if (json_set_str(j, "node", r->node) || json_set_num(j, "weight", r->weight) ||
		json_set_num(j, "survival", r->survival) || json_set_bool(j, "agrees", agrees))
		return NULL;
	if (!r->excluded && json_set_num(j, "draw", r->draw))
		return NULL;
	return TAKE_PTR(j);
}

struct json *explain_replay_json(const struct escape *x, const struct explain_replay *r)
{
	auto_json struct json *j = json_new_obj();
	auto_json struct json *rows = json_new_arr();

	for (size_t i = 0; i < r->n; i++)
		if (json_add(rows, row_json(&r->rows[i], r->agrees[i])))
			return NULL;
	if (json_set_str(j, "namespace", x->namespace_) || json_set_str(j, "name", x->name) ||
		json_set_str(j, "seed", x->spec.seed) ||
		json_set_str(j, "recorded", x->spec.destination_node) ||
		json_set_str(j, "chosen", r->rows[r->chosen].node) || json_set_bool(j, "same", r->same) ||
		json_set(j, "candidates", TAKE_PTR(rows)))
		return NULL;
	return TAKE_PTR(j);
}
