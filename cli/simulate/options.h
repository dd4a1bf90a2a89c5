/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of `kubectl escape simulate`: what stands behind the word simulate. Borrowed from argv. */
#ifndef ESCAPE_CLI_SIMULATE_OPTIONS_H
#define ESCAPE_CLI_SIMULATE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

enum simulate_format { FORMAT_TXT, FORMAT_CSV, FORMAT_JSON, FORMAT_SVG, FORMAT_PNG };
enum simulate_what { WHAT_NOTHING, WHAT_FIGURE, WHAT_PLAY, WHAT_STUDY, WHAT_CLUSTER };

struct study;

struct simulate_options {
	enum simulate_what what;
	enum simulate_format format;
	int figure;
	const struct study *study;
	/* A game, and how often. */
	const char *topology;
	unsigned strategies; /* bits by enum game_strategy */
	uint32_t hacked, steps, plays;
	double td, stay, nerve, weight, wall, k, mu;
	bool td_given;
	uint64_t seed;
	unsigned threads;
	/* --from-cluster */
	const char *kubeconfig, *context, *namespace_;
};

/* argv[0] is replaced. Ends the process: 0 after --help, 2 with a message when the command line is wrong. */
void simulate_options_parse(int argc, char **argv, struct simulate_options *ret);

#endif
