/* SPDX-License-Identifier: Apache-2.0 */
/* /proc/PID/status, and the same bytes as one of CRIU's images. */
#include <stdint.h>
#include <string.h>

#include <base/cleanup.h>

#include "node-agent/runtime/creds.h"
#include "node-agent/runtime/criu_core.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct creds_spec spec = {.uid = 1000, .gid = 1000, .no_new_privs = true, .seccomp = true};
	auto_free char *text = strndup((const char *)data, size);
	struct creds_task task;

	if (!creds_task_parse(text, &task))
		creds_check(&spec, &task, text, true, NULL);
	criu_core_is_stopped(data, size);
	return 0;
}
