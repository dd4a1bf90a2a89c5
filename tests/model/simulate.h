/* SPDX-License-Identifier: Apache-2.0 */
/* Runs `kubectl-escape simulate` for the tests of what it prints. */
#ifndef ESCAPE_TESTS_MODEL_SIMULATE_H
#define ESCAPE_TESTS_MODEL_SIMULATE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <base/buf.h>
#include <base/cleanup.h>
#include <base/str.h>
#include <string.h>
#include <sys/wait.h>

enum { OUTPUT_MAX = 1 << 20 };

/* args as a shell reads them; out is stdout and stderr. Returns the exit status. */
static inline int simulate(const char *args, struct buf *out)
{
	auto_free char *command = str_dup_fmt("%s simulate %s 2>&1 </dev/null", KUBECTL_ESCAPE, args);
	FILE *f = command ? popen(command, "r") : NULL;
	char part[4096];
	int status;

	assert_non_null(f);
	buf_reset(out);
	for (size_t n; (n = fread(part, 1, sizeof(part), f)) > 0;)
		buf_add(out, part, n);
	status = pclose(f);
	assert_true(WIFEXITED(status) && !out->failed);
	return WEXITSTATUS(status);
}

#endif
