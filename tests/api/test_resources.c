/* SPDX-License-Identifier: Apache-2.0 */
/* What a pod asks and a node has, and the quantities that say so. */
#include "helper.h"

#include <api/quantity.h>
#include <api/resources.h>
#include <base/cleanup.h>
#include <base/str.h>
#include <errno.h>

static void test_quantities(void **state)
{
	static const struct {
		const char *text;
		int64_t scale, want;
	} CASES[] = {
		{"0", 1, 0},
		{"1", 1, 1},
		{"+5", 1, 5},
		{"250m", 1000, 250},
		{"0.1", 1000, 100},
		{"1.5", 1000, 1500},
		{"1.0005", 1000, 1001}, /* rounded up */
		{"1n", 1000, 1},
		{"100m", 1, 1},
		{"2.", 1, 2},
		{".5", 1000, 500},
		{"1k", 1, 1000},
		{"128Mi", 1, 134217728},
		{"1.5Gi", 1, 1610612736},
		{"129e6", 1, 129000000},
		{"129E6", 1, 129000000},
		{"1e+3", 1, 1000},
		{"1e-3", 1000, 1},
		{"128974848000m", 1, 128974848},
		{"5E", 1, 5000000000000000000},
		{"8Ei", 1, INT64_MAX},
		{"999999999999999999", 1, 999999999999999999},
		{"1e100", 1, INT64_MAX},
		{"00000000000000000000007", 1, 7},
	};
	static const char *const BAD[] = {"", ".", "-1", "1.2.3", "Mi", "1mi", "1 Mi", "1KiB", "1e", "1e9999",
		"0x10", "one", "1234567890123456789"};
	int64_t got;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
		if (quantity_parse(CASES[i].text, CASES[i].scale, &got) || got != CASES[i].want)
			fail_msg("%s", CASES[i].text);
	}
	got = 42;
	for (size_t i = 0; i < ARRAY_LEN(BAD); i++)
		if (quantity_parse(BAD[i], 1, &got) != -EINVAL || got != 42)
			fail_msg("%s", BAD[i]);
	assert_int_equal(quantity_parse(NULL, 1, &got), -EINVAL);
}

static struct resources asks(struct resource_names *names, const char *spec)
{
	auto_free char *text = str_dup_fmt("{'spec':%s}", spec);
	auto_json struct json *pod = q(text);
	struct resources r;

	resources_of_pod(pod, names, &r);
	return r;
}

static void test_containers_add_up(void **state)
{
	struct resource_names names = {0};
	struct resources r = asks(&names, "{'containers':[{'resources':{'requests':{'cpu':'250m','memory':'"
					  "64Mi','example.com/gpu':'2'}}},"
					  "{'resources':{'requests':{'cpu':1,'ephemeral-storage':'1G'}}},{}],"
					  "'overhead':{'memory':'1Mi'}}");

	(void)state;
	assert_int_equal(r.of[RESOURCE_CPU], 1250);
	assert_int_equal(r.of[RESOURCE_MEMORY], 65 << 20);
	assert_int_equal(r.of[RESOURCE_EPHEMERAL], 1000000000);
	assert_int_equal(r.of[RESOURCE_PODS], 1);
	assert_int_equal(names.n, RESOURCES_COMMON + 1);
	assert_string_equal(resource_name(&names, RESOURCES_COMMON), "example.com/gpu");
	assert_int_equal(r.of[RESOURCES_COMMON], 2);
}

