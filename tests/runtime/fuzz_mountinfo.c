/* SPDX-License-Identifier: Apache-2.0 */
/* A mountinfo file; the overlay on /m in it. */
#include <limits.h>
#include <stdint.h>
#include <string.h>

#include <base/cleanup.h>

#include "node-agent/runtime/mountinfo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *text = strndup((const char *)data, size);
	struct mount_entry m;
	struct overlay_options o;
	char dir[PATH_MAX];

	if (mountinfo_find(text, "/m", &m))
		return 0;
	mountinfo_flags(m.options);
	if (overlay_options_parse(m.super, &o))
		return 0;
	const char *lower = o.lower;
	while (overlay_next_lower(&lower, dir, sizeof(dir)) > 0)
		;
	overlay_options_free(&o);
	return 0;
}
