/* SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"

#include "merge.h"
#include "operator/secrets/ca_bundle.h"
#include "operator/secrets/certs.h"
#include "operator/secrets/secrets.h"

#include <base/cleanup.h>
#include <base/str.h>
#include <errno.h>
#include <string.h>

#define NAME "escape-operator.escape-system.svc"
#define DAY INT64_C(86400000)

static const char *const NAMES[] = {NAME, NAME ".cluster.local", NULL};

static void what_is_made_is_good(void **state)
{
	struct certs c = {0};
	struct err e = {0};
	(void)state;
	assert_int_equal(certs_make(NAMES, SCENE_NOW, 365, &c, &e), 0);
	assert_int_equal(certs_check(&c, NAME, SCENE_NOW, &e), 0);
	assert_int_equal(certs_check(&c, NAME ".cluster.local", SCENE_NOW + 364 * DAY, &e), 0);
	assert_int_equal(certs_check(&c, "other.escape-system.svc", SCENE_NOW, &e), -EINVAL);
	assert_int_equal(certs_check(&c, NAME, SCENE_NOW + 366 * DAY, &e), -EINVAL);
	assert_true(*e.message);
	certs_free(&c);
}

static void pieces_that_do_not_belong_together_are_refused(void **state)
{
	struct certs a = {0}, b = {0}, mixed;
	struct err e = {0};
	(void)state;
	assert_int_equal(certs_make(NAMES, SCENE_NOW, 365, &a, &e), 0);
	assert_int_equal(certs_make(NAMES, SCENE_NOW, 365, &b, &e), 0);
	mixed = a;
	mixed.key_pem = b.key_pem;
	assert_int_equal(certs_check(&mixed, NAME, SCENE_NOW, &e), -EINVAL);
	mixed = a;
	mixed.ca_pem = b.ca_pem;
	assert_int_equal(certs_check(&mixed, NAME, SCENE_NOW, &e), -EINVAL);
	mixed.ca_pem = NULL;
	assert_int_equal(certs_check(&mixed, NAME, SCENE_NOW, &e), -EINVAL);
	mixed.ca_pem = (char *)"not pem";
	assert_int_equal(certs_check(&mixed, NAME, SCENE_NOW, &e), -EINVAL);
	certs_free(&a);
	certs_free(&b);
}

static void secrets_carry_bytes(void **state)
{
	const struct secret_item items[] = {{"key", "\0\1\2", 3}, {0}};
	auto_json struct json *secret = secret_object("ns", "name", "Opaque", items);
	size_t len = 0;
	auto_free char *value = secret_value(secret, "key", &len);
	(void)state;
	assert_int_equal(len, 3);
	assert_memory_equal(value, "\0\1\2", 3);
	assert_null(secret_value(secret, "absent", NULL));
	assert_string_equal(json_str_at(secret, "metadata.namespace", ""), "ns");
}

static void every_webhook_gets_the_authority(void **state)
{
	struct scene s;
	struct json *config;
	(void)state;
	scene_begin(&s);
	config = json_dup(scene_json(&s,
		"{'metadata':{'name':'escape-operator','resourceVersion':'5'},'webhooks':[{'name':'a','"
		"clientConfig':{"
		"'service':{'name':'s'}},'rules':[1]},{'name':'b','clientConfig':{'caBundle':'b2xk'}}]}"));
	assert_false(ca_bundle_is(config, "PEM"));
	auto_json struct json *patch = ca_bundle_patch(config, "PEM");

	assert_string_equal(json_str_at(patch, "metadata.resourceVersion", ""), "5");
	merge_apply(config, patch);
	assert_true(ca_bundle_is(config, "PEM"));
	assert_false(ca_bundle_is(config, "OTHER"));
	assert_string_equal(
		json_str_at(json_first(json_at(config, "webhooks")), "clientConfig.service.name", ""), "s");
	json_free(config);
	scene_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_made_is_good),
		cmocka_unit_test(pieces_that_do_not_belong_together_are_refused),
		cmocka_unit_test(secrets_carry_bytes),
		cmocka_unit_test(every_webhook_gets_the_authority),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
