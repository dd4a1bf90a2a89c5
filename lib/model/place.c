/* SPDX-License-Identifier: Apache-2.0 */
#include "place_internal.h"

#include <base/backoff.h>
#include <base/buf.h>
#include <base/str.h>
#include <errno.h>
#include <math.h>
#include <model/model.h>
#include <stdlib.h>
#include <string.h>

/* At distance 0 a density is the paper's N / V. */
#define FAR_SHARE 0.2

const struct place_weights PLACE_WEIGHTS_DEFAULT = {{
	[PLACE_ZONE] = .25,
	[PLACE_REGION] = .15,
	[PLACE_RACK] = .05,
	[PLACE_KERNEL] = .15,
	[PLACE_CPU_MODEL] = .1,
	[PLACE_CPU_FEATURES] = .05,
	[PLACE_RUNTIME] = .1,
	[PLACE_OS] = .05,
	[PLACE_PROVIDER] = .05,
	[PLACE_NETWORK] = .05,
}};

const char *const PLACE_TRAIT_NAMES[PLACE_TRAITS] = {
	[PLACE_ZONE] = "zone",
	[PLACE_REGION] = "region",
	[PLACE_RACK] = "rack",
	[PLACE_KERNEL] = "kernel",
	[PLACE_CPU_MODEL] = "cpuModel",
	[PLACE_CPU_FEATURES] = "cpuFeatures",
	[PLACE_RUNTIME] = "runtime",
	[PLACE_OS] = "os",
	[PLACE_PROVIDER] = "provider",
	[PLACE_NETWORK] = "network",
};

struct place_weights place_weights_scaled(const struct place_weights *w)
{
	struct place_weights scaled = *w;
	double sum = 0;

	for (size_t t = 0; t < PLACE_TRAITS; t++)
		sum += w->of[t];
	for (size_t t = 0; t < PLACE_TRAITS; t++)
		scaled.of[t] = sum > 0 ? w->of[t] / sum : 0;
	return scaled;
}

uint32_t place_differences(const struct place_node *a, const struct place_node *b)
{
	uint32_t differences = 0;

	for (size_t t = 0; t < PLACE_TRAITS; t++) {
		const char *x = place_value(a, t), *y = place_value(b, t);

		if (x && y && !str_eq(x, y))
			differences |= 1u << t;
	}
	return differences;
}

double place_distance(const struct place_weights *w, const struct place_node *a, const struct place_node *b)
{
	uint32_t differences = place_differences(a, b);
	double different = 0, sum = 0;

	for (size_t t = 0; t < PLACE_TRAITS; t++) {
		sum += w->of[t];
		different += differences & 1u << t ? w->of[t] : 0;
	}
	return sum > 0 ? different / sum : 0;
}

double place_near(double distance)
{
	return 1 - (1 - FAR_SHARE) * distance;
}

static const char *why_not(const struct place_node *node, const struct place_ask *ask)
{
	if (node->excluded)
		return node->excluded;
	if (str_eq(node->name, ask->source))
		return "it is the source";
	return node->hacked ? "it is hacked" : NULL;
}

static const struct place_node *node_named(const struct place_node *nodes, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(nodes[i].name, name))
			return &nodes[i];
	return NULL;
}

static int row_by_name(const void *a, const void *b)
{
	const struct place_row *x = a, *y = b;

	return strcmp(x->node, y->node);
}

/* Successors are spread: where fewer are on their way already. */
static void crowded_exclude(const struct place_node *nodes, size_t n, struct place_row *rows)
{
	uint32_t fewest = UINT32_MAX;

	for (size_t i = 0; i < n; i++)
		if (!rows[i].excluded && nodes[i].inbound < fewest)
			fewest = nodes[i].inbound;
	for (size_t i = 0; i < n; i++)
		if (!rows[i].excluded && nodes[i].inbound > fewest)
			rows[i].excluded = "another pod is on its way to it";
}

static int rows_fill(const struct place_node *nodes, size_t n, const struct place_ask *ask,
	struct place_row *rows, struct err *e)
{
	const struct place_node *source = node_named(nodes, n, ask->source);
	struct place_census *census = NULL;
	int rc = place_census_take(nodes, n, &ask->distance, &census, e);

	if (rc)
		return rc;
	for (size_t i = 0; i < n; i++)
		rows[i] = (struct place_row){.node = nodes[i].name,
			.excluded = why_not(&nodes[i], ask),
			.distance = source ? place_distance(&ask->distance, source, &nodes[i]) : 0,
			.density = place_census_density(census, &nodes[i])};
	place_census_free(census);
	crowded_exclude(nodes, n, rows);
	if (n)
		qsort(rows, n, sizeof(*rows), row_by_name);
	return 0;
}

