/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sample.h"
#include "tests/base/oom.h"

#include <base/cleanup.h>
#include <doc/yaml.h>
#include <errno.h>
#include <string.h>

static const char text[] = "{\"name\":\"a\",\"kind\":\"Auto\",\"dryRun\":true,\"within\":\"10m\",\"since\":"
			   "\"2026-11-24T22:59:39Z\","
			   "\"detection\":{\"windowSize\":2},\"items\":[{\"name\":\"a\"},{\"name\":\"b\"}],"
			   "\"zones\":[\"x\",\"y\"]}";

static const char yaml[] = "a: 1\nb: [x, \"y\", ~, {c: 1.5}]\n---\n- |\n  text\n- key: value\n";

static int parse_copy_and_print(void)
{
	auto_json struct json *j = NULL, *copy = NULL;
	struct err e;
	int r = json_parse(text, strlen(text), 4096, &j, &e);

	if (r < 0)
		return r;
	copy = json_dup(j);

	auto_free char *compact = json_print(copy), *pretty = json_print_pretty(j);

	return copy && compact && pretty ? 0 : -ENOMEM;
}

static int build(void)
{
	auto_json struct json *o = json_new_obj();
	struct json *arr = json_new_arr(), *labels;

	if (json_set(o, "list", arr) < 0)
		return -ENOMEM;
	if (json_add(arr, json_new_num(1)) < 0 || json_add(arr, json_new_str("x")) < 0)
		return -ENOMEM;
	labels = json_obj_at(o, "metadata.labels");
	if (!labels || json_set_str(labels, "a", "b") < 0 || json_set_str(labels, "a", "c") < 0)
		return -ENOMEM;
	return json_set_bool(o, "list", false);
}

static int read_yaml(void)
{
	auto_json struct json *all = NULL, *first = NULL;
	struct err e = {0};
	int r = yaml_parse_all(yaml, strlen(yaml), 4096, &all, &e);

	if (r == 0)
		r = yaml_parse(yaml, strlen(yaml), 4096, &first, &e);
	if (r < 0)
		assert_int_equal(r, -ENOMEM);
	return r;
}

static int decode_and_encode(void)
{
	auto_json struct json *j = NULL, *back = NULL;
	struct sample s;
	int r = json_parse(text, strlen(text), 4096, &j, NULL);

	if (r == 0)
		r = decode(j, sample_fields, &s, NULL);
	if (r == 0)
		back = encode(sample_fields, &s);
	return r < 0 ? r : back ? 0 : -ENOMEM;
}

/* The message may lose its path for want of memory, never more. */
static int refuse_with_a_message(void)
{
	auto_json struct json *j = NULL;
	struct sample s;
	struct err e = {0};
	int r = json_parse("{\"name\":\"x\",\"kind\":\"y\"}", 23, 4096, &j, NULL);

	if (r < 0)
		return r;
	assert_int_equal(decode(j, sample_fields, &s, &e), -EINVAL);
	assert_true(strlen(e.message) > 0);
	return 0;
}

static void every_allocation_may_fail(void **state)
{
	(void)state;
	assert_true(oom_sweep(parse_copy_and_print) > 20);
	assert_true(oom_sweep(build) > 10);
	assert_true(oom_sweep(read_yaml) > 20);
	assert_true(oom_sweep(decode_and_encode) > 20);
	assert_true(oom_sweep(refuse_with_a_message) > 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_allocation_may_fail),
	};

	return OOM_CAN_SWEEP ? cmocka_run_group_tests(tests, NULL, NULL) : 77;
}
