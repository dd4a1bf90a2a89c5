/* SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"

#include "operator/admission/admission.h"

#include <base/base64.h>
#include <base/cleanup.h>
#include <base/str.h>
#include <errno.h>
#include <string.h>

static bool governs(void *arg, const struct json *pod)
{
	const struct policy *p = arg;

	return policy_selects(p, pod);
}

/* The answer to a review of this request, parsed; NULL and *e when it was refused. */
static struct json *review(const char *request, struct err *e)
{
	static struct policy p = {.namespace_ = "shop", .name = "policy"};
	auto_buf struct buf out = BUF_INIT(1 << 20);
	auto_free char *body = str_dup_fmt(
		"{'apiVersion':'admission.k8s.io/v1','kind':'AdmissionReview','request':%s}", request);
	struct json *answer = NULL;

	str_copy(p.selector.reqs[0].key, sizeof(p.selector.reqs[0].key), "app");
	str_copy(p.selector.reqs[0].values[0], 64, "shop");
	p.selector.reqs[0].n_values = 1;
	p.selector.n_reqs = 1;
	for (char *c = body; *c; c++)
		if (*c == '\'')
			*c = '"';
	if (admission_review(body, strlen(body), governs, &p, &out, e))
		return NULL;
	assert_int_equal(json_parse(out.data, out.len, out.max, &answer, NULL), 0);
	assert_string_equal(json_str_at(answer, "apiVersion", ""), "admission.k8s.io/v1");
	assert_string_equal(json_str_at(answer, "kind", ""), "AdmissionReview");
	return answer;
}

#define REQUEST(namespace_, labels, spec)                                                                    \
	"{'uid':'abc-1','operation':'CREATE','resource':{'group':'','version':'v1','resource':'pods'},"      \
	"'namespace':'" namespace_ "','object':{'metadata':{'generateName':'cart-','labels':{" labels        \
	"}},'spec':{" spec "}}}"

static void assert_untouched(const char *request, const char *warning)
{
	auto_json struct json *answer = review(request, NULL);
	const char *text = json_str(json_first(json_at(answer, "response.warnings")));

	assert_non_null(answer);
	assert_true(json_bool_at(answer, "response.allowed", false));
	assert_null(json_at(answer, "response.patch"));
	if (!warning)
		assert_null(text);
	else if (!text || !strstr(text, warning))
		fail_msg("no \"%s\" in %s", warning, text ? text : "nothing");
}

static void a_selected_pod_gets_the_runtime_class(void **state)
{
	auto_json struct json *answer =
		review(REQUEST("shop", "'app':'shop'", "'containers':[{'name':'a'}]"), NULL);
	auto_free char *patch = NULL;
	(void)state;
	assert_string_equal(json_str_at(answer, "response.uid", ""), "abc-1");
	assert_true(json_bool_at(answer, "response.allowed", false));
	assert_string_equal(json_str_at(answer, "response.patchType", ""), "JSONPatch");
	assert_int_equal(base64_decode(json_str_at(answer, "response.patch", ""), &patch, NULL), 0);
	assert_string_equal(
		patch, "[{\"op\":\"add\",\"path\":\"/spec/runtimeClassName\",\"value\":\"escape\"}]");
}

static void others_are_left_alone(void **state)
{
	(void)state;
	assert_untouched(REQUEST("shop", "'app':'else'", ""), NULL);
	assert_untouched(REQUEST("else", "'app':'shop'", ""), NULL);
	assert_untouched(REQUEST("shop", "'app':'shop'", "'runtimeClassName':'escape'"), NULL);
	assert_untouched(REQUEST("shop", "'app':'shop'", "'runtimeClassName':'gvisor'"), "gvisor");
	assert_untouched(REQUEST("shop", "'app':'shop'", "'hostNetwork':true"), "HostNetwork");
	assert_untouched(REQUEST("shop", "'app':'shop'", "'hostPID':true"), "HostPID");
	/* Another operation and another resource than the configuration asks for. */
	assert_untouched("{'uid':'abc-1','operation':'UPDATE','resource':{'group':'','resource':'pods'},"
			 "'namespace':'shop','object':{'metadata':{'labels':{'app':'shop'}}}}",
		NULL);
	assert_untouched("{'uid':'abc-1','operation':'CREATE','resource':{'group':'','resource':'services'},"
			 "'namespace':'shop','object':{'metadata':{'labels':{'app':'shop'}}}}",
		NULL);
}

