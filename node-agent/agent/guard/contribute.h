/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a container that learns gives to its workload's BehaviorProfile, from time to time and by
 * compare-and-swap, until that is Ready. Only what is behind an epoch that was judged: a snapshot of what is
 * learned waits until the epoch that ran when it was taken has ended and was not far outside. One that was
 * holds the profile until an admin decides. Loop thread only. Not here: how things are added up (learning.h).
 */
#ifndef ESCAPE_AGENT_CONTRIBUTE_H
#define ESCAPE_AGENT_CONTRIBUTE_H

#include <api/profile.h>

#include "node-agent/agent/guard/learning.h"

struct guard;

/* Of a watch, from its beginning on. */
struct contribution {
	struct monitor_learned sent;    /* is in the profile */
	struct monitor_learned waiting; /* taken, for when its epoch has been judged */
	bool has_waiting, sending;
	int64_t due_ms; /* monotonic: not before */
	unsigned sends;
	struct monitor_stats looked; /* at the last look */
	struct learning_pace pace;
	int64_t percent, seconds_left; /* 0: not known */
	struct profile_held held;      /* to be told, until the profile is Held */
	struct err problem;            /* why it is not going to end, or code 0 */
};

void contribution_free(struct contribution *c);
/* Each second while the container learns. */
void contribute(struct guard *g);

#endif
