/* SPDX-License-Identifier: Apache-2.0 */
/* What place.c and place_census.c share; nobody else includes it. */
#ifndef ESCAPE_MODEL_PLACE_INTERNAL_H
#define ESCAPE_MODEL_PLACE_INTERNAL_H

#include <model/place.h>

enum { PLACE_TRAITS = 5 };

/* What makes nodes different, and how much of the distance it is. */
struct place_trait {
	size_t offset; /* of a const char * in struct place_node */
	double weight;
};
extern const struct place_trait PLACE_TRAIT[PLACE_TRAITS];

/* NULL: not known. */
static inline const char *place_value(const struct place_node *node, size_t trait)
{
	const char *value = *(const char *const *)((const char *)node + PLACE_TRAIT[trait].offset);

	return value && *value ? value : NULL;
}

/*
 * How many nodes, and how many hacked ones, have each value of each trait. With it the density seen from a
 * node, a sum over all nodes, costs no more than looking up its own values: distances are sums over traits.
 */
struct place_census;
int place_census_take(const struct place_node *nodes, size_t n, struct place_census **ret, struct err *e);
double place_census_density(const struct place_census *c, const struct place_node *at);
void place_census_free(struct place_census *c);

#endif
