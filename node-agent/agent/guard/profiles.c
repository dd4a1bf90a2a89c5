/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/agent/guard/profiles.h"

#include <api/profile.h>
#include <base/cleanup.h>
#include <base/clock.h>
#include <base/log.h>
#include <base/str.h>
#include <errno.h>
#include <string.h>

#include "node-agent/agent/guard/watching.h"

#define PUBLISH_RETRY_MS 10000

int profiles_merge(const uint64_t *a, size_t n_a, const uint64_t *b, size_t n_b, size_t max, uint64_t **ret,
	size_t *ret_n)
{
	uint64_t *all = malloc((n_a + n_b + 1) * sizeof(*all));
	size_t i = 0, j = 0, n = 0;

	if (!all)
		return -ENOMEM;
	while (i < n_a || j < n_b) {
		uint64_t next = j == n_b || (i < n_a && a[i] <= b[j]) ? a[i] : b[j];

		all[n++] = next;
		while (i < n_a && a[i] == next)
			i++;
		while (j < n_b && b[j] == next)
			j++;
	}
	if (n > max) {
		free(all);
		return -E2BIG;
	}
	*ret = all;
	*ret_n = n;
	return 0;
}

static int name_learn(struct guard *g, struct err *e)
{
	const struct keeper_reply *r = &g->keeper->last;

	if (!*g->workload ||
		profile_name(g->profile, g->workload, r->container, guard_image(g), g->params.window))
		return err_set(e, -EINVAL, "NoProfileName", "no profile can be named for container %s",
			r->container);
	return 0;
}

/* The profile of that name, only if it really is this container's: names are made of a hash, and objects can
 * be written by hand. */
static bool profile_fits(const struct guard *g, const struct profile *p)
{
	return str_eq(p->workload, g->workload) && str_eq(p->container, g->keeper->last.container) &&
	       str_eq(p->image, guard_image(g)) && p->window_size == g->params.window &&
	       (g->params.detector != MONITOR_FUSED || (p->pairs && p->epoch_size == g->params.epoch));
}

static const struct json *profile_object(const struct guard *g)
{
	return kube_informer_get(g->agent->profiles_informer, g->keeper->last.pod_namespace, g->profile);
}

_Static_assert(PROFILE_WORDS == sizeof(((struct graded_known *)0)->pairs) / sizeof(uint64_t) &&
		       PROFILE_WORDS == sizeof(((struct graded_known *)0)->triples) / sizeof(uint64_t),
	"bitmaps of a profile are the monitor's");

static int fused_load(struct guard *g, const struct profile *p, struct err *e)
{
	auto_free struct monitor_fused *f = malloc(sizeof(*f));

	if (!f)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for a profile");
	memcpy(f->known.pairs, p->pairs, sizeof(f->known.pairs));
	memcpy(f->known.triples, p->triples, sizeof(f->known.triples));
	f->graded = (uint32_t)p->graded_threshold;
	f->bosc = (uint32_t)p->bosc_threshold;
	return monitor_watch_fused_set(g->watch, f, e);
}

static int ready_load(struct guard *g, const struct json *object, const char *version, struct err *e)
{
	struct profile p;
	int rc = profile_decode(object, &p, e);

	if (rc)
		return rc;
	if (p.state == PROFILE_READY && profile_fits(g, &p)) {
		rc = g->params.detector == MONITOR_FUSED ? fused_load(g, &p, e) : 0;
		if (!rc)
			rc = monitor_watch_profile_set(g->watch, p.bags, p.n_bags, e);
		if (!rc)
			rc = str_copy(g->profile_version, sizeof(g->profile_version), version);
	}
	profile_free(&p);
	return rc;
}

int profiles_load(struct guard *g, struct err *e)
{
	const struct json *object;
	const char *version;
	int rc = name_learn(g, e);

	if (rc)
		return rc;
	object = profile_object(g);
	version = json_str_at(object, "metadata.resourceVersion", "");
	if (!*version || str_eq(version, g->profile_version))
		return 0;
	return ready_load(g, object, version, e);
}

struct publishing {
	struct agent *agent;
	char container_id[80];
};

static void on_published(void *arg, const struct json *object, const struct err *e)
{
	auto_free struct publishing *p = arg;
	struct guard *g = p->agent->stopping ? NULL : guard_find(p->agent, p->container_id);

	(void)object;
	if (e)
		log_warn("profile not published", "container", p->container_id, "reason", e->reason, "why",
			e->message);
	if (!g)
		return;
	g->publishing = false;
	g->publish_after_ms = clock_monotonic_ms() + PUBLISH_RETRY_MS;
}

