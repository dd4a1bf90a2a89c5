/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The forest: which hosts there are, how different each two are, and how probable it is that an attacker who
 * leaves one goes to the other. Any topology: `distance` and `hop` are whole matrices. Shared, read only, by
 * all threads.
 */
#ifndef ESCAPE_MODEL_GAME_GRAPH_H
#define ESCAPE_MODEL_GAME_GRAPH_H

#include <base/err.h>
#include <model/place.h>
#include <stddef.h>
#include <stdint.h>

enum { GAME_HOSTS_MIN = 2, GAME_HOSTS_MAX = 2048 };

struct game_graph {
	uint32_t n;
	float *distance; /* [from * n + to], 0..1, symmetric */
	float *hop;      /* [from * n + to], 0..1, each row adds up to 1; 0 on the diagonal */
	/* The same as hop, made for drawing (the alias method): slot k of a row is itself, or its other. */
	uint32_t *keep; /* as a share of 2^32 */
	uint32_t *other;
};

/* All of these: -EDOM, -ENOMEM; the caller frees with game_graph_free, which takes a graph of zeros. */
/* A square lattice without edges; attackers go to the four neighbours. Distance: hops, the longest being 1.
 */
int game_graph_lattice(struct game_graph *g, uint32_t width, uint32_t height, struct err *e);
/*
 * Nodes as placement sees them: attackers go from any to any, with a weight of exp(-wall * distance). wall =
 * 0: all hosts are alike to them; 1.6 is what placement assumes (a fifth at distance 1); 5: hardly ever
 * across.
 */
int game_graph_nodes(
	struct game_graph *g, const struct place_node *nodes, size_t n, double wall, struct err *e);
void game_graph_free(struct game_graph *g);

/* Where an attacker on `from` goes next. */
static inline uint32_t game_graph_hop(const struct game_graph *g, uint32_t from, uint64_t bits)
{
	size_t row = (size_t)from * g->n;
	uint32_t k = (uint32_t)(((bits >> 32) * g->n) >> 32);

	return (uint32_t)bits < g->keep[row + k] ? k : g->other[row + k];
}

#endif
