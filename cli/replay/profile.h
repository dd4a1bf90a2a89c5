/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What escape-replay learned, as a text file that can be read, compared and kept in Git: a first line with
 * the parameters, then lines `thresholds`, `pair`, `triples` (words of the bitmap) and `bag`. Not the
 * cluster's BehaviorProfile: this one also holds how often something was seen.
 */
#ifndef ESCAPE_CLI_REPLAY_PROFILE_H
#define ESCAPE_CLI_REPLAY_PROFILE_H

#include <base/err.h>
#include <bosc/fused.h>
#include <stdbool.h>

struct replay_profile {
	struct fused_model model;
	struct fused_thresholds thresholds;
	bool ready; /* thresholds are known: enough was learned */
};

void replay_profile_free(struct replay_profile *p);
int replay_profile_write(const struct replay_profile *p, const char *path, struct err *e);
int replay_profile_read(const char *path, struct replay_profile *ret, struct err *e);
/* text is changed. */
int replay_profile_parse(char *text, struct replay_profile *ret, struct err *e);

#endif
