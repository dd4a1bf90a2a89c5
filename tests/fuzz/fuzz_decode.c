/* SPDX-License-Identifier: Apache-2.0 */
/* Any JSON into a struct with fields of every type; what is encoded from it must decode again. */
#include "fuzz.h"

#include "tests/doc/sample.h"

#include <base/cleanup.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_json struct json *j = NULL;
	struct sample s, back;
	struct err e = {0};

	if (json_parse((const char *)data, size, 1 << 20, &j, NULL) < 0)
		return 0;
	if (decode(j, sample_fields, &s, &e) < 0) {
		if (!e.reason[0] || !e.message[0])
			abort();
		return 0;
	}

	auto_json struct json *once = encode(sample_fields, &s);

	if (!once || decode(once, sample_fields, &back, &e) < 0)
		abort();

	auto_json struct json *twice = encode(sample_fields, &back);

	if (!json_equal(once, twice))
		abort();
	return 0;
}
