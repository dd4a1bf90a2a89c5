/* SPDX-License-Identifier: Apache-2.0 */
#include "explain.h"

#include "evidence.h"
#include "text.h"

#include <base/str.h>

static void label(struct buf *out, const char *name)
{
	buf_addf(out, "%-10s", name);
}

static int64_t began_ms(const struct escape *x)
{
	return x->status.n_timeline ? x->status.timeline[0].at_ms : x->created_ms;
}

static int64_t last_ms(const struct escape *x)
{
	return x->status.n_timeline ? x->status.timeline[x->status.n_timeline - 1].at_ms : x->created_ms;
}

static void add_head(struct buf *out, const struct escape *x, int64_t now_ms)
{
	text_addf(out, "Escape %s/%s: %s, %s", x->namespace_, x->name, ESCAPE_KIND_NAMES[x->spec.kind],
		ESCAPE_PHASE_NAMES[x->status.phase]);
	if (!escape_phase_final(x->status.phase) && last_ms(x)) {
		buf_adds(out, " for ");
		text_add_age(out, now_ms - last_ms(x));
	} else if (x->status.n_timeline > 1) {
		buf_addf(out, " after %lld ms", (long long)(last_ms(x) - began_ms(x)));
	}
	if (x->status.stuck)
		buf_adds(out, ", STUCK");
	buf_adds(out, "\n\n");
}

static void add_reason(struct buf *out, const char *name, const char *reason, const char *message)
{
	if (!*reason && !*message)
		return;
	label(out, name);
	text_addf(out, "%s%s%s", reason, *reason && *message ? ": " : "", message);
	buf_adds(out, "\n");
}

static void add_alarm(struct buf *out, const struct escape_spec *s)
{
	if (!*s->container && !*s->anomaly)
		return;
	label(out, "Alarm");
	if (*s->container)
		text_addf(out, "container %s", s->container);
	if (*s->anomaly)
		text_addf(out, "%sanomaly %s in the NodeReport of %s", *s->container ? ", " : "", s->anomaly,
			s->source_node);
	buf_adds(out, "\n");
}

static void add_way(struct buf *out, const struct escape_spec *s)
{
	label(out, "From");
	text_addf(out, "node %s, pod %s", s->source_node, s->pod_name);
	buf_adds(out, "\n");
	label(out, "To");
	if (s->kind == ESCAPE_MOVE)
		text_addf(out, "node %s, pod %s", s->destination_node, s->successor);
	else
		buf_adds(out, s->kind == ESCAPE_ROLLBACK ? "the same place, rolled back"
							 : "a fresh start, without the old state");
	buf_adds(out, "\n");
}

static void add_state(struct buf *out, const struct escape *x)
{
	if (x->spec.kind == ESCAPE_RESTART)
		return;
	label(out, "State");
	text_add(out, STATE_NAMES[x->spec.state]);
	if (*x->status.generation)
		text_addf(out, ", generation %s", x->status.generation);
	buf_adds(out, "\n");
}

static void add_network(struct buf *out, const struct escape_spec *s)
{
	if (s->kind != ESCAPE_MOVE)
		return;
	label(out, "Network");
	text_add(out, NETWORK_NAMES[s->network]);
	for (size_t i = 0; i < s->n_addresses; i++)
		text_addf(out, "%s %s", i ? "," : "", s->addresses[i]);
	buf_adds(out, "\n");
}

static bool runs_backwards(const struct escape_status *s)
{
	for (size_t i = 1; i < s->n_timeline; i++)
		if (s->timeline[i].at_ms < s->timeline[i - 1].at_ms)
			return true;
	return false;
}

static void add_timeline(struct buf *out, const struct escape *x)
{
	const struct escape_status *s = &x->status;

	if (!s->n_timeline)
		return;
	buf_adds(out, "\nTIMELINE\n");
	for (size_t i = 0; i < s->n_timeline; i++) {
		buf_addf(out, "%+10lld ms  ", (long long)(s->timeline[i].at_ms - began_ms(x)));
		text_add(out, s->timeline[i].phase);
		buf_adds(out, "\n");
	}
	if (runs_backwards(s))
		buf_adds(out, "Each entry has the time of the node that wrote it: these clocks differ.\n");
}

static void add_steps(struct buf *out, const struct escape_status *s)
{
	if (!s->n_steps)
		return;
	buf_adds(out, "\nSTEPS\n");
	for (size_t i = 0; i < s->n_steps; i++) {
		buf_addf(out, "%10lld ms  ", (long long)s->steps[i].ms);
		text_add(out, s->steps[i].name);
		buf_adds(out, "\n");
	}
}

static void candidate_row(struct table *t, const struct escape_candidate *c, bool chosen)
{
	table_cell(t, "%s", c->node);
	table_cell(t, "%s", chosen ? "chosen" : "-");
	table_cell(t, "%.3f", c->density);
	table_cell(t, "%.3g", c->survival);
	table_cell(t, "%.3f", c->distance);
	table_cell(t, "%.3f", c->weight);
	table_cell(t, "%s", *c->differs ? c->differs : "-");
	table_cell(t, "%s", *c->excluded ? c->excluded : "-");
}

/* What the columns have to do with each other. */
static void add_choice(struct buf *out, const struct escape_choice *c)
{
	static const char *const MEANS[] = {
		[STRATEGY_PREDATOR_PREY] =
			"weight = survival x (1 + heterogeneityWeight x distance), as a share",
		[STRATEGY_RANDOM] = "every candidate alike",
		[STRATEGY_FARTHEST] = "the greatest distance from the source",
	};

	for (size_t i = 0; STRATEGY_NAMES[i]; i++)
		if (str_eq(STRATEGY_NAMES[i], c->strategy))
			buf_addf(out,
				"%s: %s. heterogeneityWeight %g, detection time %g, horizon %g.\n"
				"%lld of %lld nodes could take it. Repeat the choice: explain --replay\n",
				c->strategy, MEANS[i], c->heterogeneity_weight, c->td, c->horizon,
				(long long)c->feasible, (long long)c->nodes);
}

static void add_candidates(struct buf *out, const struct escape *x)
{
	static const char *const titles[] = {"NODE", "CHOICE", "DENSITY", "SURVIVAL", "DISTANCE", "WEIGHT",
		"DIFFERS IN", "EXCLUDED", NULL};
	auto_table struct table t = {0};

	if (!x->status.n_candidates)
		return;
	buf_adds(out, "\nCANDIDATES");
	if (*x->spec.seed)
		text_addf(out, " (seed %s)", x->spec.seed);
	buf_adds(out, "\n");
	add_choice(out, &x->status.choice);
	table_init(&t, titles);
	for (size_t i = 0; i < x->status.n_candidates; i++)
		candidate_row(&t, &x->status.candidates[i],
			x->spec.kind == ESCAPE_MOVE &&
				str_eq(x->status.candidates[i].node, x->spec.destination_node));
	table_add(out, &t);
}

void explain_text(const struct escape *x, int64_t now_ms, struct buf *out)
{
	add_head(out, x, now_ms);
	add_reason(out, "Why", x->spec.reason, x->spec.message);
	add_alarm(out, &x->spec);
	add_reason(out, "Policy", x->spec.policy, "");
	add_way(out, &x->spec);
	add_state(out, x);
	add_network(out, &x->spec);
	add_reason(out, "Outcome", x->status.reason, x->status.message);
	evidence_text(&x->status.evidence, out);
	add_timeline(out, x);
	add_steps(out, &x->status);
	add_candidates(out, x);
}
