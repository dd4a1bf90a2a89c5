/* SPDX-License-Identifier: Apache-2.0 */
/* kubectl-escape as a process: run, its output taken, what it asks for answered from pages. For tests that
 * include cmocka's headers. */
#ifndef ESCAPE_TESTS_CLI_PROGRAM_H
#define ESCAPE_TESTS_CLI_PROGRAM_H

#include <base/buf.h>
#include <fake_server.h>

struct page {
	const char *target; /* up to the query */
	int status;
	const char *body;
};

/* A handler of the fake server; arg is an array of pages, ended by one without a target. What is not in it is
 * not found. */
void page_answer(void *arg, struct fake_conn *c, const struct fake_request *r);
/* args as a shell reads them; out is stdout and stderr. Returns the exit status. */
int program_run(const char *args, struct buf *out);
/* With a kubeconfig that names the server, its namespace is shop. */
int program_run_at(const char *server, const char *args, struct buf *out);
void assert_says(const struct buf *out, const char *text);

#endif
