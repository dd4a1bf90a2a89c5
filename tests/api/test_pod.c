/* SPDX-License-Identifier: Apache-2.0 */
#include "helper.h"

#include <api/pod.h>
#include <base/cleanup.h>
#include <base/str.h>
#include <errno.h>

static void pod_of(const char *text, struct pod *ret)
{
	auto_json struct json *j = q(text);
	struct err e = {0};

	if (pod_decode(j, ret, &e))
		fail_msg("%s", e.message);
}

static void test_decode(void **state)
{
	struct pod p;

	(void)state;
	pod_of("{'metadata':{'namespace':'shop','name':'web-7d-x','uid':'0a-b','annotations':{"
	       "'escape.dev/escape':'web-1','escape.dev/addresses':'10.0.0.1,nonsense,fd00::1,,10.0.0.2'},"
	       "'ownerReferences':[{'kind':'Other','name':'o'},{'kind':'ReplicaSet','name':'web-7d','uid':'1-"
	       "2',"
	       "'controller':true}]},"
	       "'spec':{'nodeName':'n1','runtimeClassName':'escape','containers':[{'name':'c','image':'img:1'"
	       "}],"
	       "'initContainers':[{'name':'i','image':'img:2'},{'name':'s','image':'img:3','restartPolicy':'"
	       "Always'}]},"
	       "'status':{'phase':'Running','podIP':'10.244.1.9','conditions':[{'type':'Ready','status':'"
	       "True'}],"
	       "'containerStatuses':[{'name':'c','containerID':'containerd://"
	       "abc','imageID':'img@sha256:1','restartCount':2,"
	       "'ready':true,'state':{'running':{}}}],"
	       "'initContainerStatuses':[{'name':'i','containerID':'containerd://"
	       "def','state':{'terminated':{}}}]}}",
		&p);
	assert_string_equal(p.namespace_, "shop");
	assert_string_equal(p.uid, "0a-b");
	assert_string_equal(p.node, "n1");
	assert_string_equal(p.owner_kind, "ReplicaSet");
	assert_string_equal(p.owner_uid, "1-2");
	assert_string_equal(p.escape, "web-1");
	assert_int_equal(p.n_addresses, 3);
	assert_string_equal(p.addresses[0], "10.0.0.1");
	assert_string_equal(p.addresses[1], "fd00::1");
	assert_string_equal(p.addresses[2], "10.0.0.2");
	assert_true(p.guarded && p.ready);
	assert_false(p.deleting || p.host_network);
	assert_string_equal(p.ip, "10.244.1.9");
	assert_int_equal(p.n_containers, 3);
	assert_string_equal(p.containers[0].container_id, "abc");
	assert_string_equal(p.containers[0].image_id, "img@sha256:1");
	assert_int_equal(p.containers[0].restarts, 2);
	assert_true(p.containers[0].running && p.containers[0].ready && !p.containers[0].init);
	assert_true(p.containers[1].init && !p.containers[1].running);
	assert_string_equal(p.containers[1].container_id, "def");
	/* A sidecar runs as long as the pod, whatever list it stands in. */
	assert_false(p.containers[2].init);
}

static void test_a_hostile_pod_is_still_decoded(void **state)
{
	auto_json struct json *j = q("{'metadata':{'namespace':'a','name':'b','annotations':{"
				     "'escape.dev/escape':'../../etc'}},'spec':{'containers':[]}}");
	struct json *containers = json_edit(j, "spec.containers");
	char image[600];
	struct pod p;

	(void)state;
	memset(image, 'x', sizeof(image));
	memcpy(image + sizeof(image) - 5, ":end", 5);
	for (int i = 0; i < POD_CONTAINERS_MAX + 4; i++) {
		struct json *c = json_new_obj();

		assert_int_equal(json_set_str(c, "name", "c"), 0);
		assert_int_equal(json_set_str(c, "image", image), 0);
		assert_int_equal(json_add(containers, c), 0);
	}
	assert_int_equal(pod_decode(j, &p, NULL), 0);
	assert_int_equal(p.n_containers, POD_CONTAINERS_MAX);
	assert_string_equal(p.escape, "");
	assert_int_equal(strlen(p.containers[0].image), sizeof(p.containers[0].image) - 1);
	assert_string_equal(strrchr(p.containers[0].image, ':'), ":end");
	assert_int_equal(pod_preflight(j, false, NULL), -ENOTSUP);
}

static void assert_value(const char *metadata_and_spec, int64_t value)
{
	struct pod p;

	pod_of(metadata_and_spec, &p);
	assert_int_equal(p.value, value);
}

