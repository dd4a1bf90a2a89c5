/* SPDX-License-Identifier: Apache-2.0 */
/* What place.c and place_census.c share; nobody else includes it. */
#ifndef ESCAPE_MODEL_PLACE_INTERNAL_H
#define ESCAPE_MODEL_PLACE_INTERNAL_H

#include <model/place.h>

/* NULL: not known. */
static inline const char *place_value(const struct place_node *node, size_t trait)
{
	const char *value = node->trait[trait];

	return value && *value ? value : NULL;
}

/* Scaled so that they add up to 1, or all 0. */
struct place_weights place_weights_scaled(const struct place_weights *w);

/*
 * How many nodes, and how many hacked ones, have each value of each trait. With it the density seen from a
 * node, a sum over all nodes, costs no more than looking up its own values: distances are sums over traits.
 */
struct place_census;
int place_census_take(const struct place_node *nodes, size_t n, const struct place_weights *w,
	struct place_census **ret, struct err *e);
double place_census_density(const struct place_census *c, const struct place_node *at);
void place_census_free(struct place_census *c);

#endif
