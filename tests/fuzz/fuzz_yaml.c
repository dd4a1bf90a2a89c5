/* SPDX-License-Identifier: Apache-2.0 */
/* What YAML gives must be a tree that JSON can say. */
#include "fuzz.h"

#include <base/cleanup.h>
#include <doc/yaml.h>
#include <string.h>

#define INPUT_MAX 65536

static void check_tree(const struct json *j)
{
	auto_free char *text = json_print(j);
	auto_json struct json *again = NULL;

	if (!text || json_parse(text, strlen(text), (size_t)64 * INPUT_MAX, &again, NULL) < 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_json struct json *first = NULL, *all = NULL;
	struct err e;

	if (yaml_parse((const char *)data, size, INPUT_MAX, &first, &e) == 0)
		check_tree(first);
	if (yaml_parse_all((const char *)data, size, INPUT_MAX, &all, &e) == 0)
		check_tree(all);
	return 0;
}
