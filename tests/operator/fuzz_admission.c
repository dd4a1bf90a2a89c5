/* SPDX-License-Identifier: Apache-2.0 */
/* The webhook's parser: any bytes are either refused or answered with an AdmissionReview that allows. */
#include "operator/admission/admission.h"

#include <base/buf.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool governs(void *arg, const struct json *pod)
{
	(void)arg;
	return json_is_obj(pod);
}

static bool evicts(void *arg, const char *namespace_, const char *name, bool dry_run, struct err *why)
{
	(void)arg;
	return !err_set(why, dry_run ? -1 : 0, "Moving", "%s/%s", namespace_, name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_buf struct buf out = BUF_INIT(4 << 20);
	auto_buf struct buf verdict = BUF_INIT(4 << 20);
	auto_json struct json *answer = NULL;
	struct err e = {0};

	eviction_review((const char *)data, size, evicts, NULL, &verdict, NULL);
	if (admission_review((const char *)data, size, governs, NULL, &out, &e)) {
		if (!*e.message)
			abort();
		return 0;
	}
	if (json_parse(out.data, out.len, out.max, &answer, NULL) ||
		!json_bool_at(answer, "response.allowed", false))
		abort();
	return 0;
}
