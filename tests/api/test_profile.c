/* SPDX-License-Identifier: Apache-2.0 */
#include "helper.h"

#include <api/profile.h>
#include <base/cleanup.h>
#include <base/str.h>
#include <errno.h>

#define PROFILE(more)                                                                                        \
	"{'metadata':{'namespace':'shop','name':'n'},'spec':{'workload':'web','container':'c','image':'i',"  \
	"'windowSize':10" more "}}"

static void test_round_trip(void **state)
{
	uint64_t bags[] = {0, 1, 0x0123456789abcdef, UINT64_MAX};
	struct profile p = {.namespace_ = "shop",
		.name = "web-c-1",
		.policy = "p",
		.workload = "web",
		.container = "c",
		.image = "a@sha256:00",
		.window_size = 10,
		.state = PROFILE_READY,
		.epochs = 21,
		.bags = bags,
		.n_bags = 4};
	auto_json struct json *j = profile_encode(&p);
	struct profile r;
	struct err e = {0};

	(void)state;
	assert_non_null(j);
	assert_int_equal(json_int_at(j, "spec.bagCount", -1), 4);
	assert_string_equal(json_str_at(j, "kind", ""), "BehaviorProfile");
	assert_int_equal(profile_decode(j, &r, &e), 0);
	assert_string_equal(r.workload, "web");
	assert_string_equal(r.image, p.image);
	assert_int_equal(r.state, PROFILE_READY);
	assert_int_equal(r.epochs, 21);
	assert_int_equal(r.n_bags, 4);
	assert_memory_equal(r.bags, bags, sizeof(bags));
	profile_free(&r);
	profile_free(&r);
	profile_free(NULL);
}

/* Every length of the last group of base64: 8, 16 and 24 bytes. */
static void test_known_encoding(void **state)
{
	uint64_t bags[] = {1, 2, 0xff00000000000000};
	struct profile p = {.namespace_ = "a",
		.name = "b",
		.workload = "w",
		.container = "c",
		.image = "i",
		.window_size = 10,
		.bags = bags};
	static const char *const want[] = {
		"", "AQAAAAAAAAA=", "AQAAAAAAAAACAAAAAAAAAA==", "AQAAAAAAAAACAAAAAAAAAAAAAAAAAAD/"};

	(void)state;
	for (p.n_bags = 0; p.n_bags < 4; p.n_bags++) {
		auto_json struct json *j = profile_encode(&p);

		assert_string_equal(json_str_at(j, "spec.bags", "?"), want[p.n_bags]);
	}
}

static void test_fused_round_trip(void **state)
{
	auto_free uint64_t *pairs = calloc(PROFILE_WORDS, sizeof(*pairs));
	auto_free uint64_t *triples = calloc(PROFILE_WORDS, sizeof(*triples));
	struct profile r, p = {.namespace_ = "a",
				  .name = "b",
				  .workload = "w",
				  .container = "c",
				  .image = "i",
				  .window_size = 10,
				  .epoch_size = 500,
				  .graded_threshold = 2070,
				  .bosc_threshold = UINT32_MAX,
				  .pairs = pairs,
				  .triples = triples};

	(void)state;
	for (int round = 0; round < 3; round++) {
		auto_json struct json *j = profile_encode(&p);

		assert_int_equal(profile_decode(j, &r, NULL), 0);
		assert_memory_equal(r.pairs, pairs, PROFILE_WORDS * sizeof(*pairs));
		assert_memory_equal(r.triples, triples, PROFILE_WORDS * sizeof(*triples));
		assert_int_equal(r.epoch_size, 500);
		assert_int_equal(r.graded_threshold, 2070);
		assert_int_equal(r.bosc_threshold, UINT32_MAX);
		assert_true(strlen(json_str_at(j, "spec.triples", "")) <= 54616);
		profile_free(&r);
		/* Empty, then nearly empty, then full. */
		pairs[0] = 1;
		pairs[PROFILE_WORDS - 1] = UINT64_C(1) << 63;
		for (size_t i = 0; round == 1 && i < PROFILE_WORDS; i++)
			triples[i] = UINT64_MAX - i;
	}
}

static void test_without_fused(void **state)
{
	auto_json struct json *j = q(PROFILE(""));
	struct profile p;

	(void)state;
	assert_int_equal(profile_decode(j, &p, NULL), 0);
	assert_null(p.pairs);
	assert_int_equal(p.epoch_size, 0);
	profile_free(&p);
}

#define FUSED(pairs, triples)                                                                                \
	",'epochSize':500,'thresholds':{'graded':64,'bosc':20},'pairs':" pairs ",'triples':" triples

