/* SPDX-License-Identifier: Apache-2.0 */
#include "helper.h"

#include <api/profile.h>
#include <base/backoff.h>
#include <base/cleanup.h>
#include <base/str.h>
#include <errno.h>

#define PROFILE(more)                                                                                        \
	"{'metadata':{'namespace':'shop','name':'n'},'spec':{'workload':'web','container':'c','image':'i',"  \
	"'windowSize':10" more "}}"

static const struct profile plain = {.namespace_ = "shop",
	.name = "web-c-1",
	.policy = "p",
	.workload = "web",
	.container = "c",
	.image = "a@sha256:00",
	.window_size = 10,
	.state = PROFILE_READY};

static struct json *encoded(const struct profile *p)
{
	struct json *j = NULL;
	struct err e = {0};

	if (profile_encode(p, &j, &e))
		fail_msg("not encoded: %s", e.message);
	return j;
}

static void test_round_trip(void **state)
{
	uint64_t bags[] = {0, 1, 0x0123456789, (UINT64_C(1) << PROFILE_BAG_BITS) - 1};
	struct profile p = plain, r;
	auto_json struct json *j = NULL;
	struct err e = {0};

	(void)state;
	p.epochs = 21;
	p.bags = bags;
	p.n_bags = 4;
	j = encoded(&p);
	assert_int_equal(json_int_at(j, "spec.bagCount", -1), 4);
	/* A patch has to say that something is 0 now. */
	assert_int_equal(json_int_at(j, "spec.quietEpochs", -1), 0);
	assert_int_equal(json_int_at(j, "spec.secondsLeft", -1), 0);
	assert_string_equal(json_str_at(j, "kind", ""), "BehaviorProfile");
	assert_int_equal(profile_decode(j, &r, &e), 0);
	assert_string_equal(r.workload, "web");
	assert_string_equal(r.image, p.image);
	assert_int_equal(r.state, PROFILE_READY);
	assert_int_equal(r.epochs, 21);
	assert_int_equal(r.n_bags, 4);
	assert_memory_equal(r.bags, bags, sizeof(bags));
	assert_null(r.triples);
	profile_free(&r);
	profile_free(&r);
	profile_free(NULL);
}

/* Bit by bit, so that what is in Git can be read for ever: a head of version 1, k and the count, then gaps.
 */
static void test_known_encoding(void **state)
{
	uint64_t bags[] = {1, 2, 9};
	struct profile p = plain;
	static const char *const want[] = {"", "AQABAAAB", "AQACAAAB", "AQEDAAByAA=="};

	(void)state;
	p.bags = bags;
	for (p.n_bags = 0; p.n_bags < 4; p.n_bags++) {
		auto_json struct json *j = NULL;

		p.state = p.n_bags ? PROFILE_READY : PROFILE_LEARNING;
		j = encoded(&p);
		assert_string_equal(json_str_at(j, "spec.bags", "?"), want[p.n_bags]);
	}
}

static void test_held_round_trip(void **state)
{
	struct profile p = plain, r;
	auto_json struct json *j = NULL;

	(void)state;
	p.state = PROFILE_HELD;
	p.held = (struct profile_held){.reason = "FarOutside",
		.message = "m",
		.pod = "web-1",
		.node = "n",
		.at_ms = 1000,
		.score_percent = 900,
		.findings = {{.kind = FINDING_PAIR, .calls = {{.number = 56}, {.number = 59}}, .n_calls = 2}},
		.n_findings = 1};
	j = encoded(&p);
	assert_int_equal(profile_decode(j, &r, NULL), 0);
	assert_int_equal(r.state, PROFILE_HELD);
	assert_string_equal(r.held.reason, "FarOutside");
	assert_int_equal(r.held.score_percent, 900);
	assert_int_equal(r.held.findings[0].calls[1].number, 59);
	profile_free(&r);
}