/* As kube-scheduler counts: whichever is more, all that runs for good, or one that runs before. */
static void test_init_containers_and_sidecars(void **state)
{
	struct resource_names names = {0};

	(void)state;
	assert_int_equal(asks(&names, "{'initContainers':[{'resources':{'requests':{'cpu':'2'}}}],"
				      "'containers':[{'resources':{'requests':{'cpu':'500m'}}}]}")
				 .of[RESOURCE_CPU],
		2000);
	assert_int_equal(asks(&names, "{'initContainers':[{'restartPolicy':'Always','resources':{'requests':{"
				      "'cpu':'300m'}}},"
				      "{'resources':{'requests':{'cpu':'1'}}}],"
				      "'containers':[{'resources':{'requests':{'cpu':'500m'}}}]}")
				 .of[RESOURCE_CPU],
		1300);
	assert_int_equal(asks(&names, "{'initContainers':[{'resources':{'requests':{'cpu':'600m'}}},"
				      "{'restartPolicy':'Always','resources':{'requests':{'cpu':'300m'}}}],"
				      "'containers':[{'resources':{'requests':{'cpu':'500m'}}}]}")
				 .of[RESOURCE_CPU],
		800);
	/* What the pod names as a whole. */
	assert_int_equal(asks(&names, "{'resources':{'requests':{'cpu':'100m'}},"
				      "'containers':[{'resources':{'requests':{'cpu':'500m'}}}]}")
				 .of[RESOURCE_CPU],
		100);
}

static void test_hostile_amounts(void **state)
{
	struct resource_names names = {0};
	struct resources r = asks(&names, "{'containers':[{'resources':{'requests':{'cpu':'9E','memory':'-5',"
					  "'ephemeral-storage':{},'pods':'7'}}},"
					  "{'resources':{'requests':{'cpu':'9E','memory':-5}}},{'resources':{"
					  "'requests':['cpu']}}],'overhead':'much'}");

	(void)state;
	assert_true(r.of[RESOURCE_CPU] == RESOURCE_ASK_MAX);
	assert_int_equal(r.of[RESOURCE_MEMORY], 0);
	assert_int_equal(r.of[RESOURCE_EPHEMERAL], 0);
	assert_int_equal(r.of[RESOURCE_PODS], 1);
	assert_int_equal(asks(&names, "'none'").of[RESOURCE_CPU], 0);
}

/* More names than there is room for: the last ones are not counted, and the first keep their numbers. */
static void test_names_are_bounded(void **state)
{
	struct resource_names names = {0};

	(void)state;
	for (int i = 0; i < 50; i++) {
		char spec[128];
		struct resources r;

		assert_int_equal(str_fmt(spec, sizeof(spec),
					 "{'containers':[{'resources':{'requests':{'x.io/%d':'3'}}}]}", i),
			0);
		r = asks(&names, spec);
		for (size_t k = RESOURCES_COMMON; k < RESOURCES_MAX; k++)
			assert_int_equal(r.of[k], k == RESOURCES_COMMON + (size_t)i ? 3 : 0);
	}
	assert_int_equal(names.n, RESOURCES_MAX);
	assert_string_equal(resource_name(&names, RESOURCES_COMMON), "x.io/0");
}

static void test_what_is_short(void **state)
{
	auto_json struct json *node = q("{'status':{'allocatable':{'cpu':'2','memory':'1Gi','pods':'110'}}}");
	struct resource_names names = {0};
	struct resources has, used = {{0}}, ask = {{[RESOURCE_CPU] = 500, [RESOURCE_PODS] = 1}};

	(void)state;
	resources_of_node(node, &names, &has);
	assert_int_equal(has.of[RESOURCE_CPU], 2000);
	assert_int_equal(resources_short(&ask, &has, &used), RESOURCES_MAX);
	used.of[RESOURCE_CPU] = 1500;
	assert_int_equal(resources_short(&ask, &has, &used), RESOURCES_MAX);
	used.of[RESOURCE_CPU] = 1501;
	assert_int_equal(resources_short(&ask, &has, &used), RESOURCE_CPU);
	used.of[RESOURCE_CPU] = 0;
	used.of[RESOURCE_PODS] = 110;
	assert_int_equal(resources_short(&ask, &has, &used), RESOURCE_PODS);
	/* Who asks for nothing fits where more is used than there is. */
	ask.of[RESOURCE_PODS] = 0;
	used.of[RESOURCE_MEMORY] = has.of[RESOURCE_MEMORY] * 2;
	assert_int_equal(resources_short(&ask, &has, &used), RESOURCES_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quantities),
		cmocka_unit_test(test_containers_add_up),
		cmocka_unit_test(test_init_containers_and_sidecars),
		cmocka_unit_test(test_hostile_amounts),
		cmocka_unit_test(test_names_are_bounded),
		cmocka_unit_test(test_what_is_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
