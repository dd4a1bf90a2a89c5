/* SPDX-License-Identifier: Apache-2.0 */
/* Text that the agent finds on a node: /proc/<pid>/cgroup and what tools say of their version. */
#include <stdlib.h>
#include <string.h>

#include "node-agent/agent/keepers/freezer.h"
#include "node-agent/agent/report/probe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), dst[FREEZER_PATH_MAX];
	struct version v;
	struct err e;
	bool v2;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (!freezer_path(text, "/sys/fs/cgroup", dst, &v2, &e) && strncmp(dst, "/sys/fs/cgroup/", 15) != 0)
		abort();
	if (!version_find(text, size, "Version: ", &v) && (!*v.text || v.parts[0] < 0 || v.parts[1] < 0))
		abort();
	free(text);
	return 0;
}