static void test_value_is_the_annotation_or_the_priority(void **state)
{
	(void)state;
	assert_value("{'metadata':{'namespace':'a','name':'b'}}", 0);
	assert_value("{'metadata':{'namespace':'a','name':'b'},'spec':{'priority':1000}}", 1000);
	assert_value("{'metadata':{'namespace':'a','name':'b','annotations':{'escape.dev/value':'-5'}},"
		     "'spec':{'priority':1000}}",
		-5);
	assert_value("{'metadata':{'namespace':'a','name':'b','annotations':{'escape.dev/value':'much'}},"
		     "'spec':{'priority':1000}}",
		1000);
	assert_value(
		"{'metadata':{'namespace':'a','name':'b'},'spec':{'priority':3000000000}}", POD_VALUE_MAX);
}

static void test_the_wish_to_move_is_a_time_or_nothing(void **state)
{
	struct pod p;
	(void)state;
	pod_of("{'metadata':{'namespace':'a','name':'b','annotations':{'escape.dev/evicted':"
	       "'2026-11-25T02:00:00.5Z'}}}",
		&p);
	assert_int_equal(p.evicted_ms, INT64_C(1795572000500));
	pod_of("{'metadata':{'namespace':'a','name':'b','annotations':{'escape.dev/evicted':'now'}}}", &p);
	assert_int_equal(p.evicted_ms, 0);
	pod_of("{'metadata':{'namespace':'a','name':'b','annotations':{'escape.dev/evicted':"
	       "'1960-01-01T00:00:00Z'}}}",
		&p);
	assert_int_equal(p.evicted_ms, 0);
}

static void test_addresses_are_capped(void **state)
{
	struct pod p;

	(void)state;
	pod_of("{'metadata':{'namespace':'a','name':'b','annotations':{'escape.dev/addresses':"
	       "'10.0.0.1,10.0.0.2,10.0.0.3,10.0.0.4,10.0.0.5,10.0.0.6,10.0.0.7,10.0.0.8,10.0.0.9'}}}",
		&p);
	assert_int_equal(p.n_addresses, API_ADDRESSES_MAX);
}

#define LONG_NAMESPACE                                                                                       \
	"{'metadata':{'namespace':'0123456789012345678901234567890123456789012345678901234567890123','name'" \
	":'b'}}"

static void test_refused(void **state)
{
	static const char *const bad[] = {
		"{}",
		"{'metadata':{'name':'a'}}",
		"{'metadata':{'namespace':'a','name':'b','uid':'../x'}}",
		LONG_NAMESPACE,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		auto_json struct json *j = q(bad[i]);
		struct pod p;
		struct err e = {0};

		if (pod_decode(j, &p, &e) != -EINVAL || !*e.message)
			fail_msg("accepted: %s", bad[i]);
	}
}

