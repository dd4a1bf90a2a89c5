/* SPDX-License-Identifier: Apache-2.0 */
/* A config.json: whatever is accepted must still be accepted, and say the same, after it was rewritten. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <base/cleanup.h>

#include "node-agent/runtime/bundle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static pid_t next(pid_t pid, void *ctx)
{
	(void)ctx;
	return pid % 3 ? pid : pid + 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bundle b, again;
	auto_free char *text = NULL;
	size_t len;

	if (bundle_parse("/b", (const char *)data, size, &b, NULL))
		return 0;
	if (!bundle_rewrite(&b, "/c", next, NULL, &text, &len, NULL)) {
		if (bundle_parse("/b", text, len, &again, NULL) || strcmp(again.rootfs, b.rootfs) != 0 ||
			strcmp(again.pod_uid, b.pod_uid) != 0 || again.terminal != b.terminal)
			abort();
		bundle_free(&again);
	}
	bundle_free(&b);
	return 0;
}
