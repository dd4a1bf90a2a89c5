/* SPDX-License-Identifier: Apache-2.0 */
/* Turns the loop until something has happened; a test that waits for what never comes fails instead of
 * hanging. */
#ifndef ESCAPE_TESTS_WATCHDOG_H
#define ESCAPE_TESTS_WATCHDOG_H

#include <loop/loop.h>

/* Until *count has reached target. */
void watchdog_run(struct loop *l, const unsigned *count, unsigned target);

#endif