double place_log_weight(const struct place_ask *ask, double visited, double density, double distance)
{
	switch (ask->strategy) {
	case PLACE_PREDATOR_PREY:
		return -density * visited + log1p(ask->heterogeneity_weight * distance);
	case PLACE_FARTHEST:
		/* So steep that only the farthest, and those exactly as far, have a share. */
		return 1e6 * distance;
	case PLACE_RANDOM:
		break;
	}
	return 0;
}

/* The log weights, from which both the shares and the draws are made. */
static void log_weights_fill(struct place_row *rows, size_t n, const struct place_ask *ask, double visited)
{
	for (size_t i = 0; i < n; i++)
		rows[i].draw = rows[i].excluded
				       ? -INFINITY
				       : place_log_weight(ask, visited, rows[i].density, rows[i].distance);
}

static void shares_fill(struct place_row *rows, size_t n)
{
	double top = -INFINITY, sum = 0;

	for (size_t i = 0; i < n; i++)
		top = fmax(top, rows[i].draw);
	for (size_t i = 0; i < n; i++) {
		rows[i].weight = rows[i].excluded ? 0 : exp(rows[i].draw - top);
		sum += rows[i].weight;
	}
	for (size_t i = 0; i < n && sum > 0; i++)
		rows[i].weight /= sum;
}

/* Gumbel's: log weights with this added have their maximum at each node as often as its share says. */
static double luck(const char *node, uint64_t seed)
{
	uint64_t state = seed ^ str_hash64(node, strlen(node));
	double u = ((double)(rng_next(&state) >> 11) + 0.5) * 0x1p-53;

	return -log(-log(u));
}

static size_t draw(struct place_row *rows, size_t n, uint64_t seed)
{
	size_t chosen = n;

	for (size_t i = 0; i < n; i++) {
		if (rows[i].excluded)
			continue;
		rows[i].draw += luck(rows[i].node, seed);
		if (chosen == n || rows[i].draw > rows[chosen].draw)
			chosen = i;
	}
	return chosen;
}

static int nobody(const struct place_row *rows, size_t n, struct err *e)
{
	auto_buf struct buf why = BUF_INIT(ERR_MESSAGE_MAX - 64);

	/* When the list outgrows a message, its beginning is what is shown. */
	for (size_t i = 0; i < n; i++)
		buf_addf(&why, "%s%s: %s", i ? "; " : "", rows[i].node, rows[i].excluded);
	return err_set(e, -ENOENT, "NoFeasibleNode", "no node can take the pod (%s)",
		why.data ? why.data : "there are no nodes");
}

static int weights_check(const struct place_weights *w, struct err *e)
{
	for (size_t t = 0; t < PLACE_TRAITS; t++)
		if (!isfinite(w->of[t]) || w->of[t] < 0)
			return err_set(e, -EDOM, "OutOfDomain",
				"a weight of the distance is %g: must be finite and not negative", w->of[t]);
	return 0;
}

static int ask_check(const struct place_ask *ask, double *ret_visited, struct err *e)
{
	int rc = weights_check(&ask->distance, e);

	if (rc)
		return rc;
	if (!isfinite(ask->heterogeneity_weight) || ask->heterogeneity_weight < 0)
		return err_set(e, -EDOM, "OutOfDomain",
			"heterogeneityWeight is %g: must be finite and not negative",
			ask->heterogeneity_weight);
	rc = model_visited(ask->horizon, ret_visited, e);
	return rc ? rc : model_visited_undetected(*ret_visited, ask->td, ret_visited, e);
}

static int survivals_fill(struct place_row *rows, size_t n, double visited, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < n && !rc; i++)
		rc = model_survival_static(rows[i].density, 1, visited, &rows[i].survival, e);
	return rc;
}

int place_draw(
	struct place_row *rows, size_t n, const struct place_ask *ask, size_t *ret_chosen, struct err *e)
{
	double visited = 0;
	size_t chosen;
	int rc;

	rc = ask_check(ask, &visited, e);
	if (!rc)
		rc = survivals_fill(rows, n, visited, e);
	if (rc)
		return rc;
	log_weights_fill(rows, n, ask, visited);
	shares_fill(rows, n);
	chosen = draw(rows, n, ask->seed);
	if (chosen == n)
		return nobody(rows, n, e);
	*ret_chosen = chosen;
	return 0;
}

int place_choose(const struct place_node *nodes, size_t n, const struct place_ask *ask,
	struct place_row *rows, size_t *ret_chosen, struct err *e)
{
	double visited = 0;
	int rc = ask_check(ask, &visited, e);

	if (!rc)
		rc = rows_fill(nodes, n, ask, rows, e);
	return rc ? rc : place_draw(rows, n, ask, ret_chosen, e);
}
