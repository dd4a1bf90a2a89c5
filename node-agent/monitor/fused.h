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
int fused_known_read(const struct monitor_watch *w, struct monitor_known *ret);

/* Calls cb for each pair that is learned under the profile id; a non-zero answer ends it. */
struct fused_walk {
	uint32_t profile;
	int (*cb)(void *arg, uint32_t pair, const struct graded_count *count);
	void *arg;
};
int fused_pairs_walk(const struct monitor *m, const struct fused_walk *walk);
/* From the second half of the first `count` scores. -EAGAIN: too few. */
int fused_thresholds(const struct monitor_watch *w, size_t count, uint32_t *ret_graded, uint32_t *ret_bosc);

#endif
