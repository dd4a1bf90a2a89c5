/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/world/world_priv.h"

#include <base/cleanup.h>
#include <base/str.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <utlist.h>

struct world_node *world_node_entry(struct world *w, const char *name)
{
	struct world_node *entry;

	HASH_FIND_STR(w->nodes, name, entry);
	if (entry)
		return entry;
	entry = calloc(1, sizeof(*entry));
	if (!entry)
		return NULL;
	str_copy(entry->name, sizeof(entry->name), name);
	HASH_ADD_STR(w->nodes, name, entry);
	if (entry->hh.tbl)
		return entry;
	free(entry);
	return NULL;
}

void world_node_forget(struct world *w, struct world_node *n)
{
	if (n->known || n->reported || n->verdict || n->leased || n->foreign || *n->agent_uid || n->pods)
		return;
	HASH_DEL(w->nodes, n);
	free(n);
}

int world_put_node(struct world *w, const struct json *obj, struct err *e)
{
	struct world_node *entry;
	struct node node;

	if (node_decode(obj, &node, e)) {
		world_drop_node(w, json_str_at(obj, "metadata.name", ""));
		return e ? e->code : -EINVAL;
	}
	entry = world_node_entry(w, node.name);
	if (!entry)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for node %s", node.name);
	entry->known = true;
	entry->node = node;
	entry->obj = obj;
	resources_of_node(obj, &w->resources, &entry->allocatable);
	return 0;
}

void world_drop_node(struct world *w, const char *name)
{
	struct world_node *entry;

	HASH_FIND_STR(w->nodes, name, entry);
	if (!entry)
		return;
	entry->known = false;
	entry->obj = NULL;
	world_node_forget(w, entry);
}

int world_pod_settle(struct world *w, struct world_pod *p)
{
	if (!*p->node || p->ended)
		return 0;
	p->on = world_node_entry(w, p->node);
	if (!p->on)
		return -ENOMEM;
	resources_add(&p->on->used, &p->asks);
	DL_APPEND2(p->on->pods, p, on_prev, on_next);
	p->on->n_pods++;
	return 0;
}

void world_pod_unsettle(struct world *w, struct world_pod *p)
{
	struct world_node *n = TAKE_PTR(p->on);

	if (!n)
		return;
	resources_take(&n->used, &p->asks);
	DL_DELETE2(n->pods, p, on_prev, on_next);
	n->n_pods--;
	world_node_forget(w, n);
}

static void report_clear(struct world_node *n)
{
	free(TAKE_PTR(n->cpu_features));
	free(n->anomalies);
	free(n->guarded);
	n->anomalies = NULL;
	n->guarded = NULL;
	n->n_anomalies = 0;
	n->n_guarded = 0;
	n->reported = false;
}

static int report_fill(struct world_node *n, const struct report *r)
{
	report_clear(n);
	n->anomalies = calloc(r->n_anomalies + 1, sizeof(*n->anomalies));
	n->guarded = calloc(r->n_containers + 1, sizeof(*n->guarded));
	n->cpu_features = *r->cpu_features ? strdup(r->cpu_features) : NULL;
	if (!n->anomalies || !n->guarded || (*r->cpu_features && !n->cpu_features)) {
		report_clear(n);
		return -ENOMEM;
	}
	memcpy(n->anomalies, r->anomalies, r->n_anomalies * sizeof(*n->anomalies));
	n->n_anomalies = r->n_anomalies;
	for (size_t i = 0; i < r->n_containers; i++) {
		const struct report_container *c = &r->containers[i];

		if (str_eq(c->state, "Unprotected"))
			continue;
		str_copy(n->guarded[n->n_guarded].pod_uid, API_UID_MAX, c->pod_uid);
		n->guarded[n->n_guarded].full = str_starts(c->message, "ProfileFull");
		n->guarded[n->n_guarded++].learning = str_eq(c->state, "Learning");
	}
	n->heartbeat_ms = r->heartbeat_ms;
	n->detection_ms = r->detection_ms;
	n->can_restore = r->can_restore;
	str_copy(n->cpu_model, sizeof(n->cpu_model), r->cpu_model);
	str_copy(n->criu_version, sizeof(n->criu_version), r->criu_version);
	*n->cpu_features_id = '\0';
	if (n->cpu_features)
		str_fmt(n->cpu_features_id, sizeof(n->cpu_features_id), "%016" PRIx64,
			str_hash64(n->cpu_features, strlen(n->cpu_features)));
	n->reported = true;
	return 0;
}

int world_put_report(struct world *w, const struct json *obj, struct err *e)
{
	auto_free struct report *r = malloc(sizeof(*r));
	struct world_node *entry;

	if (!r)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for a NodeReport");
	if (report_decode(obj, r, e)) {
		world_drop_report(w, json_str_at(obj, "metadata.name", ""));
		return e ? e->code : -EINVAL;
	}
	entry = world_node_entry(w, r->node);
	if (!entry || report_fill(entry, r)) {
		world_drop_report(w, r->node);
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for the report of %s", r->node);
	}
	return 0;
}

void world_drop_report(struct world *w, const char *name)
{
	struct world_node *entry;

	HASH_FIND_STR(w->nodes, name, entry);
	if (!entry)
		return;
	report_clear(entry);
	world_node_forget(w, entry);
}

const struct world_node *world_node(const struct world *w, const char *name)
{
	struct world_node *entry;

	HASH_FIND_STR(w->nodes, name, entry);
	return entry;
}

void world_nodes_free(struct world *w)
{
	struct world_node *n, *next;

	HASH_ITER(hh, w->nodes, n, next)
	{
		HASH_DEL(w->nodes, n);
		report_clear(n);
		free(n->verdict);
		free(n->foreign);
		free(n);
	}
}