static void malformed_reviews_are_refused_with_a_reason(void **state)
{
	static const char *const BODIES[] = {
		"",
		"{",
		"[]",
		"null",
		"{\"apiVersion\":\"admission.k8s.io/v1beta1\",\"kind\":\"AdmissionReview\"}",
		"{\"apiVersion\":\"admission.k8s.io/v1\",\"kind\":\"AdmissionReview\"}",
		"{\"apiVersion\":\"admission.k8s.io/"
		"v1\",\"kind\":\"AdmissionReview\",\"request\":{\"uid\":\"../x\","
		"\"object\":{}}}",
		"{\"apiVersion\":\"admission.k8s.io/"
		"v1\",\"kind\":\"AdmissionReview\",\"request\":{\"uid\":\"a\","
		"\"object\":[]}}",
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(BODIES); i++) {
		auto_buf struct buf out = BUF_INIT(1 << 20);
		struct err e = {0};

		assert_int_equal(
			admission_review(BODIES[i], strlen(BODIES[i]), governs, NULL, &out, &e), -EINVAL);
		assert_true(*e.message);
		assert_int_equal(out.len, 0);
	}
}

#define EVICTION(name, more)                                                                                 \
	"{'uid':'abc-1','operation':'CREATE','resource':{'group':'','version':'v1','resource':'pods'},"      \
	"'subResource':'eviction','namespace':'shop','name':'" name "','object':{'kind':'Eviction'}" more    \
	"}"

struct judged {
	char name[32];
	bool dry_run, passes;
	struct err why;
};

static bool evicts(void *arg, const char *namespace_, const char *name, bool dry_run, struct err *why)
{
	struct judged *j = arg;

	assert_string_equal(namespace_, "shop");
	str_copy(j->name, sizeof(j->name), name);
	j->dry_run = dry_run;
	*why = j->why;
	return j->passes;
}

static struct json *eviction(const char *request, struct judged *j)
{
	auto_buf struct buf out = BUF_INIT(1 << 20);
	auto_free char *body = str_dup_fmt(
		"{'apiVersion':'admission.k8s.io/v1','kind':'AdmissionReview','request':%s}", request);
	struct json *answer = NULL;

	for (char *c = body; *c; c++)
		if (*c == '\'')
			*c = '"';
	assert_int_equal(eviction_review(body, strlen(body), evicts, j, &out, NULL), 0);
	assert_int_equal(json_parse(out.data, out.len, out.max, &answer, NULL), 0);
	return answer;
}

static void an_eviction_that_waits_is_asked_to_try_again(void **state)
{
	struct judged j = {.why = {.code = -EBUSY, .reason = "Moving", .message = "it moves"}};
	auto_json struct json *answer = eviction(EVICTION("cart-1", ",'dryRun':true"), &j);
	(void)state;
	assert_string_equal(j.name, "cart-1");
	assert_true(j.dry_run);
	assert_false(json_bool_at(answer, "response.allowed", true));
	assert_int_equal(json_int_at(answer, "response.status.code", 0), 429);
	assert_string_equal(json_str_at(answer, "response.status.reason", ""), "TooManyRequests");
	assert_string_equal(json_str_at(answer, "response.status.message", ""), "it moves");
}

static void an_eviction_that_passes_may_carry_a_warning(void **state)
{
	struct judged j = {.passes = true};
	auto_json struct json *plain = eviction(EVICTION("cart-1", ""), &j);
	(void)state;
	assert_false(j.dry_run);
	assert_true(json_bool_at(plain, "response.allowed", false));
	assert_null(json_at(plain, "response.warnings"));
	j.why = (struct err){.code = -ENOENT, .reason = "NoFeasibleNode", .message = "all are full"};
	auto_json struct json *warned = eviction(EVICTION("cart-1", ""), &j);

	assert_true(json_bool_at(warned, "response.allowed", false));
	assert_non_null(strstr(json_str(json_first(json_at(warned, "response.warnings"))), "NoFeasibleNode"));
}

static void a_dry_run_may_be_said_in_the_eviction_itself(void **state)
{
	struct judged j = {.passes = true};
	auto_json struct json *answer =
		eviction("{'uid':'abc-1','operation':'CREATE','resource':{'group':'','resource':'pods'},"
			 "'subResource':'eviction','namespace':'shop','name':'cart-1','dryRun':false,"
			 "'object':{'kind':'Eviction','deleteOptions':{'dryRun':['All']}}}",
			&j);
	(void)state;
	assert_true(json_bool_at(answer, "response.allowed", false));
	assert_true(j.dry_run);
}

static void what_is_no_eviction_is_not_judged(void **state)
{
	struct judged j = {.name = "nobody"};
	auto_json struct json *answer = eviction(REQUEST("shop", "'app':'shop'", ""), &j);
	(void)state;
	assert_true(json_bool_at(answer, "response.allowed", false));
	assert_string_equal(j.name, "nobody");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_selected_pod_gets_the_runtime_class),
		cmocka_unit_test(others_are_left_alone),
		cmocka_unit_test(an_eviction_that_waits_is_asked_to_try_again),
		cmocka_unit_test(an_eviction_that_passes_may_carry_a_warning),
		cmocka_unit_test(a_dry_run_may_be_said_in_the_eviction_itself),
		cmocka_unit_test(what_is_no_eviction_is_not_judged),
		cmocka_unit_test(malformed_reviews_are_refused_with_a_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
