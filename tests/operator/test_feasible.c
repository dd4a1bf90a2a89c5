/* SPDX-License-Identifier: Apache-2.0 */
/* Each reason that keeps a pod from a node, and what moves leave behind. */
#include "scene.h"

#include "operator/plan/feasible.h"

#include <base/cleanup.h>
#include <base/str.h>

static void begin(struct scene *s)
{
	scene_begin(s);
	scene_policy(s, "");
	scene_node(s, "node-a", "[]");
	scene_node(s, "node-b", "[]");
	scene_pod(s, "prey", "node-a", "");
}

#define READY "'conditions':[{'type':'Ready','status':'True'}]"
#define ROOM "'allocatable':{'cpu':'4','memory':'8Gi','pods':'110'}"

static void node_b(struct scene *s, const char *labels, const char *spec, const char *status)
{
	scene_put(s, "{'kind':'Node','metadata':{'name':'node-b','labels':{%s}},'spec':{%s},'status':{%s}}",
		labels, spec, status);
}

static void prey(struct scene *s, const char *spec)
{
	scene_put(s,
		"{'kind':'Pod','metadata':{'namespace':'shop','name':'prey','labels':{'app':'shop'}},'spec':{"
		"'nodeName':'node-a','runtimeClassName':'escape'%s%s},'status':{'phase':'Running'}}",
		*spec ? "," : "", spec);
}

static void report(struct scene *s, const char *node, const char *more)
{
	scene_put(s,
		"{'kind':'NodeReport','metadata':{'name':'%s'},'status':{'heartbeat':'2027-01-15T08:00:00Z',"
		"'canRestore':true%s%s}}",
		node, *more ? "," : "", more);
}

/* Why not; valid until the next call. */
static const char *why_not(
	struct scene *s, const char *node, const struct actions *planned, uint32_t *ret_crowd)
{
	static char why[FEASIBLE_WHY_MAX];
	struct feasible f;
	const struct world_node *n = world_node(&s->w, node);
	bool can;

	assert_int_equal(
		feasible_begin(&s->w, &s->c, world_pod(&s->w, "shop", "prey"), planned, s->now_ms, &f, NULL),
		0);
	can = feasible_node(&f, n, why);
	assert_int_equal(can, !*why);
	if (ret_crowd)
		*ret_crowd = feasible_crowd(&f, n);
	feasible_end(&f);
	return why;
}

static void reason(struct scene *s, const char *want)
{
	assert_string_equal(why_not(s, "node-b", NULL, NULL), want);
}

static void source_readiness_and_taints(void **state)
{
	struct scene s;

	(void)state;
	begin(&s);
	reason(&s, "");
	assert_string_equal(why_not(&s, "node-a", NULL, NULL), "it is the source");
	node_b(&s, "", "", ROOM ",'conditions':[{'type':'Ready','status':'False'}]");
	reason(&s, "it is not Ready");
	node_b(&s, "", "'unschedulable':true", ROOM "," READY);
	reason(&s, "it is cordoned");
	prey(&s, "'tolerations':[{'key':'node.kubernetes.io/unschedulable','operator':'Exists'}]");
	reason(&s, "");
	node_b(&s, "",
		"'taints':[{'key':'soft','effect':'PreferNoSchedule'},{'key':'dedicated','value':'db','"
		"effect':'NoSchedule'}]",
		ROOM "," READY);
	reason(&s, "the pod does not tolerate its taint dedicated:NoSchedule");
	prey(&s, "'tolerations':[{'key':'dedicated','operator':'Equal','value':'db','effect':'NoSchedule'}]");
	reason(&s, "");
	scene_end(&s);
}

static void selector_and_affinity(void **state)
{
	struct scene s;

	(void)state;
	begin(&s);
	prey(&s, "'nodeSelector':{'disk':'ssd'}");
	reason(&s, "it does not match the pod's nodeSelector");
	node_b(&s, "'disk':'ssd'", "", ROOM "," READY);
	reason(&s, "");
	prey(&s, "'affinity':{'nodeAffinity':{'requiredDuringSchedulingIgnoredDuringExecution':{'"
		 "nodeSelectorTerms':[{"
		 "'matchExpressions':[{'key':'disk','operator':'In','values':['hdd']}]}]}}}");
	reason(&s, "it does not match the pod's required node affinity");
	node_b(&s, "'disk':'hdd'", "", ROOM "," READY);
	reason(&s, "");
	scene_end(&s);
}

