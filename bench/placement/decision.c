/* SPDX-License-Identifier: Apache-2.0 */
#include "decision.h"

#include "operator/plan/placement.h"
#include "operator/plan/plan_alarms.h"

#include <base/cleanup.h>
#include <base/str.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PODS_PER_NODE = 30, ZONES = 3, KERNELS = 4, RUNTIMES = 2 };
#define NOW INT64_C(1800000000000)

struct cluster {
	struct world world;
	struct json **docs; /* what the world borrows */
	size_t n_docs;
};

/* ' stands for ". Kept until the end. */
__attribute__((format(printf, 2, 3))) static const struct json *doc(struct cluster *c, const char *fmt, ...)
{
	char text[1024];
	struct json *j = NULL;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	for (char *p = text; *p; p++)
		*p = *p == '\'' ? '"' : *p;
	if (json_parse(text, strlen(text), sizeof(text), &j, NULL))
		return NULL;
	c->docs[c->n_docs++] = j;
	return j;
}

/* One in fifty is cordoned, one in fifty raised an alarm: as much trouble as a large cluster has on a bad
 * day. */
static int node_add(struct cluster *c, size_t i)
{
	const char *alarm = i % 50 == 17
				    ? "{'id':'a','namespace':'other','pod':'x','podUID':'ff','container':'c',"
				      "'detectedAt':'2027-01-15T07:59:59Z'}"
				    : "";
	const struct json *node = doc(c,
		"{'metadata':{'name':'ip-10-%zu-node','labels':{'topology.kubernetes.io/zone':'z%zu'}},"
		"'spec':{'unschedulable':%s},'status':{'nodeInfo':{'kernelVersion':'6.%zu','"
		"containerRuntimeVersion':"
		"'containerd://"
		"%zu','architecture':'amd64'},'allocatable':{'cpu':'16','memory':'64Gi','pods':'110'},"
		"'conditions':[{'type':'Ready','status':'True'}]}}",
		i, i % ZONES, i % 50 == 3 ? "true" : "false", i % KERNELS, i / 7 % RUNTIMES);
	const struct json *report = doc(c,
		"{'metadata':{'name':'ip-10-%zu-node'},'status':{'heartbeat':'2027-01-15T08:00:00Z','"
		"canDetect':true,"
		"'canRestore':true,'detectionMs':500,'cpuModel':'EPYC','cpuFeatures':'aes avx avx2 "
		"sse4_2','anomalies':["
		"%s]}}",
		i, alarm);

	return !node || !report || world_put_node(&c->world, node, NULL) ||
	       world_put_report(&c->world, report, NULL);
}

/* All of a node's pods share one object, since the world keeps what it needs of it. */
static int pods_add(struct cluster *c, size_t node)
{
	struct json *pod = (struct json *)(uintptr_t)doc(c,
		"{'metadata':{'namespace':'shop','labels':{'app':'shop'}},'spec':{'nodeName':'ip-10-%zu-node'"
		",'runtimeClassName':"
		"'escape','containers':[{'name':'app','image':'i','resources':{'requests':{'cpu':'250m','"
		"memory':'1Gi'}}}]},"
		"'status':{'phase':'Running'}}",
		node);
	struct json *metadata = json_obj_at(pod, "metadata");

	for (size_t i = 0; i < PODS_PER_NODE && metadata; i++) {
		char name[64], uid[32];

		str_fmt(name, sizeof(name), "p-%zu-%zu", node, i);
		str_fmt(uid, sizeof(uid), "%08zx-%04zx", node, i);
		if (json_set_str(metadata, "name", name) || json_set_str(metadata, "uid", uid) ||
			world_put_pod(&c->world, pod, NULL))
			return -1;
	}
	return metadata ? 0 : -1;
}

static void cluster_end(struct cluster *c)
{
	world_free(&c->world);
	for (size_t i = 0; i < c->n_docs; i++)
		json_free(c->docs[i]);
	free(c->docs);
	free(c);
}

static struct cluster *cluster_new(size_t nodes)
{
	struct cluster *c = calloc(1, sizeof(*c));
	int rc;

	if (!c)
		return NULL;
	c->docs = calloc(3 * nodes + 1, sizeof(struct json *));
	rc = !c->docs ||
	     world_put_policy(&c->world,
		     doc(c, "{'metadata':{'namespace':'shop','name':'policy'},'spec':{'selector':{}}}"),
		     NULL);
	for (size_t i = 0; i < nodes && !rc; i++)
		rc = node_add(c, i) || pods_add(c, i);
	if (!rc)
		return c;
	cluster_end(c);
	return NULL;
}

/* Where to, for one pod. */
static int choose(const struct cluster *c, const struct plan_config *config, uint64_t seed)
{
	auto_free struct placement *place = calloc(1, sizeof(*place));

	return !place || placement_choose(&c->world, config, world_pod(&c->world, "shop", "p-17-3"), NULL,
				 seed, NOW, place, NULL);
}

/* Everything: whom the alarms concern, who may move, and where to. */
static int decide(const struct cluster *c, const struct plan_config *config, uint64_t seed)
{
	auto_actions struct actions out = {0};

	plan_alarms(&c->world, config, NOW, seed, &out);
	for (size_t i = 0; i < out.n; i++)
		if (out.items[i].kind == ACTION_CREATE_ESCAPE)
			return 0;
	return -1;
}

int decision_measure(size_t nodes, decision_clock clock_s, struct decision_times *ret)
{
	const struct plan_config config = PLAN_CONFIG_DEFAULT;
	struct cluster *c = cluster_new(nodes);
	int rc = c ? 0 : -1;

	for (size_t i = 0; i < DECISION_REPEATS && !rc; i++) {
		double begun = clock_s(), chosen;

		rc = choose(c, &config, i);
		chosen = clock_s();
		ret->choice_ms[i] = (chosen - begun) * 1e3;
		if (!rc)
			rc = decide(c, &config, i);
		ret->round_ms[i] = (clock_s() - chosen) * 1e3;
	}
	if (c) {
		ret->pods = HASH_COUNT(c->world.pods);
		cluster_end(c);
	}
	return rc;
}
