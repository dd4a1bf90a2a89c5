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

static bool is_prey(const struct world_pod *p)
{
	return view_enforced(p) && p->running && !p->deleting;
}

size_t round_prey(struct round *r, bool (*wanted)(const struct world_node *n), const struct world_pod ***ret)
{
	const struct world_pod **list;
	size_t max = 0, n = 0;

	for (const struct world_node *i = r->w->nodes; i; i = i->hh.next)
		max += i->pods && wanted(i) ? i->n_pods : 0;
	list = calloc(max + 1, sizeof(*list));
	*ret = list;
	if (!list) {
		r->out->failed = true;
		return 0;
	}
	for (const struct world_node *i = r->w->nodes; i; i = i->hh.next)
		for (const struct world_pod *p = i->pods && wanted(i) ? i->pods : NULL; p; p = p->on_next)
			if (is_prey(p))
				list[n++] = p;
	qsort(list, n, sizeof(const struct world_pod *), more_valuable_first);
	return n;
}
