/* SPDX-License-Identifier: Apache-2.0 */
#include "watchdog.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

enum { LIMIT_MS = 30 * 1000 };

static void on_late(void *arg)
{
	(void)arg;
	fail_msg("nothing happened for %d ms", LIMIT_MS);
}

void watchdog_run(struct loop *l, const unsigned *count, unsigned target)
{
	struct loop_timer *late = NULL;

	assert_int_equal(loop_timer_new(l, on_late, NULL, &late), 0);
	assert_int_equal(loop_timer_start(late, LIMIT_MS, 0), 0);
	while (*(const volatile unsigned *)count < target)
		loop_turn(l, true);
	loop_timer_free(late);
}
