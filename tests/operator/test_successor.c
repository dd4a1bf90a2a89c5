/* SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"

#include "merge.h"
#include "operator/plan/successor.h"

#include <base/cleanup.h>
#include <base/str.h>
#include <string.h>

static const struct escape MOVE = {.namespace_ = "shop",
	.name = "cart-11111111",
	.spec = {.kind = ESCAPE_MOVE,
		.pod_name = "cart",
		.destination_node = "node-b",
		.successor = "cart-11111111",
		.addresses = {"10.0.1.1", "10.0.2.2"},
		.n_addresses = 2}};

/* As the API server has it: defaults filled in, token injected, scheduled. */
static const struct json *old_pod(struct scene *s)
{
	return scene_json(s,
		"{'apiVersion':'v1','kind':'Pod','metadata':{'namespace':'shop','name':'cart','uid':'a1',"
		"'resourceVersion':'9','labels':{'app':'shop','pod-template-hash':'77'},'annotations':{'team'"
		":'blue',"
		"'kubectl.kubernetes.io/last-applied-configuration':'x','cni.projectcalico.org/"
		"podIP':'10.0.2.2'},"
		"'ownerReferences':[{'apiVersion':'apps/v1','kind':'ReplicaSet','name':'cart-77','uid':'r1',"
		"'controller':true,'blockOwnerDeletion':true}]},"
		"'spec':{'nodeName':'node-a','priority':0,'preemptionPolicy':'PreemptLowerPriority','"
		"serviceAccount':'w',"
		"'serviceAccountName':'w','runtimeClassName':'escape','ephemeralContainers':[{'name':'dbg'}],"
		"'volumes':[{'name':'data','persistentVolumeClaim':{'claimName':'d'}},{'name':'kube-api-"
		"access-abcde',"
		"'projected':{}}],'containers':[{'name':'app','image':'i','volumeMounts':[{'name':'data','"
		"mountPath':"
		"'/d'},{'name':'kube-api-access-abcde','mountPath':'/var/run/secrets'}]}],"
		"'initContainers':[{'name':'init','image':'i','volumeMounts':[{'name':'kube-api-access-abcde'"
		","
		"'mountPath':'/var/run/secrets'}]}],"
		"'affinity':{'podAntiAffinity':{'x':1},'nodeAffinity':{"
		"'requiredDuringSchedulingIgnoredDuringExecution':{'nodeSelectorTerms':[{'matchExpressions':["
		"{'key':'gpu',"
		"'operator':'Exists'}]},{'matchFields':[{'key':'metadata.name','operator':'In','values':['"
		"node-a']}]}]}}},"
		"'tolerations':[{'key':'t'}]},'status':{'phase':'Running'}}");
}

static void what_is_kept_and_what_is_decided_anew(void **state)
{
	struct scene s;
	const struct json *meta, *annotations, *spec;
	(void)state;
	scene_begin(&s);
	auto_json struct json *pod = successor_build(&MOVE, old_pod(&s));

	meta = json_at(pod, "metadata");
	annotations = json_at(meta, "annotations");
	spec = json_at(pod, "spec");
	assert_string_equal(json_str_at(meta, "name", ""), "cart-11111111");
	assert_null(json_at(meta, "uid"));
	assert_null(json_at(meta, "resourceVersion"));
	assert_null(json_at(meta, "ownerReferences"));
	assert_null(json_at(pod, "status"));
	assert_int_equal(json_len(json_at(meta, "labels")), 1);
	assert_string_equal(json_str(json_member(json_at(meta, "labels"), WORLD_STAGED_LABEL)), "true");
	assert_string_equal(json_str(json_member(annotations, "team")), "blue");
	assert_string_equal(json_str(json_member(annotations, API_ANN_ESCAPE)), "cart-11111111");
	assert_string_equal(json_str(json_member(annotations, API_ANN_SUCCESSOR_OF)), "cart");
	assert_string_equal(json_str(json_member(annotations, API_ANN_ADDRESSES)), "10.0.1.1,10.0.2.2");
	assert_string_equal(json_str(json_member(annotations, API_ANN_WORKLOAD)), "cart");
	assert_null(json_member(annotations, "kubectl.kubernetes.io/last-applied-configuration"));
	assert_null(json_member(annotations, "cni.projectcalico.org/podIP"));
	assert_null(json_at(spec, "nodeName"));
	assert_null(json_at(spec, "priority"));
	assert_null(json_at(spec, "ephemeralContainers"));
	assert_string_equal(json_str_at(spec, "serviceAccountName", ""), "w");
	assert_string_equal(json_str_at(spec, "hostname", ""), "cart");
	assert_int_equal(json_len(json_at(spec, "tolerations")), 1);
	scene_end(&s);
}

