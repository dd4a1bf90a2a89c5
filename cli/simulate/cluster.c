/* SPDX-License-Identifier: Apache-2.0 */
#include "cluster.h"

#include <api/policy.h>
#include <api/report.h>
#include <api/verdict.h>
#include <base/cleanup.h>
#include <base/str.h>
#include <errno.h>
#include <string.h>

enum { UNIT_MS = 1000 };

static int memory_get(struct cluster *c, size_t n, struct err *e)
{
	c->nodes = calloc(n, sizeof(*c->nodes));
	c->cpu_models = calloc(n, sizeof(*c->cpu_models));
	c->cpu_features = calloc(n, sizeof(*c->cpu_features));
	c->closed = calloc(n, sizeof(*c->closed));
	c->hacked = calloc(n, sizeof(*c->hacked));
	if (!c->nodes || !c->cpu_models || !c->cpu_features || !c->closed || !c->hacked)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for %zu nodes", n);
	return 0;
}

/* Whoever has no report cannot restore. */
static void node_add(struct cluster *c, const struct json *obj)
{
	struct node *n = &c->nodes[c->n];

	if (node_decode(obj, n, NULL))
		return;
	c->closed[c->n++] = true;
}

static bool is_hacked(const struct json *verdict)
{
	return str_eq(json_str_at(verdict, "status.state", ""), VERDICT_STATE_NAMES[VERDICT_HACKED]);
}

static void verdicts_read(struct cluster *c, const struct json *verdicts)
{
	json_foreach(obj, json_at(verdicts, "items"))
	{
		for (uint32_t i = 0; is_hacked(obj) && c->n_hacked < c->n && i < c->n; i++)
			if (str_eq(c->nodes[i].name, json_str_at(obj, "metadata.name", "")))
				c->hacked[c->n_hacked++] = i;
	}
}

static void report_add(struct cluster *c, const struct report *r)
{
	for (uint32_t i = 0; i < c->n; i++) {
		const struct node *n = &c->nodes[i];

		if (!str_eq(n->name, r->node))
			continue;
		str_copy(c->cpu_models[i], sizeof(c->cpu_models[i]), r->cpu_model);
		str_copy(c->cpu_features[i], sizeof(c->cpu_features[i]), r->cpu_features);
		c->closed[i] = !r->can_restore || !n->ready || n->unschedulable || n->noschedule_taint;
		if (r->detection_ms > 0) {
			c->td += (double)r->detection_ms / UNIT_MS;
			c->n_measured++;
		}
		return;
	}
}

static int reports_read(struct cluster *c, const struct json *reports, struct err *e)
{
	auto_free struct report *r = calloc(1, sizeof(*r));

	if (!r)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for a report");
	json_foreach(obj, json_at(reports, "items"))
	{
		/* One that cannot be read leaves its node closed. */
		if (report_decode(obj, r, NULL) == 0)
			report_add(c, r);
	}
	c->td = c->n_measured ? c->td / c->n_measured : 1;
	return 0;
}

static void policy_add(struct cluster *c, const struct policy *p)
{
	static const enum game_strategy PLAYED[] = {[STRATEGY_PREDATOR_PREY] = GAME_PREDATOR_PREY,
		[STRATEGY_RANDOM] = GAME_RANDOM,
		[STRATEGY_FARTHEST] = GAME_FARTHEST};
	struct cluster_policy *dst = &c->policies[c->n_policies];

	/* What is not a name does not come from an API server that means well. */
	if (!str_is_dns_name(p->namespace_, false) || !str_is_dns_name(p->name, true))
		return;
	c->n_policies++;
	str_fmt(dst->name, sizeof(dst->name), "%s/%s", p->namespace_, p->name);
	dst->strategy = PLAYED[p->placement.strategy];
	dst->heterogeneity_weight = p->placement.heterogeneity_weight;
}

static int policies_read(struct cluster *c, const struct json *policies, struct err *e)
{
	auto_free struct policy *p = calloc(1, sizeof(*p));

	if (!p)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for a policy");
	json_foreach(obj, json_at(policies, "items"))
	{
		if (c->n_policies < CLUSTER_POLICIES_MAX && policy_decode(obj, p, NULL) == 0)
			policy_add(c, p);
	}
	if (!c->n_policies)
		c->policies[c->n_policies++] = (struct cluster_policy){
			.name = "(no policy)", .strategy = GAME_PREDATOR_PREY, .heterogeneity_weight = 1};
	return 0;
}

int cluster_read(const struct json *nodes, const struct json *reports, const struct json *verdicts,
	const struct json *policies, struct cluster *ret, struct err *e)
{
	size_t n = json_len(json_at(nodes, "items"));
	int rc;

	*ret = (struct cluster){0};
	if (n < GAME_HOSTS_MIN || n > GAME_HOSTS_MAX)
		return err_set(e, -EINVAL, "NoForest",
			"the cluster has %zu nodes: %d to %d can be played with", n, GAME_HOSTS_MIN,
			GAME_HOSTS_MAX);
	rc = memory_get(ret, n, e);
	if (rc)
		return rc;
	json_foreach(obj, json_at(nodes, "items")) node_add(ret, obj);
	verdicts_read(ret, verdicts);
	rc = reports_read(ret, reports, e);
	return rc ? rc : policies_read(ret, policies, e);
}

void cluster_free(struct cluster *c)
{
	free(c->nodes);
	free(c->cpu_models);
	free(c->cpu_features);
	free(c->closed);
	free(c->hacked);
	*c = (struct cluster){0};
}

int cluster_graph(const struct cluster *c, double wall, struct game_graph *ret, struct err *e)
{
	auto_free struct place_node *nodes = calloc(c->n + 1, sizeof(*nodes));

	*ret = (struct game_graph){0};
	if (!nodes)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for %u nodes", c->n);
	for (uint32_t i = 0; i < c->n; i++) {
		const struct node *n = &c->nodes[i];

		nodes[i] = (struct place_node){.name = n->name,
			.trait = {[PLACE_ZONE] = n->zone,
				[PLACE_REGION] = n->region,
				[PLACE_RACK] = n->rack,
				[PLACE_KERNEL] = n->kernel,
				[PLACE_CPU_MODEL] = c->cpu_models[i],
				[PLACE_CPU_FEATURES] = c->cpu_features[i],
				[PLACE_RUNTIME] = n->runtime,
				[PLACE_OS] = n->os_image,
				[PLACE_PROVIDER] = n->provider,
				[PLACE_NETWORK] = n->network}};
	}
	return game_graph_nodes(ret, nodes, c->n, wall, e);
}
