/* SPDX-License-Identifier: Apache-2.0 */
#include <base/cleanup.h>
#include <errno.h>
#include <math.h>
#include <model/game_graph.h>
#include <model/game_lattice.h>

static int graph_init(struct game_graph *g, size_t n, struct err *e)
{
	*g = (struct game_graph){0};
	if (n < GAME_HOSTS_MIN || n > GAME_HOSTS_MAX)
		return err_set(e, -EDOM, "OutOfDomain", "%zu hosts: must be %d to %d", n, GAME_HOSTS_MIN,
			GAME_HOSTS_MAX);
	g->n = (uint32_t)n;
	g->distance = calloc(n * n, sizeof(*g->distance));
	g->hop = calloc(n * n, sizeof(*g->hop));
	g->keep = calloc(n * n, sizeof(*g->keep));
	g->other = calloc(n * n, sizeof(*g->other));
	if (!g->distance || !g->hop || !g->keep || !g->other)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for %zu hosts", n);
	return 0;
}

void game_graph_free(struct game_graph *g)
{
	free(TAKE_PTR(g->distance));
	free(TAKE_PTR(g->hop));
	free(TAKE_PTR(g->keep));
	free(TAKE_PTR(g->other));
}

/* Slots that hold too little (from the left of `slots`) are filled up by those that hold too much (from the
 * right). */
static void row_alias(struct game_graph *g, uint32_t from, double *share, uint32_t *slots)
{
	size_t row = (size_t)from * g->n;
	uint32_t small = 0, large = g->n;

	for (uint32_t k = 0; k < g->n; k++) {
		share[k] = (double)g->hop[row + k] * g->n;
		if (share[k] < 1)
			slots[small++] = k;
		else
			slots[--large] = k;
		g->keep[row + k] = UINT32_MAX;
		g->other[row + k] = k;
	}
	for (uint32_t done = 0; done < small && large < g->n; done++) {
		uint32_t poor = slots[done], rich = slots[large];

		g->keep[row + poor] = (uint32_t)(share[poor] * 0x1p32);
		g->other[row + poor] = rich;
		share[rich] -= 1 - share[poor];
		if (share[rich] < 1) {
			slots[small++] = rich;
			large++;
		}
	}
}

static int graph_finish(struct game_graph *g, struct err *e)
{
	auto_free double *share = calloc(g->n, sizeof(*share));
	auto_free uint32_t *slots = calloc((size_t)g->n + 1, sizeof(*slots));

	if (!share || !slots)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for %u hosts", g->n);
	for (uint32_t i = 0; i < g->n; i++) {
		float *row = &g->hop[(size_t)i * g->n];
		double sum = 0;

		row[i] = 0;
		for (uint32_t k = 0; k < g->n; k++)
			sum += (double)row[k];
		for (uint32_t k = 0; k < g->n; k++)
			row[k] = (float)(row[k] / sum);
		row_alias(g, i, share, slots);
	}
	return 0;
}

static uint32_t around(uint32_t a, uint32_t b, uint32_t size)
{
	uint32_t d = a > b ? a - b : b - a;

	return d < size - d ? d : size - d;
}

static void lattice_fill(struct game_graph *g, const struct game_torus *t)
{
	uint32_t longest = t->width / 2 + t->height / 2;

	for (uint32_t i = 0; i < g->n; i++) {
		for (uint32_t k = 0; k < g->n; k++) {
			uint32_t hops = around(i % t->width, k % t->width, t->width) +
					around(i / t->width, k / t->width, t->height);

			g->distance[(size_t)i * g->n + k] = (float)hops / (float)longest;
		}
		for (int d = 0; d < 4; d++)
			g->hop[(size_t)i * g->n + t->next[4 * i + d]] = 1;
	}
}

int game_graph_lattice(struct game_graph *g, uint32_t width, uint32_t height, struct err *e)
{
	struct game_torus t;
	int rc = game_torus_init(&t, width, height, e);

	*g = (struct game_graph){0};
	if (!rc)
		rc = graph_init(g, t.sites, e);
	if (!rc) {
		lattice_fill(g, &t);
		rc = graph_finish(g, e);
	}
	game_torus_free(&t);
	return rc;
}

int game_graph_nodes(
	struct game_graph *g, const struct place_node *nodes, size_t n, double wall, struct err *e)
{
	int rc = graph_init(g, n, e);

	if (rc)
		return rc;
	if (!isfinite(wall) || wall < 0 || wall > 50)
		return err_set(e, -EDOM, "OutOfDomain", "wall is %g: must be 0 to 50", wall);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n; k++) {
			double d = place_distance(&PLACE_WEIGHTS_DEFAULT, &nodes[i], &nodes[k]);

			g->distance[i * n + k] = (float)d;
			g->hop[i * n + k] = (float)exp(-wall * d);
		}
	return graph_finish(g, e);
}
