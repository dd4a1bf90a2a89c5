/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the prey goes: for each node that could take it the density of hacked nodes as seen from there (near
 * ones count more), its survival by the model, and then a seeded random choice weighted by it, so that an
 * attacker cannot predict it and an admin can repeat it. Each node draws for itself, from the seed and its
 * name, so a choice among thousands can be repeated from those few that came nearest to being chosen. Pure;
 * strings are borrowed for the call, and by the rows as long as the caller keeps the nodes.
 */
#ifndef ESCAPE_MODEL_PLACE_H
#define ESCAPE_MODEL_PLACE_H

#include <base/err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What makes nodes different. */
enum place_trait {
	PLACE_ZONE,
	PLACE_REGION,
	PLACE_RACK,
	PLACE_KERNEL,
	PLACE_CPU_MODEL,
	PLACE_CPU_FEATURES,
	PLACE_RUNTIME,
	PLACE_OS,
	PLACE_PROVIDER,
	PLACE_NETWORK,
	PLACE_TRAITS,
};

extern const char *const PLACE_TRAIT_NAMES[PLACE_TRAITS]; /* zone, region, rack, kernel, cpuModel ... */

/* How much each counts in a distance, >= 0; only their proportions matter. */
struct place_weights {
	double of[PLACE_TRAITS];
};
extern const struct place_weights PLACE_WEIGHTS_DEFAULT;

struct place_node {
	const char *name;
	const char *trait[PLACE_TRAITS]; /* NULL or "" is not known, and counts as not different */
	bool hacked;
	uint32_t inbound;     /* pods on their way to it */
	const char *excluded; /* why it cannot take the pod, or NULL: feasible as far as the caller knows */
};

enum place_strategy { PLACE_PREDATOR_PREY, PLACE_RANDOM, PLACE_FARTHEST };

struct place_ask {
	const char *source; /* name of the node the pod is on; one of the nodes, or gone */
	enum place_strategy strategy;
	double heterogeneity_weight; /* weight = survival * (1 + this * distance from the source); >= 0 */
	struct place_weights distance;
	double td;      /* mean detection time, >= 0, in the model's unit */
	double horizon; /* t of the model, > 1 */
	uint64_t seed;
};

struct place_row {
	const char *node;
	double density;       /* 0..1 */
	double survival;      /* 0..1, equations 1 and 3 with the density at the horizon */
	double distance;      /* from the source, 0..1; 0 when the source is not among the nodes */
	double weight;        /* share in the choice, 0..1; 0 when excluded; they add up to 1 */
	double draw;          /* the highest is chosen; -INFINITY when excluded */
	const char *excluded; /* NULL: it was a candidate */
};

/* 0..1, symmetric: the share of the weights whose traits differ. */
double place_distance(const struct place_weights *w, const struct place_node *a, const struct place_node *b);
/* The traits in which they differ, one bit each. */
uint32_t place_differences(const struct place_node *a, const struct place_node *b);
/* What a hacked node at that distance counts in a density, against one at distance 0: 1 down to 0.2. Nobody
 * is out of reach. */
double place_near(double distance);
/*
 * The logarithm of what a candidate counts in the choice, up to a constant; visited is S_success at the
 * horizon. A logarithm, because survivals too small for a double still compare. PredatorPrey weighs by
 * equation 1: the container stays where it is put until it is found (docs/adr/007).
 */
double place_log_weight(const struct place_ask *ask, double visited, double density, double distance);
/*
 * Fills rows[n], one per node in the order of names (so that the order of the nodes does not matter), and
 * *ret_chosen (index into rows). Of the nodes that could take it only those are candidates to which the
 * fewest pods are on their way. -ENOENT NoFeasibleNode with each node's reason when nothing is left (rows
 * are filled); -EDOM for numbers out of range (rows are not); -ENOMEM. Time goes with n log n, and there is
 * one allocation, for all nodes together.
 */
int place_choose(const struct place_node *nodes, size_t n, const struct place_ask *ask,
	struct place_row *rows, size_t *ret_chosen, struct err *e);
/*
 * The last step of it alone, to repeat a choice from what was recorded: from each row's node, density,
 * distance and excluded to its survival, weight and draw, and to the one with the highest. Of fewer rows than
 * there were, the chosen one is the same as long as it is among them; weights are then shares of these.
 */
int place_draw(
	struct place_row *rows, size_t n, const struct place_ask *ask, size_t *ret_chosen, struct err *e);

#endif
