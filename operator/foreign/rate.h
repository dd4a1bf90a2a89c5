/* SPDX-License-Identifier: Apache-2.0 */
/* A token bucket. Pure: time is an argument. */
#ifndef ESCAPE_OPERATOR_RATE_H
#define ESCAPE_OPERATOR_RATE_H

#include <stdbool.h>
#include <stdint.h>

struct rate {
	double per_s;  /* what comes back */
	double burst;  /* what it holds */
	double spent;  /* what is missing */
	int64_t at_ms; /* as of then */
};

/* One more now? A clock that goes back gives nothing back. */
bool rate_take(struct rate *r, int64_t now_ms);

#endif