#define PIN                                                                                                  \
	"'affinity':{'nodeAffinity':{'requiredDuringSchedulingIgnoredDuringExecution':{'nodeSelectorTerms':" \
	"[{'"                                                                                                \
	"matchFields':[{'key':'metadata.name','operator':'In','values':['node-a']}]}]}}}"

/* A pod that has moved is pinned to where it is, and may move again; whoever pins a pod by hand means it. */
static void a_successor_moves_again(void **state)
{
	struct scene s;

	(void)state;
	begin(&s);
	prey(&s, PIN);
	reason(&s, "it does not match the pod's required node affinity");
	scene_put(&s, "{'kind':'Pod','metadata':{'namespace':'shop','name':'prey','labels':{'app':'shop'},'"
		      "annotations':{'escape.dev/"
		      "escape':'m'}},'spec':{'nodeName':'node-a'," PIN "},'status':{'phase':'Running'}}");
	reason(&s, "");
	scene_end(&s);
}

static void the_agent(void **state)
{
	struct scene s;
	char list[600];

	(void)state;
	begin(&s);
	str_fmt(list, sizeof(list), "[%s]", scene_anomaly(&s, "z", "other", s.c.forgive_ms - 1));
	scene_node(&s, "node-b", list);
	reason(&s, "it is hacked");
	s.now_ms += 1;
	reason(&s, "");
	scene_put(&s, "{'kind':'NodeReport','metadata':{'name':'node-b'},'status':{'heartbeat':'2027-01-"
		      "15T08:00:00Z'}}");
	reason(&s, "its agent says that it cannot restore (see its NodeReport)");
	s.now_ms += 60000;
	reason(&s, "its agent is silent");
	world_drop_report(&s.w, "node-b");
	reason(&s, "no agent reports from it");
	scene_end(&s);
}

static void what_the_dump_needs(void **state)
{
	struct scene s;

	(void)state;
	begin(&s);
	report(&s, "node-a", "'cpuFeatures':'aes avx avx2 sse4_2','criuVersion':'4.1.1'");
	reason(&s, ""); /* it says nothing of either */
	report(&s, "node-b", "'cpuFeatures':'aes avx avx2 avx512f sse4_2','criuVersion':'4.1'");
	reason(&s, "");
	report(&s, "node-b", "'cpuFeatures':'aes avx sse4_2','criuVersion':'4.2'");
	reason(&s, "its CPU lacks avx2, which the source's has");
	report(&s, "node-b", "'cpuFeatures':'avx avx2 sse4_2'");
	reason(&s, "its CPU lacks aes, which the source's has");
	report(&s, "node-b", "'cpuFeatures':'aes avx avx2'");
	reason(&s, "its CPU lacks sse4_2, which the source's has");
	report(&s, "node-b", "'criuVersion':'3.17.1'");
	reason(&s, "its CRIU 3.17.1 is older than the source's 4.1.1");
	report(&s, "node-b", "'criuVersion':'unknown'");
	reason(&s, "");
	scene_put(&s, "{'kind':'Node','metadata':{'name':'node-a'},'status':{'nodeInfo':{'architecture':'"
		      "amd64'}}}");
	node_b(&s, "", "", ROOM "," READY ",'nodeInfo':{'architecture':'arm64'}");
	reason(&s, "its CPU is arm64, the source's amd64");
	scene_end(&s);
}

static void other(struct scene *s, const char *name, const char *requests, const char *phase)
{
	scene_put(s,
		"{'kind':'Pod','metadata':{'namespace':'other','name':'%s'},'spec':{'nodeName':'node-b','"
		"containers':[{"
		"'resources':{'requests':{%s}}}]},'status':{'phase':'%s'}}",
		name, requests, phase);
}

