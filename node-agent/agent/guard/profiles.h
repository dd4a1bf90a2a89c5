/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BehaviorProfiles of the containers on this node: which one is a container's, and its way into the watch
 * when it is Ready. Not here: what a container gives to it (contribute.h). Loop thread only.
 */
#ifndef ESCAPE_AGENT_PROFILES_H
#define ESCAPE_AGENT_PROFILES_H

#include <api/profile.h>

#include "node-agent/agent/guard/guard.h"

/*
 * Loads the profile into the watch when it can be enforced and is not loaded yet, and notes whether it is
 * Held. 0 also when there is none, or when it is not known yet of which image the container is.
 */
int profiles_load(struct guard *g, struct err *e);
/*
 * The container's profile as it is now; a new one, with nothing in it, when there is none. profile_free is
 * due after 0. -EAGAIN: the image is not known yet. -EINVAL with the reason in *e: what has its name is not
 * this container's, or cannot be read.
 */
int profiles_current(const struct guard *g, struct profile *ret, struct err *e);
/* The same without what was learned, cheap; nothing to be freed. */
int profiles_head(const struct guard *g, struct profile *ret);
void profiles_on_change(
	void *arg, enum kube_change change, const struct json *object, const struct json *old);

#endif
