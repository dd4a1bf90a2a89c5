/* SPDX-License-Identifier: Apache-2.0 */
/* Text that the agent finds on a node: /proc/<pid>/cgroup, mountinfo, cpuinfo, and what tools say of
 * themselves. */
#include <base/cleanup.h>
#include <base/str.h>
#include <stdlib.h>
#include <string.h>

#include "node-agent/agent/keepers/freezer.h"
#include "node-agent/agent/report/feature_parse.h"
#include "node-agent/agent/report/probe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void features(const char *text)
{
	static const char *const kinds[] = {"v1", "v2", "hybrid"}, *const drivers[] = {"systemd", "cgroupfs"};
	const char *kind = feature_cgroups(text), *driver = feature_cgroup_driver(text);
	char cpu[64];
	bool known = !kind && !driver;

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		known |= str_eq(kind, kinds[i]);
	for (size_t i = 0; i < ARRAY_LEN(drivers); i++)
		known |= str_eq(driver, drivers[i]);
	if (!known || (feature_cpu(text, cpu, sizeof(cpu)) && *cpu) || strlen(cpu) >= sizeof(cpu) ||
		(feature_in_list(text, "bpf") && !strstr(text, "bpf")))
		abort();
}

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
	features(text);
	free(text);
	return 0;
}
