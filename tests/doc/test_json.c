/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <base/cleanup.h>
#include <doc/json.h>
#include <errno.h>
#include <string.h>

static const char pod[] =
	"{\"kind\":\"Pod\",\"metadata\":{\"name\":\"a\",\"labels\":{\"app.kubernetes.io/name\":\"shop\"}},"
	"\"spec\":{\"priority\":7,\"share\":0.5,\"hostNetwork\":true,\"none\":null,\"big\":9007199254740994,"
	"\"list\":[1,2,3]}}";

static int setup(void **state)
{
	return json_parse(pod, strlen(pod), 4096, (struct json **)(void *)state, NULL);
}

static int teardown(void **state)
{
	json_free(*state);
	return 0;
}

static void assert_prints(const struct json *j, const char *want)
{
	auto_free char *text = json_print(j);

	assert_string_equal(text, want);
}

static void reads_by_path(void **state)
{
	const struct json *j = *state;

	assert_ptr_equal(json_at(j, ""), j);
	assert_string_equal(json_str_at(j, "kind", "x"), "Pod");
	assert_string_equal(json_str_at(j, "metadata.name", "x"), "a");
	assert_int_equal(json_int_at(j, "spec.priority", -1), 7);
	assert_true(json_num_at(j, "spec.share", 0) == 0.5);
	assert_true(json_bool_at(j, "spec.hostNetwork", false));
	assert_true(json_is_null(json_at(j, "spec.none")));
	assert_int_equal(json_len(json_at(j, "spec.list")), 3);
}

static void defaults_for_what_is_not_there_or_other(void **state)
{
	const struct json *j = *state;

	assert_null(json_at(j, "spec.missing.deep"));
	assert_null(json_at(j, "kind.name"));
	assert_null(json_at(j, "spec.list.0"));
	assert_null(json_at(j, "kin"));
	assert_null(json_at(j, "kinds"));
	assert_null(json_at(j, ".kind"));
	assert_null(json_at(j, "metadata..name"));
	assert_string_equal(json_str_at(j, "spec", "x"), "x");
	assert_string_equal(json_str_at(j, "spec.priority", "x"), "x");
	assert_null(json_str_at(j, "none", NULL));
	assert_int_equal(json_int_at(j, "kind", -1), -1);
	assert_int_equal(json_int_at(j, "spec.share", -1), -1); /* not whole */
	assert_int_equal(json_int_at(j, "spec.big", -1), -1);   /* not exact */
	assert_int_equal(json_int_at(j, "spec.none", -1), -1);
	assert_true(json_num_at(j, "kind", 2.5) == 2.5);
	assert_true(json_bool_at(j, "spec.priority", true));
}

static void literal_keys_may_hold_dots(void **state)
{
	const struct json *labels = json_at(*state, "metadata.labels");

	assert_string_equal(json_str(json_member(labels, "app.kubernetes.io/name")), "shop");
	assert_null(json_at(labels, "app.kubernetes.io/name"));
	assert_null(json_member(labels, "app"));
}

static void reading_from_nothing(void **state)
{
	(void)state;
	assert_null(json_at(NULL, "a.b"));
	assert_null(json_member(NULL, "a"));
	assert_string_equal(json_str_at(NULL, "a", "d"), "d");
	assert_int_equal(json_int_at(NULL, "a", 3), 3);
	assert_null(json_str(NULL));
	assert_true(json_num(NULL) == 0);
	assert_int_equal(json_len(NULL), 0);
	assert_null(json_first(NULL));
	assert_null(json_next(NULL));
	assert_null(json_key(NULL));
	assert_false(json_is_obj(NULL) || json_is_arr(NULL) || json_is_str(NULL) || json_is_num(NULL) ||
		     json_is_bool(NULL) || json_is_null(NULL));
	assert_null(json_dup(NULL));
	json_free(NULL);
	assert_prints(NULL, "null");
	json_foreach(item, NULL) fail();
}

static void iterates_in_order(void **state)
{
	int64_t sum = 0;
	size_t n = 0;

	json_foreach(item, json_at(*state, "spec.list"))
	{
		assert_null(json_key(item));
		sum = sum * 10 + (int64_t)json_num(item);
	}
	assert_int_equal(sum, 123);
	json_foreach(item, *state)
	{
		static const char *const keys[] = {"kind", "metadata", "spec"};

		assert_string_equal(json_key(item), n < 3 ? keys[n] : "");
		n++;
	}
	assert_int_equal(n, 3);
	json_foreach(item, json_at(*state, "kind")) fail();
}

