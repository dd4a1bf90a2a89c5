/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/plan/plan_retention.h"

#include "operator/plan/view.h"

#include <base/cleanup.h>
#include <base/str.h>
#include <stdlib.h>
#include <string.h>

struct finished {
	const struct escape *x;
};

static bool still_means_something(const struct world *w, const struct escape *x, int64_t now_ms)
{
	const struct world_policy *p = world_policy(w, x->namespace_, x->spec.policy);

	if (x->spec.kind == ESCAPE_MOVE && x->status.phase == PHASE_SUCCEEDED && !x->status.network_released)
		return true;
	if (p && now_ms - x->created_ms < p->policy.response.within_ms)
		return true;
	if (p && now_ms - x->created_ms < p->policy.placement.cooldown_ms)
		return true;
	return *x->spec.anomaly && view_anomaly_reported(w, x->spec.anomaly);
}

static int newest_first(const void *va, const void *vb)
{
	const struct escape *a = ((const struct finished *)va)->x, *b = ((const struct finished *)vb)->x;

	if (a->created_ms != b->created_ms)
		return a->created_ms > b->created_ms ? -1 : 1;
	return strcmp(b->name, a->name);
}

void plan_retention(const struct world *w, const struct plan_config *c, const char *namespace_,
	int64_t now_ms, struct actions *out)
{
	auto_free struct finished *finished = calloc(HASH_COUNT(w->escapes) + 1, sizeof(*finished));
	size_t n = 0;

	if (!finished) {
		out->failed = true;
		return;
	}
	for (const struct world_escape *i = w->escapes; i; i = i->hh.next)
		if (escape_phase_final(i->x.status.phase) && str_eq(i->x.namespace_, namespace_))
			finished[n++].x = &i->x;
	qsort(finished, n, sizeof(*finished), newest_first);
	for (size_t i = c->keep_finished; i < n; i++)
		if (!finished[i].x->deleting && !still_means_something(w, finished[i].x, now_ms))
			action_add(out, ACTION_DELETE_ESCAPE, finished[i].x->namespace_, finished[i].x->name,
				finished[i].x->uid);
}
