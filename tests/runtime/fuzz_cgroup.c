/* SPDX-License-Identifier: Apache-2.0 */
/* /proc/PID/cgroup, an empty line, /proc/self/mountinfo. */
#include <stdint.h>
#include <string.h>

#include <base/cleanup.h>

#include "node-agent/runtime/cgroup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct cgroup c;
	auto_free char *text = strndup((const char *)data, size);
	char *mounts = strstr(text, "\n\n");

	if (!mounts)
		return 0;
	*mounts = 0;
	cgroup_parse(text, mounts + 2, &c);
	return 0;
}
