/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/agent/guard/profiles.h"

#include <base/cleanup.h>
#include <base/log.h>
#include <base/str.h>
#include <errno.h>
#include <string.h>

#include "node-agent/agent/guard/contribute.h"
#include "node-agent/agent/guard/learning.h"
#include "node-agent/agent/guard/watching.h"

static int64_t epoch_of(const struct guard *g)
{
	return g->params.detector == MONITOR_FUSED ? g->params.epoch : 0;
}

static int name_learn(struct guard *g, struct err *e)
{
	const struct keeper_reply *r = &g->keeper->last;

	if (!*g->image_id) {
		g->profile[0] = '\0';
		return -EAGAIN;
	}
	if (!*g->workload || profile_name(g->profile, g->workload, r->container, g->image_id,
				     g->params.window, epoch_of(g)))
		return err_set(e, -EINVAL, "NoProfileName", "no profile can be named for container %s",
			r->container);
	return 0;
}

/* The profile of that name, only if it really is this container's: names are made of a hash, and objects can
 * be written by hand. */
static bool profile_fits(const struct guard *g, const struct profile *p)
{
	return str_eq(p->workload, g->workload) && str_eq(p->container, g->keeper->last.container) &&
	       str_eq(p->image, g->image_id) && p->window_size == g->params.window &&
	       p->epoch_size == epoch_of(g);
}

static const struct json *profile_object(const struct guard *g)
{
	return *g->profile ? kube_informer_get(
				     g->agent->profiles_informer, g->keeper->last.pod_namespace, g->profile)
			   : NULL;
}

/* Of the container, with nothing learned. */
static int profile_begin(const struct guard *g, struct profile *ret)
{
	const struct keeper_reply *r = &g->keeper->last;

	*ret = (struct profile){.window_size = g->params.window, .epoch_size = epoch_of(g)};
	if (str_copy(ret->namespace_, sizeof(ret->namespace_), r->pod_namespace) ||
		str_copy(ret->name, sizeof(ret->name), g->profile) ||
		str_copy(ret->policy, sizeof(ret->policy), g->policy->name) ||
		str_copy(ret->workload, sizeof(ret->workload), g->workload) ||
		str_copy(ret->container, sizeof(ret->container), r->container) ||
		str_copy(ret->image, sizeof(ret->image), g->image_id))
		return -EINVAL;
	if (ret->epoch_size)
		ret->triples = calloc(PROFILE_WORDS, sizeof(*ret->triples));
	return ret->epoch_size && !ret->triples ? -ENOMEM : 0;
}

int profiles_current(const struct guard *g, struct profile *ret, struct err *e)
{
	const struct json *object = profile_object(g);
	struct profile p = {0};
	int rc;

	if (!*g->profile)
		return err_set(e, -EAGAIN, "NoProfileName", "it is not known yet of which image it is");
	if (!object) {
		rc = profile_begin(g, ret);
		return rc ? err_set(e, rc, "BadProfile", "a name does not fit, or no memory") : 0;
	}
	rc = profile_decode(object, &p, e);
	if (!rc && !profile_fits(g, &p))
		rc = err_set(e, -EINVAL, "BadProfile", "BehaviorProfile %s is another container's: delete it",
			g->profile);
	if (rc) {
		profile_free(&p);
		return rc;
	}
	*ret = p;
	return 0;
}

int profiles_head(const struct guard *g, struct profile *ret)
{
	const struct json *object = profile_object(g);

	*ret = (struct profile){0};
	if (!*g->profile)
		return -EAGAIN;
	return object ? profile_decode_head(object, ret, NULL) : 0;
}

static int fused_load(struct guard *g, const struct profile *p, struct err *e)
{
	auto_free struct monitor_fused *f = malloc(sizeof(*f));

	if (!f)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for a profile");
	learning_known(p, &f->known);
	f->graded = (uint32_t)p->graded_threshold;
	f->bosc = (uint32_t)p->bosc_threshold;
	return monitor_watch_fused_set(g->watch, f, e);
}

/* A Stale one is whole: it only was not in use. */
static bool can_enforce(const struct profile *p)
{
	return p->state == PROFILE_READY ||
	       (p->state == PROFILE_STALE && p->n_bags && (!p->epoch_size || p->graded_threshold));
}

static int enforce(struct guard *g, const struct profile *p, struct err *e)
{
	int rc = g->params.detector == MONITOR_FUSED ? fused_load(g, p, e) : 0;

	if (!rc)
		rc = monitor_watch_profile_set(g->watch, p->bags, p->n_bags, e);
	if (!rc)
		rc = str_copy(g->profile_version, sizeof(g->profile_version), p->resource_version);
	return rc;
}

static int object_take(struct guard *g, struct err *e)
{
	struct profile p;
	int rc = profiles_current(g, &p, e);

	if (rc)
		return rc;
	g->profile_held = p.state == PROFILE_HELD;
	/* Said, whoever said it: from now on the object says how it goes on. */
	if (g->profile_held)
		g->contribution->held = (struct profile_held){0};
	if (can_enforce(&p))
		rc = enforce(g, &p, e);
	profile_free(&p);
	return rc;
}

int profiles_load(struct guard *g, struct err *e)
{
	const struct json *object;
	const char *version;
	int rc = name_learn(g, e);

	if (rc)
		return rc == -EAGAIN ? 0 : rc;
	object = profile_object(g);
	version = json_str_at(object, "metadata.resourceVersion", "");
	if (!*version || str_eq(version, g->profile_seen))
		return 0;
	rc = object_take(g, e);
	return rc ? rc : str_copy(g->profile_seen, sizeof(g->profile_seen), version);
}

/* What was enforced is to be learned again: somebody set its state back. */
static bool learns_again(const struct guard *g, const struct json *object)
{
	const char *state = json_str_at(object, "spec.state", "");

	return *g->profile_version && (str_eq(state, PROFILE_STATE_NAMES[PROFILE_LEARNING]) ||
					      str_eq(state, PROFILE_STATE_NAMES[PROFILE_HELD]));
}

void profiles_on_change(void *arg, enum kube_change change, const struct json *object, const struct json *old)
{
	struct agent *a = arg;
	const char *namespace_ = json_str_at(object, "metadata.namespace", "");
	const char *name = json_str_at(object, "metadata.name", "");

	(void)old;
	for (struct guard *g = a->guards; g; g = g->next) {
		if (!str_eq(g->profile, name) || !str_eq(g->keeper->last.pod_namespace, namespace_))
			continue;
		/* Whoever removes a profile wants the workload to be learned anew. */
		if (change == KUBE_REMOVED || learns_again(g, object))
			watching_end(g);
		guard_sync(g);
	}
}
