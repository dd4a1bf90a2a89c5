/* SPDX-License-Identifier: Apache-2.0 */
#include "watchdog.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

enum {
	LIMIT_MS = 30 * 1000,
	TICK_MS = 10,
};

static void on_tick(void *arg)
{
	unsigned *ticks = arg;

	if (++*ticks > LIMIT_MS / TICK_MS)
		fail_msg("nothing happened for %d ms", LIMIT_MS);
}

/* A turn first runs the timers that are due, then waits for something else: what a timer has just brought
 * about would go unseen until then, so the turns are kept short. */
void watchdog_run(struct loop *l, const unsigned *count, unsigned target)
{
	struct loop_timer *tick = NULL;
	unsigned ticks = 0;

	assert_int_equal(loop_timer_new(l, on_tick, &ticks, &tick), 0);
	assert_int_equal(loop_timer_start(tick, TICK_MS, TICK_MS), 0);
	while (*(const volatile unsigned *)count < target)
		loop_turn(l, true);
	loop_timer_free(tick);
}
