/* SPDX-License-Identifier: Apache-2.0 */
#include "place_internal.h"

#include <base/cleanup.h>
#include <base/str.h>
#include <errno.h>
#include <math.h>
#include <string.h>

struct count {
	uint32_t all, hacked;
};

struct entry {
	const char *value; /* borrowed from a node; NULL: free */
	size_t trait;
	struct count count;
};

struct place_census {
	struct place_weights weights; /* scaled */
	struct count nodes;
	struct count known[PLACE_TRAITS]; /* nodes whose value is known */
	size_t mask;                      /* entries less one; a power of two of them, at most half in use */
	struct entry entries[];
};

/* The value's entry, or the free one where it belongs. */
static size_t find(const struct place_census *c, size_t trait, const char *value)
{
	size_t i = (str_hash64(value, strlen(value)) + trait * 0x9e3779b97f4a7c15) & c->mask;

	while (c->entries[i].value &&
		(c->entries[i].trait != trait || strcmp(c->entries[i].value, value) != 0))
		i = (i + 1) & c->mask;
	return i;
}

static void count_add(struct count *c, const struct place_node *node)
{
	c->all++;
	c->hacked += node->hacked;
}

static void node_add(struct place_census *c, const struct place_node *node)
{
	count_add(&c->nodes, node);
	for (size_t t = 0; t < PLACE_TRAITS; t++) {
		const char *value = place_value(node, t);
		struct entry *x;

		if (!value || c->weights.of[t] <= 0)
			continue;
		x = &c->entries[find(c, t, value)];
		x->value = value;
		x->trait = t;
		count_add(&x->count, node);
		count_add(&c->known[t], node);
	}
}

int place_census_take(const struct place_node *nodes, size_t n, const struct place_weights *w,
	struct place_census **ret, struct err *e)
{
	size_t size = 16;
	struct place_census *c;

	while (size < n * PLACE_TRAITS * 2)
		size *= 2;
	c = calloc(1, sizeof(*c) + size * sizeof(c->entries[0]));
	if (!c)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory to compare %zu nodes", n);
	c->weights = place_weights_scaled(w);
	c->mask = size - 1;
	for (size_t i = 0; i < n; i++)
		node_add(c, &nodes[i]);
	*ret = c;
	return 0;
}

double place_census_density(const struct place_census *c, const struct place_node *at)
{
	/* Sums of distances, over all nodes and over the hacked ones. */
	double all = 0, hacked = 0, per_distance = place_near(0) - place_near(1), n = c->nodes.all;

	for (size_t t = 0; t < PLACE_TRAITS; t++) {
		const char *value = place_value(at, t);
		const struct entry *x;

		if (!value || c->weights.of[t] <= 0)
			continue;
		x = &c->entries[find(c, t, value)];
		all += c->weights.of[t] * (c->known[t].all - x->count.all);
		hacked += c->weights.of[t] * (c->known[t].hacked - x->count.hacked);
	}
	return fmin(fmax((c->nodes.hacked - per_distance * hacked) / (n - per_distance * all), 0), 1);
}

void place_census_free(struct place_census *c)
{
	free(c);
}
