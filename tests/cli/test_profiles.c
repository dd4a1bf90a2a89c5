/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "golden.h"

#include <api/profile.h>
#include <base/cleanup.h>
#include <cli/profiles.h>
#include <cli/text.h>
#include <doc/yaml.h>
#include <errno.h>
#include <string.h>

static void list_is_shown(void **state)
{
	auto_json struct json *list = golden_input("profiles.json"), *j = profiles_json(list);
	auto_buf struct buf text = BUF_INIT(TEXT_MAX), json = BUF_INIT(TEXT_MAX);

	(void)state;
	profiles_text(list, NULL, &text);
	golden_check("profiles.txt", &text);
	assert_non_null(j);
	assert_int_equal(text_add_json(&json, j), 0);
	golden_check("profiles.json", &json);
}

static void empty_list_is_said(void **state)
{
	auto_buf struct buf text = BUF_INIT(TEXT_MAX);

	(void)state;
	profiles_text(NULL, "shop", &text);
	assert_non_null(strstr(text.data, "No profile in namespace shop"));
}

/* What is exported is what was learned, Ready, and nothing of this cluster. */
static void export_can_be_applied(void **state)
{
	auto_json struct json *list = golden_input("profiles.json"), *back = NULL;
	auto_buf struct buf yaml = BUF_INIT(TEXT_MAX);
	const struct json *obj = json_first(json_member(list, "items"));
	struct profile p;
	struct err e = {0};

	(void)state;
	assert_int_equal(profile_export(obj, &yaml, &e), 0);
	golden_check("profile.yaml", &yaml);
	assert_int_equal(yaml_parse(yaml.data, yaml.len, TEXT_MAX, &back, &e), 0);
	assert_null(json_at(back, "metadata.uid"));
	assert_null(json_at(back, "metadata.resourceVersion"));
	assert_int_equal(profile_decode(back, &p, &e), 0);
	assert_int_equal(p.state, PROFILE_READY);
	assert_int_equal(p.n_bags, 3);
	assert_int_equal(p.n_pairs, 1);
	profile_free(&p);
}

static void only_ready_ones_are_exported(void **state)
{
	auto_json struct json *list = golden_input("profiles.json");
	auto_buf struct buf yaml = BUF_INIT(TEXT_MAX);
	struct err e = {0};

	(void)state;
	json_foreach(obj, json_member(list, "items"))
	{
		if (obj != json_first(json_member(list, "items")))
			assert_int_equal(profile_export(obj, &yaml, &e), -EINVAL);
	}
	assert_int_equal(yaml.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(list_is_shown),
		cmocka_unit_test(empty_list_is_said),
		cmocka_unit_test(export_can_be_applied),
		cmocka_unit_test(only_ready_ones_are_exported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
