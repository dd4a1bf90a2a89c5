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

const struct place_trait PLACE_TRAIT[PLACE_TRAITS] = {
	{offsetof(struct place_node, zone), .3},
	{offsetof(struct place_node, region), .2},
	{offsetof(struct place_node, kernel), .2},
	{offsetof(struct place_node, cpu_model), .15},
	{offsetof(struct place_node, runtime), .15},
};

double place_distance(const struct place_node *a, const struct place_node *b)
{
	double distance = 0;

	for (size_t t = 0; t < PLACE_TRAITS; t++) {
		const char *x = place_value(a, t), *y = place_value(b, t);

		distance += x && y && !str_eq(x, y) ? PLACE_TRAIT[t].weight : 0;
	}
	return distance;
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

static int row_fill(const struct place_node *node, const struct place_node *source,
	const struct place_census *census, const struct place_ask *ask, double visited, struct place_row *r,
	struct err *e)
{
	*r = (struct place_row){.node = node->name, .excluded = why_not(node, ask)};
	r->distance = source ? place_distance(source, node) : 0;
	r->density = place_census_density(census, node);
	return model_survival_mobile(r->density, 1, visited, &r->survival, e);
}

static int rows_fill(const struct place_node *nodes, size_t n, const struct place_ask *ask, double visited,
	struct place_row *rows, struct err *e)
{
	const struct place_node *source = node_named(nodes, n, ask->source);
	struct place_census *census = NULL;
	int rc = place_census_take(nodes, n, &census, e);

	for (size_t i = 0; i < n && !rc; i++)
		rc = row_fill(&nodes[i], source, census, ask, visited, &rows[i], e);
	place_census_free(census);
	if (!rc && n)
		qsort(rows, n, sizeof(*rows), row_by_name);
	return rc;
}

double place_log_weight(const struct place_ask *ask, double visited, double density, double distance)
{
	switch (ask->strategy) {
	case PLACE_PREDATOR_PREY:
		return -density * density * density * visited + log1p(ask->heterogeneity_weight * distance);
	case PLACE_FARTHEST:
		/* So steep that only the farthest, and those exactly as far, have a share. */
		return 1e6 * distance;
	case PLACE_RANDOM:
		break;
	}
	return 0;
}

static double row_log_weight(const struct place_row *r, const struct place_ask *ask, double visited)
{
	return place_log_weight(ask, visited, r->density, r->distance);
}

static void shares_fill(struct place_row *rows, size_t n, const struct place_ask *ask, double visited)
{
	double top = -INFINITY, sum = 0;

	for (size_t i = 0; i < n; i++)
		if (!rows[i].excluded)
			top = fmax(top, row_log_weight(&rows[i], ask, visited));
	for (size_t i = 0; i < n; i++)
		if (!rows[i].excluded) {
			rows[i].weight = exp(row_log_weight(&rows[i], ask, visited) - top);
			sum += rows[i].weight;
		}
	for (size_t i = 0; i < n && sum > 0; i++)
		rows[i].weight /= sum;
}

/* The last row with a share takes what rounding leaves over. */
static size_t draw(const struct place_row *rows, size_t n, uint64_t seed)
{
	double u = (double)(rng_next(&seed) >> 11) * 0x1p-53;
	size_t chosen = n;

	for (size_t i = 0; i < n; i++) {
		if (rows[i].weight <= 0)
			continue;
		chosen = i;
		u -= rows[i].weight;
		if (u < 0)
			break;
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

static int ask_check(const struct place_ask *ask, double *ret_visited, struct err *e)
{
	int rc;

	if (!isfinite(ask->heterogeneity_weight) || ask->heterogeneity_weight < 0)
		return err_set(e, -EDOM, "OutOfDomain",
			"heterogeneityWeight is %g: must be finite and not negative",
			ask->heterogeneity_weight);
	rc = model_visited(ask->horizon, ret_visited, e);
	return rc ? rc : model_visited_undetected(*ret_visited, ask->td, ret_visited, e);
}

int place_choose(const struct place_node *nodes, size_t n, const struct place_ask *ask,
	struct place_row *rows, size_t *ret_chosen, struct err *e)
{
	double visited = 0;
	size_t chosen;
	int rc;

	rc = ask_check(ask, &visited, e);
	if (!rc)
		rc = rows_fill(nodes, n, ask, visited, rows, e);
	if (rc)
		return rc;
	shares_fill(rows, n, ask, visited);
	chosen = draw(rows, n, ask->seed);
	if (chosen == n)
		return nobody(rows, n, e);
	*ret_chosen = chosen;
	return 0;
}
