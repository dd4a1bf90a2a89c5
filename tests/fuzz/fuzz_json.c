/* SPDX-License-Identifier: Apache-2.0 */
/* What parses must print, and what was printed must parse to the same. */
#include "fuzz.h"

#include <base/cleanup.h>
#include <doc/json.h>
#include <string.h>

#define INPUT_MAX (1 << 20)
/* Pretty printing indents: it may be longer than any input. */
#define PRINTED_MAX (256 * (size_t)INPUT_MAX)

static void check_printed(const struct json *j, char *text)
{
	auto_json struct json *again = NULL;

	if (!text || json_parse(text, strlen(text), PRINTED_MAX, &again, NULL) < 0)
		abort();

	auto_free char *a = json_print(j), *b = json_print(again);

	if (strcmp(a, b) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_json struct json *j = NULL;
	struct err e;

	if (json_parse((const char *)data, size, INPUT_MAX, &j, &e) < 0)
		return 0;

	auto_free char *compact = json_print(j), *pretty = json_print_pretty(j);

	check_printed(j, compact);
	check_printed(j, pretty);
	json_int_at(j, "a.b", 0);
	json_foreach(item, j) json_str(item);
	return 0;
}
