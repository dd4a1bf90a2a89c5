/* SPDX-License-Identifier: Apache-2.0 */
#include "helper.h"

#include <api/pod.h>
#include <base/cleanup.h>
#include <errno.h>

static struct node node_of(const char *text)
{
	auto_json struct json *j = q(text);
	struct node n;
	struct err e = {0};

	if (node_decode(j, &n, &e))
		fail_msg("%s", e.message);
	return n;
}

static void test_decode(void **state)
{
	struct node n = node_of(
		"{'metadata':{'name':'n1','labels':{'topology.kubernetes.io/"
		"zone':'z1','topology.kubernetes.io/region':'r1'}},"
		"'spec':{'podCIDR':'10.244.1.0/24'},"
		"'status':{'addresses':[{'type':'Hostname','address':'n1'},{'type':'InternalIP','address':'"
		"10.88.0.2'},"
		"{'type':'InternalIP','address':'fd00::2'}],"
		"'conditions':[{'type':'MemoryPressure','status':'True'},{'type':'Ready','status':'True'}],"
		"'nodeInfo':{'kernelVersion':'6.1.0','containerRuntimeVersion':'containerd://"
		"2.1','osImage':'Debian',"
		"'architecture':'amd64'}}}");

	(void)state;
	assert_string_equal(n.name, "n1");
	assert_string_equal(n.internal_ip, "10.88.0.2");
	assert_string_equal(n.pod_cidr, "10.244.1.0/24");
	assert_string_equal(n.zone, "z1");
	assert_string_equal(n.region, "r1");
	assert_string_equal(n.kernel, "6.1.0");
	assert_string_equal(n.runtime, "containerd://2.1");
	assert_string_equal(n.arch, "amd64");
	assert_true(n.ready);
	assert_false(n.unschedulable || n.out_of_service || n.noschedule_taint);
}

static void test_what_makes_it_different(void **state)
{
	struct node n =
		node_of("{'metadata':{'name':'n1','labels':{'topology.rook.io/rack':'r7'}},'spec':{'"
			"providerID':'aws:///eu-west-1a/i-0'},'status':{'addresses':[{'type':'InternalIP','"
			"address':'10.88.7.2'}]}}");

	(void)state;
	assert_string_equal(n.rack, "r7");
	assert_string_equal(n.provider, "aws");
	assert_string_equal(n.network, "10.88.7.0");
	n = node_of("{'metadata':{'name':'n1','labels':{'escape.dev/network':'dmz','escape.dev/"
		    "rack':'r1','topology."
		    "rook.io/rack':'r7'}},'spec':{'providerID':'no scheme'},'status':{'addresses':[{'type':'"
		    "InternalIP','address':'fd00:1:2:3:4::2'}]}}");
	assert_string_equal(n.rack, "r1");
	assert_string_equal(n.provider, "");
	assert_string_equal(n.network, "dmz");
	n = node_of("{'metadata':{'name':'n1'},'status':{'addresses':[{'type':'InternalIP','address':'fd00:1:"
		    "2:3:4::"
		    "2'}]}}");
	assert_string_equal(n.network, "fd00:1:2:3::");
	n = node_of(
		"{'metadata':{'name':'n1'},'status':{'addresses':[{'type':'InternalIP','address':'here'}]}}");
	assert_string_equal(n.network, "");
}

static void test_trouble(void **state)
{
	struct node n = node_of("{'metadata':{'name':'n1'},'spec':{'unschedulable':true,'taints':[{'key':'a',"
				"'effect':'PreferNoSchedule'},"
				"{'key':'node.kubernetes.io/out-of-service','effect':'NoExecute'}]},"
				"'status':{'conditions':[{'type':'Ready','status':'Unknown'}]}}");

	(void)state;
	assert_false(n.ready);
	assert_true(n.unschedulable);
	assert_true(n.out_of_service);
	assert_true(n.noschedule_taint);
	n = node_of("{'metadata':{'name':'n1'},'spec':{'taints':[{'key':'a','effect':'PreferNoSchedule'}]}}");
	assert_false(n.noschedule_taint);
	assert_false(n.ready);
}

static void test_refused(void **state)
{
	auto_json struct json *j = q("{'metadata':{}}");
	struct node n;

	(void)state;
	assert_int_equal(node_decode(j, &n, NULL), -EINVAL);
	assert_int_equal(node_decode(NULL, &n, NULL), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decode),
		cmocka_unit_test(test_what_makes_it_different),
		cmocka_unit_test(test_trouble),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
