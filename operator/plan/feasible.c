/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/plan/feasible.h"

#include "operator/plan/view.h"

#include <api/pod_fit.h>
#include <base/str.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static bool no(char *why, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Cut rather than left out: the beginning says enough. */
static bool no(char *why, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, FEASIBLE_WHY_MAX, fmt, ap);
	va_end(ap);
	return false;
}

static bool is_ready(const struct feasible *f, const struct world_node *n, char *why)
{
	const struct json *taint;

	if (!n->node.ready)
		return no(why, "it is not Ready");
	if (n->node.unschedulable &&
		!pod_fit_tolerates(f->pod->obj, "node.kubernetes.io/unschedulable", "", "NoSchedule"))
		return no(why, "it is cordoned");
	taint = n->node.noschedule_taint ? pod_fit_taint(f->pod->obj, n->obj) : NULL;
	if (taint)
		return no(why, "the pod does not tolerate its taint %.40s:%s", json_str_at(taint, "key", ""),
			json_str_at(taint, "effect", ""));
	return true;
}

static bool is_wanted(const struct feasible *f, const struct world_node *n, char *why)
{
	if (!pod_fit_selector(f->pod->obj, n->obj))
		return no(why, "it does not match the pod's nodeSelector");
	if (!pod_fit_affinity(f->pod->obj, n->obj, *f->pod->escape))
		return no(why, "it does not match the pod's required node affinity");
	return true;
}

static bool is_alive(const struct feasible *f, const struct world_node *n, char *why)
{
	if (!n->reported)
		return no(why, "no agent reports from it");
	if (!view_agent_alive(n, f->c, f->now_ms))
		return no(why, "its agent is silent");
	if (!n->can_restore)
		return no(why, "its agent says that it cannot restore (see its NodeReport)");
	return true;
}

static int words_compare(const char *a, size_t a_len, const char *b, size_t b_len)
{
	int order = memcmp(a, b, a_len < b_len ? a_len : b_len);

	return order ? order : (a_len > b_len) - (a_len < b_len);
}

/* The first word of `all` that is not in `some`; both ascending, one space apart. NULL: there is none. */
static const char *word_missing(const char *all, const char *some, size_t *ret_len)
{
	while (*all) {
		size_t len = strcspn(all, " "), have = strcspn(some, " ");
		int order = have ? words_compare(some, have, all, len) : 1;

		if (order > 0) {
			*ret_len = len;
			return all;
		}
		if (order == 0)
			all += len + (all[len] == ' ');
		some += have + (some[have] == ' ');
	}
	return NULL;
}

/* The destination must have all that the source has: a process asks once what the CPU can do. */
static bool cpu_can(const struct world_node *source, const struct world_node *n, char *why)
{
	const char *lacks;
	size_t len;

	if (*source->node.arch && *n->node.arch && !str_eq(source->node.arch, n->node.arch))
		return no(why, "its CPU is %s, the source's %s", n->node.arch, source->node.arch);
	if (!source->cpu_features || !n->cpu_features || str_eq(source->cpu_features, n->cpu_features))
		return true;
	lacks = word_missing(source->cpu_features, n->cpu_features, &len);
	return !lacks || no(why, "its CPU lacks %.*s, which the source's has", (int)len, lacks);
}

/* -1, 0, 1 as of versions such as "4.1.1"; 0 where one of them is none. */
static int version_compare(const char *a, const char *b)
{
	int x[2] = {0}, y[2] = {0};

	if (sscanf(a, "%d.%d", &x[0], &x[1]) < 1 || sscanf(b, "%d.%d", &y[0], &y[1]) < 1)
		return 0;
	if (x[0] != y[0])
		return x[0] < y[0] ? -1 : 1;
	return (x[1] > y[1]) - (x[1] < y[1]);
}

static bool can_restore(const struct feasible *f, const struct world_node *n, char *why)
{
	const struct world_node *source = f->source;

	if (!source || !source->reported)
		return true;
	if (version_compare(n->criu_version, source->criu_version) < 0)
		return no(why, "its CRIU %s is older than the source's %s", n->criu_version,
			source->criu_version);
	return cpu_can(source, n, why);
}

static bool has_room(const struct feasible *f, const struct world_node *n, char *why)
{
	struct resources used = n->used;
	size_t short_of;

	for (size_t i = 0; i < f->n_inbound; i++)
		if (f->inbound[i].to == n)
			resources_add(&used, &f->inbound[i].asks);
	short_of = resources_short(&f->pod->asks, &n->allocatable, &used);
	if (short_of == RESOURCES_MAX)
		return true;
	return no(why, "too little %.30s: %lld asked, %lld of %lld free",
		resource_name(&f->w->resources, short_of), (long long)f->pod->asks.of[short_of],
		(long long)(n->allocatable.of[short_of] - used.of[short_of]),
		(long long)n->allocatable.of[short_of]);
}

static const struct footprint *footprint_on(const struct feasible *f, const struct world_node *n, bool failed)
{
	for (size_t i = 0; i < f->n_footprints; i++)
		if (f->footprints[i].node == n && f->footprints[i].failed == failed)
			return &f->footprints[i];
	return NULL;
}

static bool is_cool(const struct feasible *f, const struct world_node *n, char *why)
{
	const struct footprint *left = footprint_on(f, n, false);

	return !left ||
	       no(why, "the pod escaped from it %lld s ago", (long long)((f->now_ms - left->at_ms) / 1000));
}

bool feasible_node(const struct feasible *f, const struct world_node *n, char why[static FEASIBLE_WHY_MAX])
{
	*why = '\0';
	if (n == f->source || str_eq(n->name, f->pod->node))
		return no(why, "it is the source");
	if (view_node_hacked(n, f->c, f->now_ms))
		return no(why, "it is hacked");
	return is_ready(f, n, why) && is_alive(f, n, why) && is_wanted(f, n, why) && can_restore(f, n, why) &&
	       is_cool(f, n, why) && has_room(f, n, why);
}

uint32_t feasible_crowd(const struct feasible *f, const struct world_node *n)
{
	uint32_t crowd = footprint_on(f, n, true) ? 1 : 0;

	for (size_t i = 0; i < f->n_inbound; i++)
		crowd += f->inbound[i].to == n;
	return crowd;
}
