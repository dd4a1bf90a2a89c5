/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments, one a line. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <base/cleanup.h>

#include "node-agent/runtime/args.h"

#define ARGS_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *text = strndup((const char *)data, size);
	char *argv[ARGS_MAX + 1] = {(char *)"escape-runc"}, *save = NULL;
	char *const more[] = {(char *)"start", NULL};
	struct runc_args a;
	int n = 1;

	for (char *line = strtok_r(text, "\n", &save); line && n < ARGS_MAX;
		line = strtok_r(NULL, "\n", &save))
		argv[n++] = line;
	args_parse(n, argv, &a);
	free(args_for_create(&a, argv[0], (char *)"/p"));
	free(args_for_runc(&a, argv[0], (char *)"/r", (char *)"/l", more));
	args_id_ok(a.id);
	return 0;
}
