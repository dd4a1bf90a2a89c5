/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/plan/plan_profiles.h"

#include <api/profile.h>
#include <base/cleanup.h>
#include <base/str.h>

static bool numbers_fit(const struct world_profile *p, const struct policy *policy)
{
	int64_t epoch = policy->detection.detector == DETECTOR_FUSED ? policy->detection.epoch_size : 0;

	return p->window_size == policy->detection.window_size && p->epoch_size == epoch;
}

static bool runs_image(const struct json *pod, const struct world_profile *p)
{
	json_foreach(status, json_at(pod, "status.containerStatuses"))
	{
		char digest[sizeof(p->image)];

		if (str_eq(json_str_at(status, "name", ""), p->container) &&
			!pod_image_digest(json_str_at(status, "imageID", ""), digest, sizeof(digest)) &&
			str_eq(digest, p->image))
			return true;
	}
	return false;
}

static bool pod_uses(const struct world_pod *pod, const struct world_profile *p)
{
	char workload[API_NAME_MAX];

	return !pod->ended && pod->policy && str_eq(pod->namespace_, p->namespace_) &&
	       numbers_fit(p, pod->policy) && !pod_workload(pod->obj, workload) &&
	       str_eq(workload, p->workload) && runs_image(pod->obj, p);
}

bool profile_is_used(const struct world *w, const struct policy *policy, const struct world_profile *p)
{
	for (const struct world_pod *i = w->pods; i; i = i->hh.next)
		if ((!policy || i->policy == policy) && pod_uses(i, p))
			return true;
	return false;
}

/* The workload has gone on to a profile that is younger, and is in use. */
static const struct world_profile *follower(const struct world *w, const struct world_profile *p)
{
	for (const struct world_profile *i = w->profiles; i; i = i->hh.next)
		if (i != p && i->created_ms > p->created_ms && str_eq(i->namespace_, p->namespace_) &&
			str_eq(i->workload, p->workload) && str_eq(i->container, p->container) &&
			profile_is_used(w, NULL, i))
			return i;
	return NULL;
}

static void state_set(struct actions *out, const struct world_profile *p, enum profile_state state)
{
	struct action *a = action_add(out, ACTION_PATCH_PROFILE, p->namespace_, p->name, p->uid);
	auto_json struct json *patch = json_new_obj();

	if (json_set_str(json_obj_at(patch, "metadata"), "resourceVersion", p->resource_version) ||
		json_set_str(json_obj_at(patch, "spec"), "state", PROFILE_STATE_NAMES[state]))
		out->failed = true;
	else
		a->object = TAKE_PTR(patch);
}

static void plan_profile(const struct world *w, const struct world_profile *p, struct actions *out)
{
	const struct world_profile *next;

	if (p->state == PROFILE_STALE && profile_is_used(w, NULL, p)) {
		state_set(out, p, PROFILE_READY);
		action_event(out, "BehaviorProfile", p->namespace_, p->name, p->uid, "Normal", "ProfileReady",
			NULL, "container %s of %s runs with this image again", p->container, p->workload);
		return;
	}
	if (p->state != PROFILE_READY || profile_is_used(w, NULL, p))
		return;
	next = follower(w, p);
	if (!next)
		return;
	state_set(out, p, PROFILE_STALE);
	action_event(out, "BehaviorProfile", p->namespace_, p->name, p->uid, "Normal", "ProfileStale", NULL,
		"no pod of %s uses it any more: container %s has the profile %s now", p->workload,
		p->container, next->name);
}

void plan_profiles(const struct world *w, const char *namespace_, struct actions *out)
{
	for (const struct world_profile *i = w->profiles; i; i = i->hh.next)
		if (str_eq(i->namespace_, namespace_))
			plan_profile(w, i, out);
}
