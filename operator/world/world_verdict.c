/* SPDX-License-Identifier: Apache-2.0 */
/* What bears on whether a node is hacked, beside its report. */
#include "operator/world/world_priv.h"

#include <base/cleanup.h>
#include <base/clock.h>
#include <base/str.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool same_cause(const struct verdict_cause *a, const struct verdict_cause *b)
{
	return a->source == b->source && str_eq(a->reason, b->reason) && str_eq(a->pod_uid, b->pod_uid);
}

/* What the NodeVerdict has is not kept twice. One that came again meanwhile stays, as the one time it came.
 */
static void foreign_settle(struct world_node *n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n->n_foreign; i++) {
		struct verdict_cause *f = &n->foreign[i];
		const struct verdict_cause *known = NULL;

		for (size_t k = 0; k < n->verdict->status.n_causes; k++)
			if (same_cause(f, &n->verdict->status.causes[k]))
				known = &n->verdict->status.causes[k];
		if (known && known->last_ms >= f->last_ms)
			continue;
		if (known)
			f->count = 1;
		n->foreign[kept++] = *f;
	}
	n->n_foreign = kept;
	if (!kept) {
		free(n->foreign);
		n->foreign = NULL;
	}
}

int world_put_verdict(struct world *w, const struct json *obj, struct err *e)
{
	auto_free struct verdict *v = malloc(sizeof(*v));
	struct world_node *entry;

	if (!v)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for a NodeVerdict");
	if (verdict_decode(obj, v, e)) {
		world_drop_verdict(w, json_str_at(obj, "metadata.name", ""));
		return e ? e->code : -EINVAL;
	}
	entry = world_node_entry(w, v->node);
	if (!entry)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for the verdict on %s", v->node);
	free(entry->verdict);
	entry->verdict = TAKE_PTR(v);
	foreign_settle(entry);
	return 0;
}

void world_drop_verdict(struct world *w, const char *name)
{
	struct world_node *entry;

	HASH_FIND_STR(w->nodes, name, entry);
	if (!entry)
		return;
	free(entry->verdict);
	entry->verdict = NULL;
	world_node_forget(w, entry);
}

int world_put_lease(struct world *w, const struct json *obj, int64_t now_ms, struct err *e)
{
	const char *name = json_str_at(obj, "metadata.name", "");
	const char *renewed = json_str_at(obj, "spec.renewTime", "");
	struct world_node *entry;
	int64_t at_ms;

	if (!str_is_dns_name(name, true) || clock_parse(renewed, &at_ms)) {
		world_drop_lease(w, name);
		return err_set(e, -EINVAL, "BadLease", "a name and spec.renewTime are expected");
	}
	entry = world_node_entry(w, name);
	if (!entry)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for the lease of %s", name);
	if (!entry->leased || now_ms - entry->lease_ms >= WORLD_LEASE_MS)
		entry->lease_since_ms = now_ms;
	if (!entry->leased || !str_eq(entry->lease_renewed, renewed))
		entry->lease_ms = now_ms;
	str_copy(entry->lease_renewed, sizeof(entry->lease_renewed), renewed);
	entry->leased = true;
	return 0;
}

void world_heard(struct world *w, const char *name, int64_t now_ms)
{
	struct world_node *n;

	HASH_FIND_STR(w->nodes, name, n);
	if (!n || !n->reported || (n->heard_ms && n->heard_heartbeat_ms == n->heartbeat_ms))
		return;
	n->heard_ms = now_ms;
	n->heard_heartbeat_ms = n->heartbeat_ms;
}

void world_drop_lease(struct world *w, const char *name)
{
	struct world_node *entry;

	HASH_FIND_STR(w->nodes, name, entry);
	if (!entry)
		return;
	entry->leased = false;
	world_node_forget(w, entry);
}

static struct verdict_cause *foreign_slot(struct world_node *n, const struct verdict_cause *c)
{
	struct verdict_cause *oldest;

	for (size_t i = 0; i < n->n_foreign; i++)
		if (same_cause(&n->foreign[i], c))
			return &n->foreign[i];
	if (!n->foreign)
		n->foreign = calloc(VERDICT_CAUSES_MAX, sizeof(*n->foreign));
	if (!n->foreign)
		return NULL;
	if (n->n_foreign < VERDICT_CAUSES_MAX)
		return memset(&n->foreign[n->n_foreign++], 0, sizeof(*n->foreign));
	oldest = n->foreign;
	for (size_t i = 1; i < n->n_foreign; i++)
		if (n->foreign[i].weight < oldest->weight ||
			(n->foreign[i].weight == oldest->weight && n->foreign[i].last_ms < oldest->last_ms))
			oldest = &n->foreign[i];
	return memset(oldest, 0, sizeof(*oldest));
}

int world_note_foreign(struct world *w, const char *node, const struct verdict_cause *c)
{
	struct verdict_cause *slot, before;
	struct world_node *n;

	HASH_FIND_STR(w->nodes, node, n);
	if (!n || !n->known)
		return -ENOENT;
	slot = foreign_slot(n, c);
	if (!slot)
		return -ENOMEM;
	before = *slot;
	*slot = *c;
	if (!before.count)
		return 0;
	slot->first_ms = before.first_ms;
	slot->count = before.count + c->count;
	if (before.weight > slot->weight)
		slot->weight = before.weight;
	return 0;
}

static bool is_agent(const struct world *w, const struct world_pod *p)
{
	return *p->node && w->agent_namespace && str_eq(p->namespace_, w->agent_namespace) &&
	       str_eq(json_str(
			      json_member(json_at(p->obj, "metadata.labels"), "app.kubernetes.io/component")),
		       "agent");
}

void world_agent_came(struct world *w, const struct world_pod *p)
{
	struct world_node *n;
	int64_t at_ms = 0;

	if (!is_agent(w, p) || p->deleting || p->ended)
		return;
	if (clock_parse(json_str_at(p->obj, "metadata.creationTimestamp", ""), &at_ms))
		return;
	n = world_node_entry(w, p->node);
	if (!n)
		return;
	str_copy(n->agent_uid, sizeof(n->agent_uid), p->uid);
	n->agent_created_ms = at_ms;
}

void world_agent_went(struct world *w, const struct world_pod *p)
{
	struct world_node *n;

	HASH_FIND_STR(w->nodes, p->node, n);
	if (!n || !str_eq(n->agent_uid, p->uid))
		return;
	n->agent_uid[0] = '\0';
	world_node_forget(w, n);
}