static void capacity(void **state)
{
	struct scene s;

	(void)state;
	begin(&s);
	prey(&s, "'containers':[{'resources':{'requests':{'cpu':'1500m','memory':'1Gi'}}}]");
	reason(&s, "");
	other(&s, "x", "'cpu':'2500m'", "Running");
	reason(&s, "");
	other(&s, "y", "'cpu':'1m'", "Pending");
	reason(&s, "too little cpu: 1500 asked, 1499 of 4000 free");
	other(&s, "y", "'cpu':'1m'", "Succeeded"); /* it gives back what it had */
	reason(&s, "");
	other(&s, "x", "'cpu':'3'", "Running"); /* it changed */
	reason(&s, "too little cpu: 1500 asked, 1000 of 4000 free");
	world_drop_pod(&s.w, "other", "x");
	reason(&s, "");
	node_b(&s, "", "", READY ",'allocatable':{'cpu':'4','memory':'8Gi','pods':'1'}");
	reason(&s, "");
	other(&s, "z", "", "Running");
	reason(&s, "too little pods: 1 asked, 0 of 1 free");
	node_b(&s, "", "", READY);
	reason(&s, "too little cpu: 1500 asked, 0 of 0 free");
	prey(&s, "'containers':[{'resources':{'requests':{'hugepages-2Mi':'64Mi'}}}]");
	node_b(&s, "", "", READY "," ROOM);
	reason(&s, "too little hugepages-2Mi: 67108864 asked, 0 of 0 free");
	scene_end(&s);
}

/* The usage of a node is kept as pods come and go, in whichever order the objects arrive. */
static void usage_before_the_node_is_known(void **state)
{
	struct scene s;

	(void)state;
	scene_begin(&s);
	other(&s, "x", "'cpu':'2'", "Running");
	other(&s, "y", "'cpu':'1'", "Running");
	scene_node(&s, "node-b", "[]");
	assert_int_equal(world_node(&s.w, "node-b")->used.of[RESOURCE_CPU], 3000);
	assert_int_equal(world_node(&s.w, "node-b")->used.of[RESOURCE_PODS], 2);
	world_drop_node(&s.w, "node-b");
	world_drop_report(&s.w, "node-b");
	assert_false(world_node(&s.w, "node-b")->known);
	world_drop_pod(&s.w, "other", "x");
	world_drop_pod(&s.w, "other", "y");
	assert_null(world_node(&s.w, "node-b"));
	scene_end(&s);
}

#define TO_B "'destinationNode':'node-b','successor':'heir','state':'Live'"

/* What is on its way takes its room before it is there, and is counted once. */
static void moves_under_way_take_room(void **state)
{
	struct scene s;
	uint32_t crowd;

	(void)state;
	begin(&s);
	prey(&s, "'containers':[{'resources':{'requests':{'cpu':'1'}}}]");
	scene_put(&s, "{'kind':'Pod','metadata':{'namespace':'shop','name':'elder'},'spec':{'nodeName':'node-"
		      "c','containers':[{"
		      "'resources':{'requests':{'cpu':'3500m'}}}]},'status':{'phase':'Running'}}");
	scene_escape(&s, "m", "Move", "elder", "Staging", 1000, TO_B, "");
	assert_string_equal(
		why_not(&s, "node-b", NULL, &crowd), "too little cpu: 1000 asked, 500 of 4000 free");
	assert_int_equal(crowd, 1);
	scene_put(&s, "{'kind':'Pod','metadata':{'namespace':'shop','name':'heir'},'spec':{'nodeName':'node-"
		      "b','containers':[{"
		      "'resources':{'requests':{'cpu':'3500m'}}}]},'status':{}}");
	assert_string_equal(
		why_not(&s, "node-b", NULL, &crowd), "too little cpu: 1000 asked, 500 of 4000 free");
	assert_int_equal(crowd, 1);
	scene_escape(&s, "m", "Move", "elder", "Succeeded", 1000, TO_B, "");
	why_not(&s, "node-b", NULL, &crowd);
	assert_int_equal(crowd, 0);
	scene_end(&s);
}

static void moves_of_this_round_take_room(void **state)
{
	auto_actions struct actions planned = {0};
	struct scene s;
	uint32_t crowd;

	(void)state;
	begin(&s);
	prey(&s, "'containers':[{'resources':{'requests':{'cpu':'2500m'}}}]");
	action_add(&planned, ACTION_CREATE_ESCAPE, "shop", "m", "")->object = json_dup(scene_json(
		&s, "{'spec':{'kind':'Move','podUID':'%s','destinationNode':'node-b'}}", scene_uid("prey")));
	assert_string_equal(
		why_not(&s, "node-b", &planned, &crowd), "too little cpu: 2500 asked, 1500 of 4000 free");
	assert_int_equal(crowd, 1);
	assert_string_equal(why_not(&s, "node-b", NULL, &crowd), "");
	assert_int_equal(crowd, 0);
	scene_end(&s);
}

