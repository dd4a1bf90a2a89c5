/* SPDX-License-Identifier: Apache-2.0 */
#include "program.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <base/cleanup.h>
#include <base/io.h>
#include <base/str.h>
#include <string.h>
#include <sys/wait.h>

#define NOT_FOUND "{\"kind\":\"Status\",\"reason\":\"NotFound\",\"message\":\"the server could not find it\"}"

void page_answer(void *arg, struct fake_conn *c, const struct fake_request *r)
{
	size_t len = strcspn(r->target, "?");

	for (const struct page *p = arg; p->target; p++) {
		if (strlen(p->target) == len && !strncmp(p->target, r->target, len)) {
			fake_reply(c, p->status, NULL, p->body);
			return;
		}
	}
	fake_reply(c, 404, NULL, NOT_FOUND);
}

int program_run(const char *args, struct buf *out)
{
	auto_free char *command = str_dup_fmt("%s %s 2>&1 </dev/null", KUBECTL_ESCAPE, args);
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

int program_run_at(const char *server, const char *args, struct buf *out)
{
	char path[] = "/tmp/test-cli-XXXXXX";
	auto_close int fd = mkstemp(path);
	auto_free char *config = str_dup_fmt("current-context: c\n"
					     "contexts: [{name: c, context: {cluster: c, namespace: shop}}]\n"
					     "clusters: [{name: c, cluster: {server: '%s'}}]\n",
		server);
	auto_free char *all = str_dup_fmt("%s --kubeconfig %s", args, path);
	int rc;

	assert_true(fd >= 0);
	assert_int_equal(io_write_all(fd, config, strlen(config)), 0);
	rc = program_run(all, out);
	unlink(path);
	return rc;
}

void assert_says(const struct buf *out, const char *text)
{
	if (!out->data || !strstr(out->data, text))
		fail_msg("'%s' is not in: %s", text, out->data ? out->data : "");
}
