/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks, and the two time formats of the Kubernetes API. Pure functions take `now` as an argument; only thin
 * shells call these. */
#ifndef ESCAPE_BASE_CLOCK_H
#define ESCAPE_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#define CLOCK_RFC3339_MAX 40

int64_t clock_wall_ms(void);      /* ms since 1970, CLOCK_REALTIME */
int64_t clock_monotonic_ms(void); /* ms, CLOCK_MONOTONIC */
int64_t clock_monotonic_ns(void);
/* "2026-11-24T22:59:39Z" (metav1.Time) and "2026-11-24T22:59:39.123456Z" (metav1.MicroTime). */
void clock_format(int64_t wall_ms, char dst[static CLOCK_RFC3339_MAX]);
void clock_format_micro(int64_t wall_ms, char dst[static CLOCK_RFC3339_MAX]);
/* Either form, with 'Z' or a numeric offset. -EINVAL. */
int clock_parse(const char *s, int64_t *ret_wall_ms);

#endif