static void the_token_is_left_to_admission(void **state)
{
	struct scene s;
	(void)state;
	scene_begin(&s);
	auto_json struct json *pod = successor_build(&MOVE, old_pod(&s));
	const struct json *spec = json_at(pod, "spec");
	const struct json *app = json_first(json_at(spec, "containers"));
	const struct json *init = json_first(json_at(spec, "initContainers"));

	assert_int_equal(json_len(json_at(spec, "volumes")), 1);
	assert_string_equal(json_str_at(json_first(json_at(spec, "volumes")), "name", ""), "data");
	assert_int_equal(json_len(json_at(app, "volumeMounts")), 1);
	assert_int_equal(json_len(json_at(init, "volumeMounts")), 0);
	scene_end(&s);
}

static const struct json *field_of(const struct json *term)
{
	return json_first(json_at(term, "matchFields"));
}

static void every_alternative_names_the_destination(void **state)
{
	struct scene s;
	const struct json *affinity, *terms, *second;
	(void)state;
	scene_begin(&s);
	auto_json struct json *pod = successor_build(&MOVE, old_pod(&s));

	affinity = json_at(pod, "spec.affinity");
	assert_non_null(json_at(affinity, "podAntiAffinity"));
	terms = json_at(
		affinity, "nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms");
	assert_int_equal(json_len(terms), 2);
	assert_int_equal(json_len(json_at(json_first(terms), "matchExpressions")), 1);
	assert_string_equal(json_str(json_first(json_at(field_of(json_first(terms)), "values"))), "node-b");
	/* The node of an earlier move gives way. */
	second = json_next(json_first(terms));
	assert_int_equal(json_len(json_at(second, "matchFields")), 1);
	assert_string_equal(json_str(json_first(json_at(field_of(second), "values"))), "node-b");
	scene_end(&s);
}

static void the_handover_gives_back_labels_and_owner(void **state)
{
	struct scene s;
	(void)state;
	scene_begin(&s);
	auto_json struct json *pod = successor_build(&MOVE, old_pod(&s));
	json_set_str(json_obj_at(pod, "metadata"), "uid", "b1");
	auto_json struct json *patch = successor_handover_patch(pod);

	assert_string_equal(json_str_at(patch, "metadata.uid", ""), "b1");
	merge_apply(pod, patch);
	assert_true(json_equal(json_at(pod, "metadata.labels"), json_at(old_pod(&s), "metadata.labels")));
	assert_true(json_equal(
		json_at(pod, "metadata.ownerReferences"), json_at(old_pod(&s), "metadata.ownerReferences")));
	assert_null(json_member(json_at(pod, "metadata.annotations"), SUCCESSOR_ANN_HANDOVER));
	scene_end(&s);
}

/* What the API server makes of what we built, with the labels of the node that it was bound to. */
static struct json *admitted(const struct json *built)
{
	struct json *found = json_dup(built);
	struct json *spec = json_edit(found, "spec"), *labels = json_edit(found, "metadata.labels");
	auto_json struct json *token = json_new_obj();

	json_set_str(json_obj_at(found, "metadata"), "uid", "b1");
	json_set_str(labels, "topology.kubernetes.io/zone", "zone-b");
	json_set_str(labels, "topology.kubernetes.io/region", "region-b");
	json_set_num(spec, "priority", 0);
	json_set_str(spec, "serviceAccount", "w");
	json_set_str(spec, "nodeName", "node-b");
	json_set_str(token, "name", "kube-api-access-zzzzz");
	json_add(json_edit(spec, "volumes"), json_dup(token));
	return found;
}

