/* SPDX-License-Identifier: Apache-2.0 */
/* The Fused detector's part of a watch; for the monitor's own files. */
#ifndef ESCAPE_MONITOR_FUSED_H
#define ESCAPE_MONITOR_FUSED_H

#include "internal.h"

int fused_begin(struct monitor_watch *w, struct err *e);
void fused_end(struct monitor_watch *w);
/* What was learned under a profile id that is no longer the watch's, and what was remembered with it. */
int fused_forget(struct monitor_watch *w, uint32_t profile);
/* Of the ring buffer of samples; ctx is the monitor. */
int fused_on_sample(void *ctx, void *data, size_t size);
/* Makes the watch ready for detecting; what it learned becomes its profile. -EAGAIN: too little was learned.
 * The programs must not count meanwhile. */
int fused_finish(struct monitor_watch *w);

#endif
