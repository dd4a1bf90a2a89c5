/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/plan/round.h"
#include "operator/plan/view.h"

#include <base/str.h>
#include <stdlib.h>
#include <string.h>

bool round_pod_clean(const struct round *r, const struct world_pod *p)
{
	const struct world_node *n = world_node(r->w, p->node);

	for (size_t i = 0; n && i < n->n_anomalies; i++) {
		const struct report_anomaly *a = &n->anomalies[i];
		const struct world_escape *answer;

		if (!str_eq(a->pod_uid, p->uid) || !view_anomaly_counts(a, r->c, r->now_ms))
			continue;
		answer = view_answer(r->w, p->uid, a->id);
		if (!answer || answer->x.status.phase != PHASE_SUCCEEDED)
			return false;
	}
	return !view_pod_accused(n, p->uid, r->c, r->now_ms);
}

static int more_valuable_first(const void *va, const void *vb)
{
	const struct world_pod *a = *(const struct world_pod *const *)va;
	const struct world_pod *b = *(const struct world_pod *const *)vb;

	if (a->value != b->value)
		return a->value > b->value ? -1 : 1;
	return strcmp(a->key, b->key);
}

size_t round_prey(struct round *r, const struct world_pod ***ret)
{
	const struct world_pod **list = calloc(HASH_COUNT(r->w->pods) + 1, sizeof(*list));
	size_t n = 0;

	*ret = list;
	if (!list) {
		r->out->failed = true;
		return 0;
	}
	for (const struct world_pod *p = r->w->pods; p; p = p->hh.next)
		if (view_enforced(p) && p->running && !p->deleting && *p->node)
			list[n++] = p;
	qsort(list, n, sizeof(const struct world_pod *), more_valuable_first);
	return n;
}
