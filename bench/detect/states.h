/* SPDX-License-Identifier: Apache-2.0 */
/* What is attached to the system while calls are measured. Like worker.h, everything ends the program when it
 * fails.
 */
#ifndef ESCAPE_BENCH_DETECT_STATES_H
#define ESCAPE_BENCH_DETECT_STATES_H

#include <loop/loop.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

enum state {
	STATE_NOTHING,
	STATE_EMPTY,
	STATE_BOSC_LEARN,
	STATE_BOSC_DETECT,
	STATE_FUSED_LEARN,
	STATE_FUSED_DETECT,
	STATES_OURS,
	STATE_BPFTRACE = STATES_OURS,
	STATE_STRACE,
	STATES
};

struct states;

/* Exit 77 where this machine cannot have the monitor. The monitor is loaded from then on, attached to
 * nothing. */
struct states *states_new(pid_t watched);
void states_free(struct states *s);
/* NULL, or why this machine cannot have that state. */
const char *state_missing(enum state state);
/* Each DETECT follows its LEARN. */
void states_enter(struct states *s, enum state state);
/* Programs that others have on the tracepoint now: they make a call dearer, and every ratio smaller. */
uint32_t states_others(void);
/* The monitor's. */
struct loop *states_loop(const struct states *s);
/* Of the watch: false when calls were lost or mismatches counted. */
bool states_clean(const struct states *s);
/* The watch's counters, all 0 while there is none. */
void states_print(const struct states *s, FILE *out);

#endif