/* What any replica knows is known, and the higher threshold stands: both only make alarms fewer. */
static void fused_merge(struct profile *p, const struct profile *before)
{
	for (size_t i = 0; i < PROFILE_WORDS; i++) {
		p->pairs[i] |= before->pairs[i];
		p->triples[i] |= before->triples[i];
	}
	if (p->graded_threshold < before->graded_threshold)
		p->graded_threshold = before->graded_threshold;
	if (p->bosc_threshold < before->bosc_threshold)
		p->bosc_threshold = before->bosc_threshold;
}

static int fused_fill(struct guard *g, const struct profile *before, struct profile *ret, struct err *e)
{
	auto_free struct monitor_fused *f = malloc(sizeof(*f));
	int rc;

	ret->pairs = calloc(PROFILE_WORDS, sizeof(*ret->pairs));
	ret->triples = calloc(PROFILE_WORDS, sizeof(*ret->triples));
	if (!f || !ret->pairs || !ret->triples)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for a profile");
	rc = monitor_watch_fused_get(g->watch, f);
	if (rc)
		return err_set(e, rc, "BadProfile", "the learned pairs cannot be read: %s", strerror(-rc));
	memcpy(ret->pairs, f->known.pairs, sizeof(f->known.pairs));
	memcpy(ret->triples, f->known.triples, sizeof(f->known.triples));
	ret->epoch_size = g->params.epoch;
	ret->graded_threshold = f->graded;
	ret->bosc_threshold = f->bosc;
	if (before->pairs)
		fused_merge(ret, before);
	return 0;
}

static int profile_fill(struct guard *g, const uint64_t *bags, size_t n, struct profile *ret, struct err *e)
{
	const struct keeper_reply *r = &g->keeper->last;
	struct profile before = {0};
	struct monitor_stats s;
	int rc;

	if (str_copy(ret->namespace_, sizeof(ret->namespace_), r->pod_namespace) ||
		str_copy(ret->name, sizeof(ret->name), g->profile) ||
		str_copy(ret->policy, sizeof(ret->policy), g->policy->name) ||
		str_copy(ret->workload, sizeof(ret->workload), g->workload) ||
		str_copy(ret->container, sizeof(ret->container), r->container) ||
		str_copy(ret->image, sizeof(ret->image), guard_image(g)) || monitor_watch_stats(g->watch, &s))
		return err_set(e, -EINVAL, "BadProfile", "a name does not fit into a profile");
	ret->window_size = g->params.window;
	ret->state = PROFILE_READY;
	ret->epochs = (int64_t)s.epochs;
	/* Another replica's profile is added to, never replaced. */
	if (profile_object(g) &&
		(profile_decode(profile_object(g), &before, NULL) || !profile_fits(g, &before)))
		profile_free(&before);
	rc = g->params.detector == MONITOR_FUSED ? fused_fill(g, &before, ret, e) : 0;
	if (rc) {
		profile_free(&before);
		return rc;
	}
	rc = profiles_merge(bags, n, before.bags, before.n_bags, PROFILE_BAGS_MAX, &ret->bags, &ret->n_bags);
	profile_free(&before);
	return rc ? err_set(e, rc, "ProfileTooLarge", "more than %d different bags were learned",
			    PROFILE_BAGS_MAX)
		  : 0;
}

static int profile_send(struct guard *g, const struct profile *p, struct err *e)
{
	auto_json struct json *object = profile_encode(p);
	struct publishing *ctx = calloc(1, sizeof(*ctx));
	int rc = object && ctx ? 0 : -ENOMEM;

	if (!rc) {
		ctx->agent = g->agent;
		str_copy(ctx->container_id, sizeof(ctx->container_id), g->keeper->id);
		rc = kube_patch(g->agent->kube, &API_PROFILES, p->namespace_, p->name, NULL, KUBE_APPLY,
			object, on_published, ctx);
	}
	if (!rc)
		return 0;
	free(ctx);
	return err_set(e, rc, "PublishFailed", "cannot send the profile: %s", strerror(-rc));
}

void profiles_publish(struct guard *g)
{
	auto_free uint64_t *bags = NULL;
	struct profile p = {0};
	struct err e = {0};
	size_t n = 0;

	if (g->publishing || clock_monotonic_ms() < g->publish_after_ms || name_learn(g, &e))
		return;
	g->publish_after_ms = clock_monotonic_ms() + PUBLISH_RETRY_MS;
	if (monitor_watch_profile_get(g->watch, &bags, &n))
		err_set(&e, -EIO, "BadProfile", "the learned bags cannot be read");
	else if (!profile_fill(g, bags, n, &p, &e) && !profile_send(g, &p, &e))
		g->publishing = true;
	profile_free(&p);
	if (e.code)
		log_warn("profile not published", "container", g->keeper->id, "reason", e.reason, "why",
			e.message);
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
		if (change == KUBE_REMOVED)
			watching_end(g);
		guard_sync(g);
	}
}