#define FROM_B "'destinationNode':'node-a','successor':'prey','state':'Live'"

static void arrival(struct scene *s, const char *phase, const char *reason_, int64_t age_ms)
{
	char status[128];

	str_fmt(status, sizeof(status), ",'successorUID':'%s'", scene_uid("prey"));
	scene_put(s,
		"{'kind':'Escape','metadata':{'namespace':'shop','name':'arrival','creationTimestamp':'%s'},'"
		"spec':{'kind':"
		"'Move','reason':'%s','podName':'first','podUID':'%s','sourceNode':'node-b'," FROM_B
		"},'status':{'phase':'%s'%s}}",
		age_ms == 9000 ? "2027-01-15T07:59:51Z" : "2027-01-15T07:49:59Z", reason_, scene_uid("first"),
		phase, status);
}

/* Never straight back, whether the alarm is still in the report or not; after a while it may. */
static void not_straight_back(void **state)
{
	struct scene s;

	(void)state;
	begin(&s);
	arrival(&s, "Succeeded", "PersistentAttack", 9000);
	reason(&s, "the pod escaped from it 9 s ago");
	arrival(&s, "Restored", "PersistentAttack", 9000);
	reason(&s, "");
	world_drop_escape(&s.w, "shop", "arrival");
	arrival(&s, "Succeeded", "Evicted", 9000); /* nothing was wrong there */
	reason(&s, "");
	world_drop_escape(&s.w, "shop", "arrival");
	arrival(&s, "Succeeded", "PersistentAttack", 601000);
	reason(&s, "");
	scene_policy(&s, "'placement':{'cooldown':'11m'}");
	reason(&s, "the pod escaped from it 601 s ago");
	scene_end(&s);
}

/* Nor to where it was two moves ago. */
static void not_back_by_a_detour(void **state)
{
	struct scene s;
	char status[128];

	(void)state;
	begin(&s);
	arrival(&s, "Succeeded", "NodeHacked", 9000);
	str_fmt(status, sizeof(status), ",'successorUID':'%s'", scene_uid("first"));
	scene_node(&s, "node-c", "[]");
	scene_put(&s,
		"{'kind':'Escape','metadata':{'namespace':'shop','name':'before','creationTimestamp':'2027-"
		"01-15T07:59:00Z'},"
		"'spec':{'kind':'Move','podName':'zeroth','podUID':'%s','sourceNode':'node-c','"
		"destinationNode':'node-b',"
		"'successor':'first','state':'Live'},'status':{'phase':'Succeeded'%s}}",
		scene_uid("zeroth"), status);
	assert_string_equal(why_not(&s, "node-c", NULL, NULL), "the pod escaped from it 60 s ago");
	scene_end(&s);
}

/* Where a move of it was called off, others are tried first. */
static void a_failed_destination_comes_second(void **state)
{
	struct scene s;
	uint32_t crowd;

	(void)state;
	begin(&s);
	scene_escape(&s, "m", "Move", "prey", "Aborted", 5000, TO_B, "");
	assert_string_equal(why_not(&s, "node-b", NULL, &crowd), "");
	assert_int_equal(crowd, 1);
	s.now_ms += s.c.forgive_ms;
	why_not(&s, "node-b", NULL, &crowd);
	assert_int_equal(crowd, 0);
	scene_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(source_readiness_and_taints),
		cmocka_unit_test(selector_and_affinity),
		cmocka_unit_test(a_successor_moves_again),
		cmocka_unit_test(the_agent),
		cmocka_unit_test(what_the_dump_needs),
		cmocka_unit_test(capacity),
		cmocka_unit_test(usage_before_the_node_is_known),
		cmocka_unit_test(moves_under_way_take_room),
		cmocka_unit_test(moves_of_this_round_take_room),
		cmocka_unit_test(not_straight_back),
		cmocka_unit_test(not_back_by_a_detour),
		cmocka_unit_test(a_failed_destination_comes_second),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