static void builds(void **state)
{
	auto_json struct json *o = json_new_obj();
	struct json *arr = json_new_arr();

	(void)state;
	assert_int_equal(json_set_str(o, "s", "x"), 0);
	assert_int_equal(json_set_num(o, "n", 3), 0);
	assert_int_equal(json_set_bool(o, "b", true), 0);
	assert_int_equal(json_set_str(o, "null", NULL), 0);
	assert_int_equal(json_set(o, "arr", arr), 0);
	assert_int_equal(json_add(arr, json_new_bool(false)), 0);
	assert_int_equal(json_add(arr, json_new_null()), 0);
	assert_prints(o, "{\"s\":\"x\",\"n\":3,\"b\":true,\"null\":null,\"arr\":[false,null]}");
	/* In its place. */
	assert_int_equal(json_set_str(o, "n", "three"), 0);
	assert_int_equal(json_set_num(o, "s", 1), 0);
	assert_prints(o, "{\"s\":1,\"n\":\"three\",\"b\":true,\"null\":null,\"arr\":[false,null]}");
	assert_int_equal(json_set_str(o, "arr", "gone"), 0);
	json_remove(o, "null");
	json_remove(o, "never");
	json_remove(o, "B");
	json_remove(NULL, "x");
	assert_prints(o, "{\"s\":1,\"n\":\"three\",\"b\":true,\"arr\":\"gone\"}");
}

static void ownership_is_taken_on_failure(void **state)
{
	auto_json struct json *o = json_new_obj(), *arr = json_new_arr();

	(void)state;
	assert_int_equal(json_set(o, "x", NULL), -ENOMEM);
	assert_int_equal(json_add(arr, NULL), -ENOMEM);
	assert_int_equal(json_set(NULL, "x", json_new_str("leak?")), -ENOMEM);
	assert_int_equal(json_add(NULL, json_new_str("leak?")), -ENOMEM);
	assert_int_equal(json_set(arr, "x", json_new_str("leak?")), -EINVAL);
	assert_int_equal(json_add(o, json_new_str("leak?")), -EINVAL);
	assert_prints(o, "{}");
	assert_prints(arr, "[]");
}

static void a_value_moved_from_another_key(void **state)
{
	auto_json struct json *o = json_new_obj();

	(void)state;
	assert_int_equal(json_set_num(o, "a", 1), 0);
	assert_int_equal(json_set(o, "a", json_dup(json_member(o, "a"))), 0);
	assert_int_equal(json_set(o, "b", json_dup(json_member(o, "a"))), 0);
	assert_prints(o, "{\"a\":1,\"b\":1}");
}

static void makes_objects_on_the_way(void **state)
{
	auto_json struct json *o = json_new_obj();
	struct json *deep = json_obj_at(o, "metadata.labels");

	(void)state;
	assert_non_null(deep);
	assert_int_equal(json_set_str(deep, "a.b/c", "d"), 0);
	assert_ptr_equal(json_obj_at(o, "metadata.labels"), deep);
	assert_ptr_equal(json_obj_at(o, ""), o);
	assert_non_null(json_obj_at(o, "metadata.annotations"));
	assert_prints(o, "{\"metadata\":{\"labels\":{\"a.b/c\":\"d\"},\"annotations\":{}}}");
	assert_int_equal(json_set_num(o, "n", 1), 0);
	assert_null(json_obj_at(o, "n.x")); /* a number is in the way */
	assert_null(json_obj_at(NULL, "n.x"));
	assert_ptr_equal(json_edit(o, "metadata.labels"), deep);
	assert_null(json_edit(o, "nothing"));
}

static void copies_and_compares(void **state)
{
	auto_json struct json *copy = json_dup(*state);

	assert_true(json_equal(*state, copy));
	assert_int_equal(json_set_num(json_edit(copy, "spec"), "priority", 8), 0);
	assert_false(json_equal(*state, copy));
	assert_true(json_equal(NULL, NULL));
	assert_false(json_equal(copy, NULL));

	auto_json struct json *a = json_new_obj(), *b = json_new_obj();

	json_set_num(a, "x", 1);
	json_set_num(a, "y", 2);
	json_set_num(b, "y", 2);
	json_set_num(b, "x", 1);
	assert_true(json_equal(a, b)); /* the order of members says nothing */
	json_remove(b, "x");
	json_set_num(b, "X", 1);
	assert_false(json_equal(a, b));
}

int main(void)
{
#define WITH_POD(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		WITH_POD(reads_by_path),
		WITH_POD(defaults_for_what_is_not_there_or_other),
		WITH_POD(literal_keys_may_hold_dots),
		cmocka_unit_test(reading_from_nothing),
		WITH_POD(iterates_in_order),
		cmocka_unit_test(builds),
		cmocka_unit_test(ownership_is_taken_on_failure),
		cmocka_unit_test(a_value_moved_from_another_key),
		cmocka_unit_test(makes_objects_on_the_way),
		WITH_POD(copies_and_compares),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
