/* SPDX-License-Identifier: Apache-2.0 */
#include "helper.h"

#include <api/policy.h>
#include <base/cleanup.h>
#include <base/str.h>
#include <errno.h>

#define POLICY(spec)                                                                                         \
	"{'metadata':{'namespace':'shop','name':'p','uid':'u-1','resourceVersion':'7','generation':3,"       \
	"'creationTimestamp':'2026-01-02T03:04:05Z'},'spec':" spec "}"

static void test_defaults(void **state)
{
	auto_json struct json *j = q(POLICY("{'selector':{}}"));
	struct policy p;
	struct err e = {0};

	(void)state;
	assert_int_equal(policy_decode(j, &p, &e), 0);
	assert_string_equal(p.namespace_, "shop");
	assert_string_equal(p.resource_version, "7");
	assert_int_equal(p.generation, 3);
	assert_int_equal(p.created_ms, 1767323045000);
	assert_int_equal(p.workload.type, WORKLOAD_AUTO);
	assert_int_equal(p.detection.window_size, 10);
	assert_int_equal(p.detection.epoch_size, 500);
	assert_int_equal(p.detection.threshold, 50);
	assert_int_equal(p.detection.learning.min_epochs, 20);
	assert_int_equal(p.detection.learning.stable_for, 10);
	assert_int_equal(p.detection.mode, MODE_LEARN);
	assert_int_equal(p.detection.execs, EXECS_EXCLUDE);
	assert_int_equal(p.response.rollbacks, 3);
	assert_int_equal(p.response.within_ms, 600000);
	assert_int_equal(p.response.snapshot_interval_ms, 60000);
	assert_int_equal(p.response.snapshots_kept, 3);
	assert_int_equal(p.response.safe_after_ms, 5000);
	assert_int_equal(p.response.state, STATE_AUTO);
	assert_false(p.response.dry_run);
	assert_int_equal(p.placement.strategy, STRATEGY_PREDATOR_PREY);
	assert_true(p.placement.heterogeneity_weight == 1);
	assert_int_equal(p.placement.max_concurrent, 2);
	assert_int_equal(p.placement.cooldown_ms, 300000);
	assert_int_equal(p.network.mode, NETWORK_ADDRESS);
}

static void test_given(void **state)
{
	auto_json struct json *j =
		q(POLICY("{'selector':{'matchLabels':{'a':'b'}},'detection':{'windowSize':6,'mode':'Enforce',"
			 "'execs':'Include'},"
			 "'response':{'rollbacks':0,'within':'1h30m','dryRun':true,'state':'Live'},"
			 "'placement':{'strategy':'Farthest','heterogeneityWeight':2.5},'network':{'mode':'"
			 "Service'}}"));
	struct policy p;

	(void)state;
	assert_int_equal(policy_decode(j, &p, NULL), 0);
	assert_int_equal(p.selector.n_reqs, 1);
	assert_int_equal(p.detection.window_size, 6);
	assert_int_equal(p.detection.epoch_size, 500);
	assert_int_equal(p.detection.mode, MODE_ENFORCE);
	assert_int_equal(p.detection.execs, EXECS_INCLUDE);
	assert_int_equal(p.response.rollbacks, 0);
	assert_int_equal(p.response.within_ms, 5400000);
	assert_true(p.response.dry_run);
	assert_int_equal(p.response.state, STATE_LIVE);
	assert_int_equal(p.placement.strategy, STRATEGY_FARTHEST);
	assert_true(p.placement.heterogeneity_weight == 2.5);
	assert_int_equal(p.network.mode, NETWORK_SERVICE);
}

