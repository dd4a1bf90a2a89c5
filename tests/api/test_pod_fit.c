/* SPDX-License-Identifier: Apache-2.0 */
/* Taints and tolerations, node selectors and node affinity: kube-scheduler's answers. */
#include "helper.h"

#include <api/pod_fit.h>
#include <base/cleanup.h>
#include <base/str.h>

static void test_tolerations(void **state)
{
	static const struct {
		const char *tolerations;
		bool tolerated; /* dedicated=gpu:NoSchedule */
	} CASES[] = {
		{"[]", false},
		{"[{'key':'dedicated','operator':'Equal','value':'gpu','effect':'NoSchedule'}]", true},
		{"[{'key':'dedicated','value':'gpu'}]", true}, /* Equal by itself; any effect */
		{"[{'key':'dedicated','value':'cpu'}]", false},
		{"[{'key':'dedicated','operator':'Exists'}]", true},
		{"[{'key':'dedicated','operator':'Exists','effect':'NoExecute'}]", false},
		{"[{'key':'other','operator':'Exists'}]", false},
		{"[{'operator':'Exists'}]", true}, /* tolerates everything */
		{"[{'operator':'Exists','effect':'PreferNoSchedule'}]", false},
		{"[{'key':'dedicated','operator':'exists'}]", false},
		{"[{'key':'x','operator':'Exists'},{'key':'dedicated','operator':'Exists','tolerationSeconds'"
		 ":30}]",
			true},
		{"'all'", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
		auto_free char *text = str_dup_fmt("{'spec':{'tolerations':%s}}", CASES[i].tolerations);
		auto_json struct json *pod = q(text);

		if (pod_fit_tolerates(pod, "dedicated", "gpu", "NoSchedule") != CASES[i].tolerated)
			fail_msg("%s", CASES[i].tolerations);
	}
}

static void test_the_first_taint_in_the_way(void **state)
{
	auto_json struct json *node =
		q("{'spec':{'taints':[{'key':'a','effect':'PreferNoSchedule'},{'key':'b','value':'1',"
		  "'effect':'NoExecute'},{'key':'c','effect':'NoSchedule'}]}}");
	auto_json struct json *plain = q("{'spec':{}}");
	auto_json struct json *some = q("{'spec':{'tolerations':[{'key':'b','operator':'Exists'}]}}");
	auto_json struct json *all = q("{'spec':{'tolerations':[{'operator':'Exists'}]}}");

	(void)state;
	assert_string_equal(json_str_at(pod_fit_taint(plain, node), "key", ""), "b");
	assert_string_equal(json_str_at(pod_fit_taint(some, node), "key", ""), "c");
	assert_null(pod_fit_taint(all, node));
	assert_null(pod_fit_taint(plain, plain));
}

static void test_node_selector(void **state)
{
	auto_json struct json *pod = q("{'spec':{'nodeSelector':{'disk':'ssd','zone':'z1'}}}");
	auto_json struct json *good = q("{'metadata':{'labels':{'disk':'ssd','zone':'z1','more':''}}}");
	auto_json struct json *bad = q("{'metadata':{'labels':{'disk':'ssd'}}}");
	auto_json struct json *none = q("{'spec':{}}");

	(void)state;
	assert_true(pod_fit_selector(pod, good));
	assert_false(pod_fit_selector(pod, bad));
	assert_true(pod_fit_selector(none, bad));
}

static void test_affinity(void **state)
{
	static const struct {
		const char *terms;
		bool fits; /* node n1 with disk=ssd, cores=16 */
	} CASES[] = {
		{"[]", false},
		{"[{}]", false}, /* an empty term matches nothing */
		{"[{'matchExpressions':[]}]", false},
		{"[{'matchExpressions':[{'key':'disk','operator':'In','values':['hdd','ssd']}]}]", true},
		{"[{'matchExpressions':[{'key':'disk','operator':'In','values':['hdd']}]}]", false},
		{"[{'matchExpressions':[{'key':'disk','operator':'NotIn','values':['hdd']}]}]", true},
		{"[{'matchExpressions':[{'key':'gone','operator':'NotIn','values':['hdd']}]}]", true},
		{"[{'matchExpressions':[{'key':'disk','operator':'Exists'}]}]", true},
		{"[{'matchExpressions':[{'key':'gone','operator':'Exists'}]}]", false},
		{"[{'matchExpressions':[{'key':'gone','operator':'DoesNotExist'}]}]", true},
		{"[{'matchExpressions':[{'key':'cores','operator':'Gt','values':['8']}]}]", true},
		{"[{'matchExpressions':[{'key':'cores','operator':'Gt','values':['16']}]}]", false},
		{"[{'matchExpressions':[{'key':'cores','operator':'Lt','values':['17']}]}]", true},
		{"[{'matchExpressions':[{'key':'disk','operator':'Gt','values':['8']}]}]", false},
		{"[{'matchExpressions':[{'key':'cores','operator':'Gt','values':['1','2']}]}]", false},
		{"[{'matchExpressions':[{'key':'cores','operator':'Near','values':['16']}]}]", false},
		/* all of a term, any of the terms */
		{"[{'matchExpressions':[{'key':'disk','operator':'Exists'},{'key':'gone','operator':'Exists'}"
		 "]}]",
			false},
		{"[{'matchExpressions':[{'key':'gone','operator':'Exists'}]},{'matchExpressions':[{'key':'"
		 "disk','operator':"
		 "'Exists'}]}]",
			true},
		{"[{'matchFields':[{'key':'metadata.name','operator':'In','values':['n1']}]}]", true},
		{"[{'matchFields':[{'key':'metadata.name','operator':'NotIn','values':['n1']}]}]", false},
		{"[{'matchFields':[{'key':'spec.podCIDR','operator':'Exists'}]}]", false},
		{"'n1'", false},
	};
	auto_json struct json *node = q("{'metadata':{'name':'n1','labels':{'disk':'ssd','cores':'16'}}}");
	auto_json struct json *free_pod =
		q("{'spec':{'affinity':{'nodeAffinity':{'preferredDuringSchedulingIgnoredDuringExecution':"
		  "[{'weight':1}]}}}}");

	(void)state;
	assert_true(pod_fit_affinity(free_pod, node, false));
	for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
		auto_free char *text = str_dup_fmt(
			"{'spec':{'affinity':{'nodeAffinity':{'"
			"requiredDuringSchedulingIgnoredDuringExecution':{'nodeSelectorTerms':%s}}}}}",
			CASES[i].terms);
		auto_json struct json *pod = q(text);

		if (pod_fit_affinity(pod, node, false) != CASES[i].fits)
			fail_msg("%s", CASES[i].terms);
	}
}