static void test_refused(void **state)
{
	static const char *const bad[] = {
		"{}",
		"{'metadata':{'namespace':'a','name':'b'},'spec':{}}",
		PROFILE(",'bags':7"),
		PROFILE(",'bags':'A'"),
		PROFILE(",'bags':'AAAA'"),
		PROFILE(",'bags':'AQAAAAAAAAB='"),             /* bits under the padding */
		PROFILE(",'bags':'AQAA*AAAAAA='"),             /* not in the alphabet */
		PROFILE(",'bags':'AQAAAAAAAAA=AQAAAAAAAAA='"), /* padding in the middle */
		PROFILE(",'bags':'===='"),                     /* nothing but padding */
		PROFILE(",'bags':'AgAAAAAAAAABAAAAAAAAAA=='"), /* descending */
		PROFILE(",'bags':'AQAAAAAAAAABAAAAAAAAAA=='"), /* twice the same */
		PROFILE(",'state':'Good'"),
		PROFILE(",'epochs':-1"),
		PROFILE(",'epochSize':500"),                            /* alone */
		PROFILE(",'pairs':'','triples':''"),                    /* without thresholds */
		PROFILE(FUSED("7", "''")),                              /* no text */
		PROFILE(FUSED("'AAAB'", "''")),                         /* no whole record */
		PROFILE(FUSED("''", "'AAAAAAAAAAAAAA=='")),             /* an empty word */
		PROFILE(FUSED("''", "'ABABAAAAAAAAAA=='")),             /* word 4096 */
		PROFILE(FUSED("''", "'AAABAAAAAAAAAAAAAQAAAAAAAAA='")), /* word 0 twice */
		PROFILE(",'epochSize':0,'thresholds':{'graded':64,'bosc':20},'pairs':'','triples':''"),
		PROFILE(",'epochSize':500,'thresholds':{'graded':0,'bosc':20},'pairs':'','triples':''"),
		PROFILE(",'epochSize':500,'thresholds':{'graded':64},'pairs':'','triples':''"),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		auto_json struct json *j = q(bad[i]);
		struct profile p;
		struct err e = {0};

		if (profile_decode(j, &p, &e) != -EINVAL || !*e.message)
			fail_msg("accepted: %s", bad[i]);
	}
}

static void test_too_many_bags(void **state)
{
	auto_free uint64_t *bags = malloc((PROFILE_BAGS_MAX + 1) * sizeof(*bags));
	struct profile p = {.namespace_ = "a",
		.name = "b",
		.workload = "w",
		.container = "c",
		.image = "i",
		.window_size = 10,
		.bags = bags,
		.n_bags = PROFILE_BAGS_MAX + 1};
	auto_json struct json *j = NULL;
	struct profile r;

	(void)state;
	for (size_t i = 0; i <= PROFILE_BAGS_MAX; i++)
		bags[i] = i;
	j = profile_encode(&p);
	assert_int_equal(profile_decode(j, &r, NULL), -E2BIG);
}

static void test_name(void **state)
{
	char a[API_NAME_MAX], b[API_NAME_MAX], lng[254];

	(void)state;
	assert_int_equal(profile_name(a, "web", "c", "img@sha256:1", 10), 0);
	assert_true(str_starts(a, "web-c-"));
	assert_int_equal(strlen(a), strlen("web-c-") + 8);
	assert_int_equal(profile_name(b, "web", "c", "img@sha256:1", 10), 0);
	assert_string_equal(a, b);
	assert_int_equal(profile_name(b, "web", "c", "img@sha256:2", 10), 0);
	assert_string_not_equal(a, b);
	assert_int_equal(profile_name(b, "web", "c", "img@sha256:1", 6), 0);
	assert_string_not_equal(a, b);

	memset(lng, 'w', 253);
	lng[253] = '\0';
	assert_int_equal(profile_name(a, lng, "c", "i", 10), 0);
	assert_true(str_is_dns_name(a, false) || strlen(a) > 63);
	assert_true(strlen(a) <= 253);
	/* Two workloads that are shortened to the same do not share a profile. */
	lng[252] = 'x';
	assert_int_equal(profile_name(b, lng, "c", "i", 10), 0);
	assert_string_not_equal(a, b);
	/* Neither do "a-b"/"c" and "a"/"b-c". */
	assert_int_equal(profile_name(a, "a-b", "c", "i", 10), 0);
	assert_int_equal(profile_name(b, "a", "b-c", "i", 10), 0);
	assert_string_not_equal(a, b);

	assert_int_equal(profile_name(a, "Web.Shop_1", "c", "i", 10), 0);
	assert_true(str_starts(a, "web-shop-1-c-"));
	assert_int_equal(profile_name(a, "", "c", "i", 10), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_known_encoding),
		cmocka_unit_test(test_fused_round_trip),
		cmocka_unit_test(test_without_fused),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_too_many_bags),
		cmocka_unit_test(test_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
