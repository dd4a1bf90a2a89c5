/* SPDX-License-Identifier: Apache-2.0 */
/* What score and explain share: a profile made ready for a detector, and a stream's result in its terms. */
#ifndef ESCAPE_CLI_REPLAY_SCORE_H
#define ESCAPE_CLI_REPLAY_SCORE_H

#include "options.h"
#include "profile.h"
#include "streams.h"

/* Reads it and checks that the detector can work with it; o's epoch goes into its parameters. */
int score_open(const struct replay_options *o, struct replay_profile *ret, struct err *e);
/* Of the whole stream: the highest epoch's. cb may be NULL. */
int score_stream(struct replay_profile *p, const char *path, fused_on_finding cb, void *arg,
	struct fused_result *ret, struct err *e);
uint64_t score_of(const struct replay_profile *p, enum replay_detector d, const struct fused_result *r);
/* Above this a score is an alarm; 0: not known. */
uint32_t score_alarm(const struct replay_profile *p, enum replay_detector d);

#endif