/* What a move has put in does not keep the pod from moving again; the rest counts as before. */
static void test_a_pin_is_passed_over(void **state)
{
	static const struct {
		const char *term;
		bool fits;
	} CASES[] = {
		{"{'matchFields':[{'key':'metadata.name','operator':'In','values':['n9']}]}", true},
		{"{'matchExpressions':[{'key':'disk','operator':'Exists'}],'matchFields':[{'key':'metadata."
		 "name','operator':'In',"
		 "'values':['n9']}]}",
			true},
		{"{'matchExpressions':[{'key':'gone','operator':'Exists'}],'matchFields':[{'key':'metadata."
		 "name','operator':'In',"
		 "'values':['n9']}]}",
			false},
		{"{'matchFields':[{'key':'metadata.name','operator':'NotIn','values':['n1']}]}", false},
	};
	auto_json struct json *node = q("{'metadata':{'name':'n1','labels':{'disk':'ssd'}}}");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
		auto_free char *text = str_dup_fmt(
			"{'spec':{'affinity':{'nodeAffinity':{'"
			"requiredDuringSchedulingIgnoredDuringExecution':{'nodeSelectorTerms':[%s]}}}}}",
			CASES[i].term);
		auto_json struct json *pod = q(text);

		if (pod_fit_affinity(pod, node, true) != CASES[i].fits)
			fail_msg("%s", CASES[i].term);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tolerations),
		cmocka_unit_test(test_the_first_taint_in_the_way),
		cmocka_unit_test(test_node_selector),
		cmocka_unit_test(test_affinity),
		cmocka_unit_test(test_a_pin_is_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
