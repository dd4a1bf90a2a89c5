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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_selected_pod_gets_the_runtime_class),
		cmocka_unit_test(others_are_left_alone),
		cmocka_unit_test(malformed_reviews_are_refused_with_a_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
