/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/plan/round.h"

#include "operator/plan/view.h"

#include <base/backoff.h>
#include <base/cleanup.h>
#include <base/str.h>
#include <errno.h>
#include <math.h>
#include <string.h>

static bool is_new_escape(const struct action *a)
{
	return a->kind == ACTION_CREATE_ESCAPE && a->object;
}

bool round_pod_busy(const struct round *r, const struct world_pod *p)
{
	if (view_active_of_pod(r->w, p->uid))
		return true;
	for (size_t i = 0; i < r->out->n; i++) {
		const struct action *a = &r->out->items[i];

		if (is_new_escape(a) && str_eq(json_str_at(a->object, "spec.podUID", NULL), p->uid))
			return true;
	}
	return false;
}

/* Never less than two, or a small cluster could not answer an attack that hits twice. */
static size_t brake_limit(const struct round *r)
{
	double share = ceil(r->c->brake_share * (double)r->w->n_protected);

	return share < 2 ? 2 : (size_t)share;
}

/* Under way in the world or planned in this round; of one source node, or of all (NULL). */
static size_t under_way(const struct round *r, const char *node)
{
	size_t n = view_active(r->w, node);

	for (size_t i = 0; i < r->out->n; i++) {
		const struct action *a = &r->out->items[i];

		n += is_new_escape(a) &&
		     (!node || str_eq(json_str_at(a->object, "spec.sourceNode", NULL), node));
	}
	return n;
}

bool round_braked(const struct round *r, const struct world_pod *p, const char *cause)
{
	/* One node, whose agent may lie, gets half of it. */
	size_t limit = brake_limit(r), of_node = limit < 4 ? 2 : (limit + 1) / 2;
	size_t n = under_way(r, NULL), n_node = under_way(r, p->node);
	char once[160];

	if (n < limit && n_node < of_node)
		return false;
	str_fmt(once, sizeof(once), "brake/%s/%s", p->uid, cause);
	action_event(r->out, "Pod", p->namespace_, p->name, p->uid, "Warning", "Braked", once,
		"%zu Escapes are under way of at most %zu at once, %zu of at most %zu from node %s: this pod "
		"waits",
		n, limit, n_node, of_node, p->node);
	return true;
}

bool round_moves_full(const struct round *r, const struct policy *p)
{
	size_t n = view_active_moves(r->w, p);

	for (size_t i = 0; i < r->out->n; i++) {
		const struct action *a = &r->out->items[i];

		n += is_new_escape(a) && str_eq(a->namespace_, p->namespace_) &&
		     str_eq(json_str_at(a->object, "spec.policy", NULL), p->name) &&
		     str_eq(json_str_at(a->object, "spec.kind", NULL), ESCAPE_KIND_NAMES[ESCAPE_MOVE]);
	}
	return (int64_t)n >= p->placement.max_concurrent;
}

enum state_choice round_state(const struct policy *p, enum state_choice by_cause)
{
	return p->response.state == STATE_AUTO ? by_cause : p->response.state;
}

/* With the same entropy a workload draws the same, whichever pod of it this is. */
static uint64_t seed_of(const struct round *r, const struct world_pod *p)
{
	char workload[API_NAME_MAX] = "", key[WORLD_KEY_MAX];
	uint64_t state = r->entropy;

	pod_workload(p->obj, workload);
	str_fmt(key, sizeof(key), "%s/%s", p->namespace_, workload);
	state ^= str_hash64(key, strlen(key));
	return rng_next(&state);
}

int round_move(struct round *r, struct draft *d, struct err *e)
{
	auto_free struct placement *place = calloc(1, sizeof(*place));
	int rc;

	if (!view_agent_alive(world_node(r->w, d->pod->node), r->c, r->now_ms))
		return err_set(
			e, -EHOSTDOWN, "AgentSilent", "the agent of node %s does not answer", d->pod->node);
	if (!place)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for a placement");
	d->kind = ESCAPE_MOVE;
	d->seed = seed_of(r, d->pod);
	rc = placement_choose(r->w, r->c, d->pod, r->out, d->seed, r->now_ms, place, e);
	if (rc)
		return rc;
	d->placement = place;
	draft_add(r->w, d, r->out);
	d->placement = NULL;
	return 0;
}