static void test_workload(void **state)
{
#define OWNED(kind, name)                                                                                    \
	"'ownerReferences':[{'kind':'" kind "','name':'" name "','controller':true}],"                       \
	"'labels':{'pod-template-hash':'7d9f'}"
	static const struct {
		const char *meta, *workload;
	} cases[] = {
		{OWNED("ReplicaSet", "web-7d9f"), "web"},
		{OWNED("ReplicaSet", "my-web-7d9f"), "my-web"},
		{OWNED("ReplicaSet", "web7d9f"), "web7d9f"},
		{OWNED("ReplicaSet", "-7d9f"), "-7d9f"},
		{OWNED("ReplicaSet", "own"), "own"},
		{OWNED("StatefulSet", "db-7d9f"), "db-7d9f"},
		{"'labels':{}", "pod-1"},
		{"'ownerReferences':[{'kind':'ReplicaSet','name':'x'}]", "pod-1"},
		{"'annotations':{'escape.dev/successor-of':'prey'}", "prey"},
		{"'annotations':{'escape.dev/successor-of':'prey-x','escape.dev/workload':'prey'}", "prey"},
		{"'annotations':{'escape.dev/successor-of':'../x'}", "pod-1"},
		/* The owner's word counts, not what anybody can write on a pod. */
		{OWNED("ReplicaSet", "web-7d9f") ",'annotations':{'escape.dev/workload':'db'}", "web"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		auto_free char *text = str_dup_fmt("{'metadata':{'name':'pod-1',%s}}", cases[i].meta);
		auto_json struct json *j = q(text);
		char workload[API_NAME_MAX];

		assert_int_equal(pod_workload(j, workload), 0);
		assert_string_equal(workload, cases[i].workload);
	}
	assert_int_equal(pod_workload(NULL, (char[API_NAME_MAX]){0}), -EINVAL);
}

static void test_preflight(void **state)
{
	static const struct {
		const char *spec, *stays, *moves; /* reason, or NULL when it can */
	} cases[] = {
		{"'containers':[{'name':'c'}]", NULL, NULL},
		{"'hostUsers':true,'hostNetwork':false", NULL, NULL},
		{"'hostNetwork':true", "HostNetwork", "HostNetwork"},
		{"'hostPID':true", "HostPID", "HostPID"},
		{"'hostIPC':true", "HostIPC", "HostIPC"},
		{"'hostUsers':false", "HostUsers", "HostUsers"},
		{"'shareProcessNamespace':true", "SharedProcessNamespace", "SharedProcessNamespace"},
		{"'containers':[{'name':'c','tty':true}]", "Terminal", "Terminal"},
		{"'initContainers':[{'name':'c','tty':true}]", "Terminal", "Terminal"},
		{"'containers':[{'name':'c','volumeDevices':[{'name':'d'}]}]", "BlockVolume", "BlockVolume"},
		{"'containers':[{'name':'c','resources':{'limits':{'cpu':'1','memory':'1G'}}}]", NULL, NULL},
		{"'containers':[{'name':'c','resources':{'limits':{'nvidia.com/gpu':'1'}}}]",
			"DeviceResources", "DeviceResources"},
		{"'containers':[{'name':'c','resources':{'claims':[{'name':'g'}]}}]", "DeviceResources",
			"DeviceResources"},
		{"'volumes':[{'name':'v','hostPath':{'path':'/x'}}]", NULL, "HostPathVolume"},
		{"'volumes':[{'name':'v','emptyDir':{}}]", NULL, "EmptyDirVolume"},
		{"'volumes':[{'name':'v','ephemeral':{}}]", NULL, "EphemeralVolume"},
		{"'volumes':[{'name':'v','iscsi':{}}]", NULL, "ReadWriteOnceVolume"},
		{"'volumes':[{'name':'v','persistentVolumeClaim':{'claimName':'x'}},{'name':'t','projected':{"
		 "}},"
		 "{'name':'m','configMap':{}}]",
			NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		auto_free char *text = str_dup_fmt("{'metadata':{'name':'p'},'spec':{%s}}", cases[i].spec);
		auto_json struct json *j = q(text);

		for (int move = 0; move < 2; move++) {
			const char *want = move ? cases[i].moves : cases[i].stays;
			struct err e = {0};
			int rc = pod_preflight(j, move, &e);

			if (rc != (want ? -ENOTSUP : 0) || !str_eq(e.reason, want ? want : ""))
				fail_msg("%s: %d %s", cases[i].spec, rc, e.reason);
			assert_true(!want || *e.message);
		}
	}
}

static void test_preflight_by_owner(void **state)
{
	static const char *const kinds[] = {"ReplicaSet", "StatefulSet", "DaemonSet", "Job", "Node"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		auto_free char *text = str_dup_fmt(
			"{'metadata':{'ownerReferences':[{'kind':'%s','controller':true}]}}", kinds[i]);
		auto_json struct json *j = q(text);
		struct err e = {0};

		assert_int_equal(pod_preflight(j, false, &e), 0);
		assert_int_equal(pod_preflight(j, true, &e), i ? -ENOTSUP : 0);
		assert_string_equal(e.reason, i ? "OwnerNotMovable" : "");
	}
}

static void test_image_digest(void **state)
{
	char d[80];

	(void)state;
	assert_int_equal(pod_image_digest("docker.io/local/web@sha256:12ab", d, sizeof(d)), 0);
	assert_string_equal(d, "sha256:12ab");
	/* What was imported has no place it was pulled from. */
	assert_int_equal(pod_image_digest("sha256:12ab", d, sizeof(d)), 0);
	assert_string_equal(d, "sha256:12ab");
	assert_int_equal(pod_image_digest("", d, sizeof(d)), -EINVAL);
	assert_int_equal(pod_image_digest("web@", d, sizeof(d)), -EINVAL);
	assert_int_equal(pod_image_digest("web@sha256:1 2", d, sizeof(d)), -EINVAL);
	assert_true(pod_image_digest("sha256:12ab", d, 5) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_image_digest),
		cmocka_unit_test(test_decode),
		cmocka_unit_test(test_a_hostile_pod_is_still_decoded),
		cmocka_unit_test(test_value_is_the_annotation_or_the_priority),
		cmocka_unit_test(test_the_wish_to_move_is_a_time_or_nothing),
		cmocka_unit_test(test_addresses_are_capped),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_workload),
		cmocka_unit_test(test_preflight),
		cmocka_unit_test(test_preflight_by_owner),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
