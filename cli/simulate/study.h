/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions put to the simulated game, each answered by a table (Markdown, so that it reads alike on a
 * terminal and in docs/model.md) and a plot. Intervals are 95 %. The same seed gives the same answer.
 */
#ifndef ESCAPE_CLI_SIMULATE_STUDY_H
#define ESCAPE_CLI_SIMULATE_STUDY_H

#include "options.h"
#include "plot.h"

#include <base/err.h>
#include <model/game_hosts.h>

struct study {
	const char *name;
	/* Appends the text and fills *plot, which is empty before; plot_free it, whatever comes back. */
	int (*run)(const struct simulate_options *o, struct buf *text, struct plot *plot, struct err *e);
};

/* Ended by an entry without a name. */
extern const struct study STUDIES[];

int study_static(const struct simulate_options *o, struct buf *text, struct plot *plot, struct err *e);
int study_evasive(const struct simulate_options *o, struct buf *text, struct plot *plot, struct err *e);
int study_strategies(const struct simulate_options *o, struct buf *text, struct plot *plot, struct err *e);
int study_weights(const struct simulate_options *o, struct buf *text, struct plot *plot, struct err *e);
/* --play: one game as the options say, by the strategies they name. */
int study_play(const struct simulate_options *o, struct buf *text, struct plot *plot, struct err *e);

/* --from-cluster: the nodes, reports and policies of a live cluster. */
int study_cluster(const struct simulate_options *o, struct buf *text, struct plot *plot, struct err *e);

/* game_run with the options' seed and threads, and a bar on stderr when that is a terminal. */
int study_run_job(const struct simulate_options *o, struct game_job *job, const char *what,
	struct game_tally *ret, struct err *e);
int study_run_hosts(const struct simulate_options *o, const struct game_hosts *setup, const char *what,
	struct game_tally *ret, struct err *e);
/* "lattice:8x8" or "zones:3x2x10" as a graph. -EINVAL. The caller frees it, whatever comes back. */
int study_topology(const char *text, double wall, struct game_graph *ret, struct err *e);

/* " 0.123 (0.120 to 0.126) |": a cell of a table. */
void study_cell(struct buf *text, double value, struct game_interval i);
/* The share of plays that were alive after that step. */
void study_survival_cell(struct buf *text, const struct game_tally *t, uint32_t step);
void study_moves_cell(struct buf *text, const struct game_tally *t);
/* What the options say of a game. */
struct game_hosts study_setup(
	const struct simulate_options *o, const struct game_graph *g, enum game_strategy strategy);
int study_no_memory(struct err *e);

#endif
