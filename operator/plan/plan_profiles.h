/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which profiles are in use. One that no pod uses any more, because its workload runs with a later one, is
 * Stale; one that is used again is Ready again. One that is newer than what runs waits for its pods: it was
 * applied before them. Pure.
 */
#ifndef ESCAPE_OPERATOR_PLAN_PROFILES_H
#define ESCAPE_OPERATOR_PLAN_PROFILES_H

#include "operator/plan/action.h"

/* Of one namespace. */
void plan_profiles(const struct world *w, const char *namespace_, struct actions *out);
/* A pod that has not ended is of that workload, container and image, under this policy (NULL: any), whose
 * numbers are the profile's. */
bool profile_is_used(const struct world *w, const struct policy *policy, const struct world_profile *p);

#endif
