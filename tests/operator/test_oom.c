/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever allocation fails: no crash, no leak, and a plan that says that it is not whole. */
#include "scene.h"

#include "../base/oom.h"
#include "operator/admission/admission.h"
#include "operator/plan/placement.h"
#include "operator/plan/plan_alarms.h"
#include "operator/plan/plan_escape.h"
#include "operator/plan/plan_retention.h"
#include "operator/plan/plan_status.h"
#include "operator/plan/successor.h"
#include "operator/secrets/ca_bundle.h"

#include <base/cleanup.h>
#include <base/str.h>
#include <errno.h>
#include <string.h>

/* Made with all the memory there is; the sweeps only read it. */
static struct scene scene;

static int use_world(void)
{
	const struct json *doc[3];
	struct world w = {0};
	int rc;

	doc[0] = world_policy(&scene.w, "shop", "policy")->obj;
	doc[1] = world_pod(&scene.w, "shop", "prey")->obj;
	doc[2] = world_node(&scene.w, "node-a")->obj;
	rc = world_put_policy(&w, doc[0], NULL);
	if (!rc)
		rc = world_put_pod(&w, doc[1], NULL);
	if (!rc)
		rc = world_put_node(&w, doc[2], NULL);
	world_free(&w);
	return rc;
}

static int planned(struct actions *out)
{
	int rc = out->failed ? -ENOMEM : 0;

	actions_free(out);
	return rc;
}

static int use_alarms(void)
{
	struct actions out = {0};

	plan_alarms(&scene.w, &scene.c, scene.now_ms, 7, &out);
	return planned(&out);
}

static int use_escapes(void)
{
	struct actions out = {0};

	for (const struct world_escape *x = scene.w.escapes; x; x = x->hh.next)
		plan_escape(&scene.w, &scene.c, x, scene.now_ms, &out);
	return planned(&out);
}

static int use_status(void)
{
	struct actions out = {0};

	plan_status(&scene.w, &scene.c, world_policy(&scene.w, "shop", "policy"), scene.now_ms, &out);
	plan_retention(&scene.w, &scene.c, "shop", scene.now_ms, &out);
	return planned(&out);
}

static int use_successor(void)
{
	static const struct escape MOVE = {.namespace_ = "shop",
		.name = "x",
		.spec = {.pod_name = "prey", .successor = "x", .destination_node = "node-b"}};
	const struct json *old = world_pod(&scene.w, "shop", "prey")->obj;
	auto_json struct json *pod = successor_build(&MOVE, old);
	auto_json struct json *patch = pod ? successor_handover_patch(pod) : NULL;

	/* Without memory to compare it is not ours. */
	return patch && successor_matches(pod, pod) ? 0 : -ENOMEM;
}

static bool governs(void *arg, const struct json *pod)
{
	(void)arg;
	(void)pod;
	return true;
}

static int use_placement(void)
{
	static struct placement place;

	return placement_choose(
		&scene.w, &scene.c, world_pod(&scene.w, "shop", "prey"), NULL, 7, scene.now_ms, &place, NULL);
}

/* How many allocations a choice among so many nodes takes. */
static int placement_allocations(int nodes)
{
	int n;

	scene_begin(&scene);
	scene_policy(&scene, "");
	for (int i = 0; i < nodes; i++) {
		char name[16];

		str_fmt(name, sizeof(name), "node-%03d", i);
		scene_node(&scene, name, "[]");
	}
	scene_pod(&scene, "prey", "node-000", "");
	n = oom_sweep(use_placement);
	scene_end(&scene);
	return n;
}

static void a_choice_allocates_no_more_for_more_nodes(void **state)
{
	/* Enough for the C library to sort in memory of its own in both. */
	int few = placement_allocations(80);

	(void)state;
	assert_true(few > 1);
	assert_int_equal(placement_allocations(240), few);
}

static int use_admission(void)
{
	static const char REVIEW[] = "{\"apiVersion\":\"admission.k8s.io/"
				     "v1\",\"kind\":\"AdmissionReview\",\"request\":{\"uid\":\"a\","
				     "\"operation\":\"CREATE\",\"resource\":{\"group\":\"\",\"resource\":"
				     "\"pods\"},\"namespace\":\"shop\","
				     "\"object\":{\"spec\":{}}}}";
	auto_buf struct buf out = BUF_INIT(4096);

	return admission_review(REVIEW, sizeof(REVIEW) - 1, governs, NULL, &out, NULL);
}

static void sweep(int (*body)(void))
{
	assert_true(oom_sweep(body) > 0);
}

static void nothing_crashes_or_leaks_without_memory(void **state)
{
	static const char MOVE[] = "'destinationNode':'node-b','successor':'p-1','state':'Live'";
	char list[600];
	(void)state;
	scene_begin(&scene);
	scene.c.keep_finished = 0;
	scene_policy(&scene, "'response':{'rollbacks':0}");
	str_fmt(list, sizeof(list), "[%s]", scene_anomaly(&scene, "a1", "prey", 10));
	scene_node(&scene, "node-a", list);
	scene_node(&scene, "node-b", "[]");
	scene_pod_of_replicaset(&scene, "prey", "node-a");
	scene_pod(&scene, "neighbour", "node-a", "");
	scene_escape(&scene, "m1", "Move", "gone", "Pending", 0, MOVE, "");
	scene_escape(&scene, "m2", "Move", "gone", "Restored", 0, MOVE, "");
	scene_escape(&scene, "m3", "Move", "gone", "Succeeded", 0, MOVE, "");
	sweep(use_world);
	sweep(use_alarms);
	sweep(use_escapes);
	sweep(use_status);
	sweep(use_successor);
	sweep(use_admission);
	scene_end(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_crashes_or_leaks_without_memory),
		cmocka_unit_test(a_choice_allocates_no_more_for_more_nodes),
	};

	if (!OOM_CAN_SWEEP)
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