static void the_handover_leaves_the_labels_of_the_nodes_alone(void **state)
{
	struct scene s;
	const struct json *labels;
	(void)state;
	scene_begin(&s);
	auto_json struct json *old = json_dup(old_pod(&s));
	merge_apply(old, scene_json(&s, "{'metadata':{'labels':{'topology.kubernetes.io/zone':'zone-a',"
					"'topology.kubernetes.io/region':'region-a'}}}"));
	auto_json struct json *built = successor_build(&MOVE, old);
	auto_json struct json *pod = admitted(built);
	auto_json struct json *patch = successor_handover_patch(pod);

	assert_true(successor_matches(built, pod));
	assert_null(json_member(json_at(patch, "metadata.labels"), "topology.kubernetes.io/zone"));
	assert_null(json_member(json_at(patch, "metadata.labels"), "topology.kubernetes.io/region"));
	merge_apply(pod, patch);
	labels = json_at(pod, "metadata.labels");
	assert_string_equal(json_str(json_member(labels, "app")), "shop");
	assert_string_equal(json_str(json_member(labels, "topology.kubernetes.io/zone")), "zone-b");
	assert_string_equal(json_str(json_member(labels, "topology.kubernetes.io/region")), "region-b");
	scene_end(&s);
}

static void a_handover_that_cannot_be_read_is_an_error(void **state)
{
	struct scene s;
	(void)state;
	scene_begin(&s);
	assert_null(successor_handover_patch(scene_json(&s, "{'metadata':{'annotations':{}}}")));
	assert_null(successor_handover_patch(
		scene_json(&s, "{'metadata':{'annotations':{'escape.dev/handover':'{'}}}")));
	scene_end(&s);
}

static void our_own_successor_is_known_again(void **state)
{
	struct scene s;
	(void)state;
	scene_begin(&s);
	auto_json struct json *built = successor_build(&MOVE, old_pod(&s));
	auto_json struct json *found = admitted(built);

	assert_true(successor_matches(built, found));
	scene_end(&s);
}

/* Whoever may create pods must not be given the memory of another one. */
static void a_pod_of_the_same_name_with_anything_else_in_it_is_refused(void **state)
{
	static const char *const CHANGES[] = {
		"{'spec':{'hostPID':true}}",
		"{'spec':{'shareProcessNamespace':true}}",
		"{'spec':{'serviceAccountName':'other'}}",
		"{'spec':{'containers':[{'name':'app','image':'evil'}]}}",
		"{'spec':{'volumes':[]}}",
		"{'spec':{'ephemeralContainers':[{'name':'x'}]}}",
		"{'spec':{'runtimeClassName':null}}",
		"{'metadata':{'labels':{'app':'shop'}}}",
		"{'metadata':{'annotations':{'escape.dev/escape':'other'}}}",
		"{'metadata':{'annotations':{'escape.dev/handover':'{}'}}}",
		"{'metadata':{'ownerReferences':[{'kind':'ReplicaSet','name':'evil'}]}}",
	};
	struct scene s;
	(void)state;
	scene_begin(&s);
	for (size_t i = 0; i < ARRAY_LEN(CHANGES); i++) {
		auto_json struct json *built = successor_build(&MOVE, old_pod(&s));
		auto_json struct json *found = admitted(built);

		merge_apply(found, scene_json(&s, "%s", CHANGES[i]));
		if (successor_matches(built, found))
			fail_msg("accepted with %s", CHANGES[i]);
	}
	scene_end(&s);
}

static void a_bare_pod_without_anything(void **state)
{
	struct scene s;
	(void)state;
	scene_begin(&s);
	auto_json struct json *pod =
		successor_build(&MOVE, scene_json(&s, "{'metadata':{'namespace':'shop','name':'cart'},'spec':"
						      "{'containers':[{'name':'a'}]}}"));
	auto_json struct json *patch = successor_handover_patch(pod);

	assert_non_null(json_at(pod, "spec.affinity"));
	assert_null(json_at(pod, "spec.volumes"));
	assert_non_null(patch);
	assert_null(json_at(patch, "metadata.ownerReferences"));
	scene_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_kept_and_what_is_decided_anew),
		cmocka_unit_test(the_token_is_left_to_admission),
		cmocka_unit_test(every_alternative_names_the_destination),
		cmocka_unit_test(the_handover_gives_back_labels_and_owner),
		cmocka_unit_test(the_handover_leaves_the_labels_of_the_nodes_alone),
		cmocka_unit_test(a_handover_that_cannot_be_read_is_an_error),
		cmocka_unit_test(our_own_successor_is_known_again),
		cmocka_unit_test(a_pod_of_the_same_name_with_anything_else_in_it_is_refused),
		cmocka_unit_test(a_bare_pod_without_anything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
