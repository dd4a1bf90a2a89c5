/* SPDX-License-Identifier: Apache-2.0 */
/* What moves leave behind: successors on their way, and where the pod itself has been. */
#include "operator/plan/feasible.h"

#include <base/str.h>
#include <errno.h>
#include <stdlib.h>

static void inbound_add(struct feasible *f, const char *node, const char *pod_uid, bool counted)
{
	const struct world_node *to = world_node(f->w, node);
	const struct world_pod *p = world_pod_by_uid(f->w, pod_uid);

	struct inbound *in = &f->inbound[f->n_inbound];

	if (!to)
		return;
	in->to = to;
	if (p && !counted)
		in->asks = p->asks;
	f->n_inbound++;
}

static void under_way_add(struct feasible *f, const struct escape *x)
{
	const struct world_pod *successor = world_pod(f->w, x->namespace_, x->spec.successor);

	if (x->spec.kind == ESCAPE_MOVE && !escape_phase_final(x->status.phase))
		inbound_add(f, x->spec.destination_node, x->spec.pod_uid, successor && successor->on);
}

static void planned_add(struct feasible *f, const struct action *a)
{
	const struct json *spec = json_member(a->object, "spec");

	if (a->kind == ACTION_CREATE_ESCAPE &&
		str_eq(json_str_at(spec, "kind", NULL), ESCAPE_KIND_NAMES[ESCAPE_MOVE]))
		inbound_add(
			f, json_str_at(spec, "destinationNode", ""), json_str_at(spec, "podUID", ""), false);
}

static int inbound_fill(struct feasible *f, const struct actions *planned, struct err *e)
{
	size_t n = HASH_COUNT(f->w->escapes) + (planned ? planned->n : 0);

	f->inbound = calloc(n + 1, sizeof(*f->inbound));
	if (!f->inbound)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for %zu moves", n);
	for (const struct world_escape *i = f->w->escapes; i; i = i->hh.next)
		under_way_add(f, &i->x);
	for (size_t i = 0; planned && i < planned->n; i++)
		planned_add(f, &planned->items[i]);
	return 0;
}

/* While a node is hot: as long as its alarms count, and as long as the pod would not move again anyway. */
static int64_t hot_ms(const struct feasible *f)
{
	int64_t cooldown = f->pod->policy ? f->pod->policy->placement.cooldown_ms : 0;

	return cooldown > f->c->forgive_ms ? cooldown : f->c->forgive_ms;
}

static void footprint_add(struct feasible *f, const struct escape *x, bool failed)
{
	const char *node = failed ? x->spec.destination_node : x->spec.source_node;

	if (f->n_footprints < FOOTPRINTS_MAX)
		f->footprints[f->n_footprints++] = (struct footprint){
			.node = world_node(f->w, node), .at_ms = x->created_ms, .failed = failed};
}

/* The Move that brought the pod with this uid here, and the ones of it that came to nothing. */
static const struct escape *footprints_of(struct feasible *f, const char *uid)
{
	const struct escape *came_by = NULL;

	for (const struct world_escape *i = f->w->escapes; i; i = i->hh.next) {
		const struct escape *x = &i->x;

		if (x->spec.kind != ESCAPE_MOVE || f->now_ms - x->created_ms >= hot_ms(f))
			continue;
		if (str_eq(x->spec.pod_uid, uid) && x->status.phase == PHASE_ABORTED)
			footprint_add(f, x, true);
		if (str_eq(x->status.successor_uid, uid) && x->status.phase == PHASE_SUCCEEDED)
			came_by = x;
	}
	return came_by;
}

/* Back through the pods that it was, one for each move. */
static void footprints_fill(struct feasible *f)
{
	const char *uid = f->pod->uid;

	for (int i = 0; i < FOOTPRINTS_MAX; i++) {
		const struct escape *x = footprints_of(f, uid);

		if (!x)
			return;
		/* Nothing is wrong with a node that was drained. */
		if (!str_eq(x->spec.reason, "Evicted"))
			footprint_add(f, x, false);
		uid = x->spec.pod_uid;
	}
}

int feasible_begin(const struct world *w, const struct plan_config *c, const struct world_pod *p,
	const struct actions *planned, int64_t now_ms, struct feasible *ret, struct err *e)
{
	*ret = (struct feasible){
		.w = w, .c = c, .pod = p, .source = world_node(w, p->node), .now_ms = now_ms};
	footprints_fill(ret);
	return inbound_fill(ret, planned, e);
}

void feasible_end(struct feasible *f)
{
	free(f->inbound);
	f->inbound = NULL;
}
