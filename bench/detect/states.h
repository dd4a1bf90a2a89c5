/* SPDX-License-Identifier: Apache-2.0 */
/* What is attached to the system while calls are measured. Like worker.h, everything ends the program when it
 * fails.
 */
#ifndef ESCAPE_BENCH_DETECT_STATES_H
#define ESCAPE_BENCH_DETECT_STATES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum state { STATE_NOTHING, STATE_EMPTY, STATE_LEARN, STATE_DETECT, STATES };

struct states;

/* Exit 77 where this machine cannot have the monitor. The monitor is loaded from then on, attached to
 * nothing. */
struct states *states_new(pid_t watched);
void states_free(struct states *s);
/* DETECT follows LEARN. */
void states_enter(struct states *s, enum state state);
/* Of the watch: false when calls were lost or mismatches counted. */
bool states_clean(const struct states *s);

#endif
