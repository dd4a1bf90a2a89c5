/* SPDX-License-Identifier: Apache-2.0 */
/* A system call as reports and profiles name it. Pure. */
#ifndef ESCAPE_AGENT_CALLS_H
#define ESCAPE_AGENT_CALLS_H

#include <api/report.h>

/* Of a code (lib/bosc/core.h); times is 0. */
void call_fill(struct report_call *ret, uint32_t code);

#endif
