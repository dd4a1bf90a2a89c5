/* SPDX-License-Identifier: Apache-2.0 */
#include "crd.h"

#include <base/cleanup.h>
#include <base/io.h>
#include <base/str.h>
#include <doc/yaml.h>

struct json *crd_load(const char *plural)
{
	auto_free char *path = str_dup_fmt(CRDS_DIR "/%s.yaml", plural);
	auto_free char *text = NULL;
	struct json *crd = NULL;
	struct err e = {0};
	size_t len;

	assert_int_equal(io_read_file(path, 1 << 20, &text, &len), 0);
	if (yaml_parse(text, len, 1 << 20, &crd, &e))
		fail_msg("%s: %s", path, e.message);
	return crd;
}

const struct json *schema_of(const struct json *crd)
{
	const struct json *versions = json_at(crd, "spec.versions");

	assert_int_equal(json_len(versions), 1);
	return json_at(json_first(versions), "schema.openAPIV3Schema");
}

bool lists(const struct json *arr, const char *s)
{
	json_foreach(item, arr)
	{
		if (str_eq(json_str(item), s))
			return true;
	}
	return false;
}