static void test_refused(void **state)
{
	static const struct {
		const char *object, *says;
	} bad[] = {
		{"[]", "object"},
		{"{}", "metadata"},
		{POLICY("{}"), "spec.selector"},
		{POLICY("{'selector':[]}"), "spec.selector"},
		{POLICY("{'selector':{},'detection':{'windowSize':1}}"), "spec.detection.windowSize"},
		{POLICY("{'selector':{},'detection':{'windowSize':65}}"), "spec.detection.windowSize"},
		{POLICY("{'selector':{},'detection':{'epochSize':49}}"), "spec.detection.epochSize"},
		{POLICY("{'selector':{},'detection':{'threshold':500}}"), "must be less than epochSize 500"},
		{POLICY("{'selector':{},'detection':{'windowSize':60,'epochSize':50,'threshold':5}}"),
			"windowSize 60 must not exceed epochSize 50"},
		{POLICY("{'selector':{},'detection':{'mode':'Kill'}}"), "Learn, Observe, Enforce"},
		{POLICY("{'selector':{},'response':{'within':'soon'}}"), "spec.response.within"},
		{POLICY("{'selector':{},'response':{'snapshotInterval':'999ms'}}"),
			"spec.response.snapshotInterval"},
		{POLICY("{'selector':{},'response':{'snapshotsKept':21}}"), "spec.response.snapshotsKept"},
		{POLICY("{'selector':{},'placement':{'heterogeneityWeight':10.5}}"), "heterogeneityWeight"},
		{POLICY("{'selector':{},'response':7}"), "spec.response"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		auto_json struct json *j = q(bad[i].object);
		struct policy p;
		struct err e = {0};

		if (policy_decode(j, &p, &e) != -EINVAL)
			fail_msg("accepted: %s", bad[i].object);
		if (!strstr(e.message, bad[i].says))
			fail_msg("%s: %s", bad[i].object, e.message);
	}
}

static struct policy policy_of(const char *name, int64_t created_ms, const char *labels)
{
	auto_json struct json *j = q(POLICY("{'selector':{}}"));
	auto_json struct json *s = q(labels);
	struct policy p;

	assert_int_equal(policy_decode(j, &p, NULL), 0);
	assert_int_equal(selector_decode(s, &p.selector, NULL), 0);
	assert_int_equal(str_copy(p.name, sizeof(p.name), name), 0);
	p.created_ms = created_ms;
	return p;
}

#define POD(namespace_, meta)                                                                                \
	"{'metadata':{'namespace':'" namespace_ "','name':'x','labels':{'app':'web'}" meta "}}"

static void test_selects(void **state)
{
	static const struct {
		const char *pod;
		bool selected;
	} cases[] = {
		{POD("shop", ""), true},
		{POD("other", ""), false},
		{POD("shop", ",'annotations':{'escape.dev/exempt':'true'}"), false},
		{POD("shop", ",'annotations':{'escape.dev/exempt':'yes'}"), false},
		{POD("shop", ",'annotations':{'escape.dev/exempt':'false'}"), true},
		{POD("shop", ",'annotations':{'kubernetes.io/config.mirror':'abc'}"), false},
		{POD("shop", ",'ownerReferences':[{'kind':'DaemonSet','controller':true}]"), true},
		{"{}", false},
	};
	struct policy p = policy_of("p", 1, "{'matchLabels':{'app':'web'}}");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		auto_json struct json *pod = q(cases[i].pod);

		if (policy_selects(&p, pod) != cases[i].selected)
			fail_msg("%s", cases[i].pod);
	}
}

static void test_daemons_of_the_system_are_left_alone(void **state)
{
	auto_json struct json *daemon =
		q(POD("kube-system", ",'ownerReferences':[{'kind':'DaemonSet','controller':true}]"));
	auto_json struct json *plain = q(POD("kube-system", ""));
	struct policy p = policy_of("p", 1, "{}");

	(void)state;
	strcpy(p.namespace_, "kube-system");
	assert_false(policy_selects(&p, daemon));
	assert_true(policy_selects(&p, plain));
}

static void test_the_oldest_governs(void **state)
{
	auto_json struct json *pod = q(POD("shop", ""));
	struct policy young = policy_of("a", 30, "{}"), old = policy_of("z", 10, "{}");
	struct policy twin = policy_of("m", 10, "{}"),
		      other = policy_of("b", 1, "{'matchLabels':{'app':'db'}}");
	const struct policy *all[] = {&young, &old, &twin, &other};

	(void)state;
	assert_ptr_equal(policy_for_pod(all, 4, pod), &twin);
	assert_ptr_equal(policy_for_pod(all, 2, pod), &old);
	assert_ptr_equal(policy_for_pod(all + 3, 1, pod), NULL);
	assert_ptr_equal(policy_for_pod(NULL, 0, pod), NULL);
}

/* The policy's word counts; where it leaves it open, the pod's. */
static void test_who_is_stateless(void **state)
{
	auto_json struct json *plain = q(POD("shop", ""));
	auto_json struct json *says =
		q(POD("shop", ",'annotations':{'escape.dev/workload-type':'stateless'}"));
	auto_json struct json *other =
		q(POD("shop", ",'annotations':{'escape.dev/workload-type':'Stateless!'}"));
	struct policy p = policy_of("p", 1, "{}");

	(void)state;
	assert_false(policy_stateless(&p, plain));
	assert_true(policy_stateless(&p, says));
	assert_false(policy_stateless(&p, other));
	assert_false(policy_stateless(&p, NULL));
	p.workload.type = WORKLOAD_STATEFUL;
	assert_false(policy_stateless(&p, says));
	p.workload.type = WORKLOAD_STATELESS;
	assert_true(policy_stateless(&p, plain));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_given),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_selects),
		cmocka_unit_test(test_daemons_of_the_system_are_left_alone),
		cmocka_unit_test(test_the_oldest_governs),
		cmocka_unit_test(test_who_is_stateless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