static void test_fused_round_trip(void **state)
{
	uint64_t pairs[] = {0, 77, PROFILE_PAIRS - 1};
	uint32_t tasks_of[] = {1, 1000, UINT32_MAX};
	auto_free uint64_t *triples = calloc(PROFILE_WORDS, sizeof(*triples));
	struct profile r, p = plain;

	(void)state;
	p.epoch_size = 500;
	p.tasks = 2000;
	p.scored = 20;
	p.graded_threshold = 2070;
	p.bosc_threshold = UINT32_MAX;
	p.pairs = pairs;
	p.tasks_of = tasks_of;
	p.triples = triples;
	for (int round = 0; round < 3; round++) {
		auto_json struct json *j = NULL;

		p.n_pairs = round ? 3 : 0;
		j = encoded(&p);
		assert_int_equal(profile_decode(j, &r, NULL), 0);
		assert_int_equal(r.n_pairs, p.n_pairs);
		if (round) {
			assert_memory_equal(r.pairs, pairs, sizeof(pairs));
			assert_memory_equal(r.tasks_of, tasks_of, sizeof(tasks_of));
		}
		assert_memory_equal(r.triples, triples, PROFILE_WORDS * sizeof(*triples));
		assert_int_equal(r.epoch_size, 500);
		assert_int_equal(r.tasks, 2000);
		assert_int_equal(r.graded_threshold, 2070);
		assert_int_equal(r.bosc_threshold, UINT32_MAX);
		profile_free(&r);
		/* Empty, then nearly empty, then full. */
		triples[0] = 1;
		triples[PROFILE_WORDS - 1] = UINT64_C(1) << 63;
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
	assert_null(p.triples);
	assert_int_equal(p.epoch_size, 0);
	profile_free(&p);
}

#define FUSED(pairs, triples)                                                                                \
	",'epochSize':500,'thresholds':{'graded':64,'bosc':20},'pairs':" pairs ",'triples':" triples

static void test_refused(void **state)
{
	static const char *const bad[] = {
		"{}", "{'metadata':{'namespace':'a','name':'b'},'spec':{}}", PROFILE(",'bags':7"),
		PROFILE(",'bags':'A'"), PROFILE(",'bags':'AAAA'"),
		PROFILE(",'bags':'AQAAAAAAAAA='"), /* how bags were written once: one of 8 bytes */
		PROFILE(",'bags':'AQABAAA='"),     /* the one number is missing */
		PROFILE(",'bags':'AgABAAAB'"),     /* version 2 */
		PROFILE(",'bags':'AQABAAABAA=='"), /* a byte too many */
		PROFILE(",'bags':'AQABAAAF'"),     /* a bit too many */
		PROFILE(",'bags':'AQAAAAAB'"),     /* of no numbers */
		PROFILE(",'bags':'AT8BAAAB'"),     /* k is 63 */
		PROFILE(",'bags':'ASYBAAAB'"),     /* beyond 2^38 */
		PROFILE(",'bags':'AQAB*AAB'"),     /* not in the alphabet */
		PROFILE(",'bags':'===='"),         /* nothing but padding */
		PROFILE(",'state':'Good'"), PROFILE(",'state':'Held'"), /* why? */
		PROFILE(",'held':{'reason':'Because'}"),                /* while it is Learning */
		PROFILE(",'epochs':-1"), PROFILE(",'epochSize':500"),   /* alone */
		PROFILE(",'pairs':'','triples':''"),                    /* for which epochs? */
		PROFILE(",'triples':''"), PROFILE(",'tasks':7"), PROFILE(FUSED("7", "''")), /* no text */
		PROFILE(FUSED("'AQABAAAB'", "''")),     /* a pair without its tasks */
		PROFILE(FUSED("'AQABAAABAAAA'", "''")), /* a count of no end */
		PROFILE(FUSED("''", "'AQBBAAAA'")),     /* fewer than said */
		PROFILE(",'epochSize':0,'thresholds':{'graded':64,'bosc':20},'pairs':'','triples':''"),
		PROFILE(",'epochSize':500,'thresholds':{'graded':0,'bosc':20},'pairs':'','triples':''"),
		PROFILE(",'epochSize':500,'thresholds':{'graded':64},'pairs':'','triples':''"),
		PROFILE(",'state':'Ready','epochSize':500,'pairs':'','triples':''"), /* no thresholds */
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

static int compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* As the marks of real bags are: no pattern in them. */
static void fill(uint64_t *dst, size_t n, unsigned bits)
{
	uint64_t rng = 1, limit = UINT64_C(1) << bits;

	for (size_t i = 0; i < n; i++)
		dst[i] = rng_next(&rng) % (limit - n);
	qsort(dst, n, sizeof(*dst), compare_u64);
	for (size_t i = 1; i < n; i++)
		if (dst[i] <= dst[i - 1])
			dst[i] = dst[i - 1] + 1;
}

/* The limit of a quarter of a MiB holds 50,000 bags with what belongs to them: 2,165 pairs of 828 tasks and
 * 10,413 triples are those of ADFA-LD's 60 programs, learned together. */
static void test_size(void **state)
{
	static const struct {
		size_t bags, pairs, triple_bits, bytes_max;
	} of[] = {{1000, 500, 4000, 16 << 10}, {10000, 1000, 16000, 72 << 10},
		{PROFILE_BAGS_MAX, 2165, 39000, PROFILE_BYTES_MAX}};
	auto_free uint64_t *bags = calloc(PROFILE_BAGS_MAX + 1, sizeof(*bags));
	auto_free uint64_t *pairs = calloc(4096, sizeof(*pairs));
	auto_free uint32_t *tasks_of = calloc(4096, sizeof(*tasks_of));
	auto_free uint64_t *triples = calloc(PROFILE_WORDS, sizeof(*triples));
	struct profile p = plain;
	struct json *none = NULL;
	struct err e = {0};
	uint64_t rng = 7;

	(void)state;
	p.epoch_size = 500;
	p.graded_threshold = p.bosc_threshold = 100;
	p.bags = bags;
	p.pairs = pairs;
	p.tasks_of = tasks_of;
	p.triples = triples;
	for (size_t i = 0, set = 0; i < ARRAY_LEN(of); i++) {
		auto_json struct json *j = NULL;
		auto_free char *text = NULL;
		struct profile r;

		p.n_bags = of[i].bags;
		p.n_pairs = of[i].pairs;
		fill(bags, p.n_bags, PROFILE_BAG_BITS);
		fill(pairs, p.n_pairs, 18);
		for (size_t k = 0; k < p.n_pairs; k++)
			tasks_of[k] = 1 + (uint32_t)(rng_next(&rng) % 828);
		for (; set < of[i].triple_bits; set++)
			triples[rng_next(&rng) % PROFILE_WORDS] |= UINT64_C(1) << rng_next(&rng) % 64;
		j = encoded(&p);
		text = json_print(j);
		print_message("%zu bags, %zu pairs: %zu bytes (bags %zu, pairs %zu, triples %zu)\n", p.n_bags,
			p.n_pairs, strlen(text), strlen(json_str_at(j, "spec.bags", "")),
			strlen(json_str_at(j, "spec.pairs", "")), strlen(json_str_at(j, "spec.triples", "")));
		assert_true(strlen(text) <= of[i].bytes_max);
		assert_int_equal(profile_decode(j, &r, NULL), 0);
		assert_memory_equal(r.bags, bags, p.n_bags * sizeof(*bags));
		assert_memory_equal(r.tasks_of, tasks_of, p.n_pairs * sizeof(*tasks_of));
		profile_free(&r);
	}
	p.n_bags = PROFILE_BAGS_MAX + 1;
	assert_int_equal(profile_encode(&p, &none, &e), -E2BIG);
	assert_string_equal(e.reason, "ProfileFull");
	/* Bags are few enough, and still it is too much. */
	p.n_bags = PROFILE_BAGS_MAX;
	memset(triples, 0x55, PROFILE_WORDS * sizeof(*triples));
	p.n_pairs = 4096;
	fill(pairs, p.n_pairs, 18);
	memset(tasks_of, 0xff, 4096 * sizeof(*tasks_of));
	assert_int_equal(profile_encode(&p, &none, &e), -E2BIG);
	assert_string_equal(e.reason, "ProfileFull");
}

static void test_name(void **state)
{
	char a[API_NAME_MAX], b[API_NAME_MAX], lng[254];

	(void)state;
	assert_int_equal(profile_name(a, "web", "c", "img@sha256:1", 10, 500), 0);
	assert_true(str_starts(a, "web-c-"));
	assert_int_equal(strlen(a), strlen("web-c-") + 8);
	assert_int_equal(profile_name(b, "web", "c", "img@sha256:1", 10, 500), 0);
	assert_string_equal(a, b);
	assert_int_equal(profile_name(b, "web", "c", "img@sha256:2", 10, 500), 0);
	assert_string_not_equal(a, b);
	assert_int_equal(profile_name(b, "web", "c", "img@sha256:1", 6, 500), 0);
	assert_string_not_equal(a, b);
	assert_int_equal(profile_name(b, "web", "c", "img@sha256:1", 10, 0), 0);
	assert_string_not_equal(a, b);

	memset(lng, 'w', 253);
	lng[253] = '\0';
	assert_int_equal(profile_name(a, lng, "c", "i", 10, 500), 0);
	assert_true(str_is_dns_name(a, false) || strlen(a) > 63);
	assert_true(strlen(a) <= 253);
	/* Two workloads that are shortened to the same do not share a profile. */
	lng[252] = 'x';
	assert_int_equal(profile_name(b, lng, "c", "i", 10, 500), 0);
	assert_string_not_equal(a, b);
	/* Neither do "a-b"/"c" and "a"/"b-c". */
	assert_int_equal(profile_name(a, "a-b", "c", "i", 10, 500), 0);
	assert_int_equal(profile_name(b, "a", "b-c", "i", 10, 500), 0);
	assert_string_not_equal(a, b);

	assert_int_equal(profile_name(a, "Web.Shop_1", "c", "i", 10, 500), 0);
	assert_true(str_starts(a, "web-shop-1-c-"));
	assert_int_equal(profile_name(a, "", "c", "i", 10, 500), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_known_encoding),
		cmocka_unit_test(test_held_round_trip),
		cmocka_unit_test(test_fused_round_trip),
		cmocka_unit_test(test_without_fused),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
