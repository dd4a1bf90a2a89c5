/* SPDX-License-Identifier: Apache-2.0 */
/* kubectl-escape, which kubectl runs for `kubectl escape`. */
#include "options.h"
#include "text.h"

#include <base/io.h>
#include <base/log.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct command COMMANDS[] = {
	{"status", .takes_all_namespaces = true, .run = status_run},
	{"explain", .takes_name = true, .run = explain_run},
	{"profile", .takes_args = true, .run = profile_run},
	{"node", .takes_args = true, .run = node_run},
	{"simulate", .takes_args = true, .run = simulate_run},
	{"version", .run = version_run},
	{0},
};

static void complain(const struct err *e)
{
	auto_buf struct buf line = BUF_INIT(TEXT_MAX);

	buf_adds(&line, "error: ");
	text_addf(&line, "%s", e->message);
	buf_adds(&line, "\n");
	if (line.data)
		io_write_all(STDERR_FILENO, line.data, line.len);
}

int main(int argc, char **argv)
{
	auto_buf struct buf out = BUF_INIT(TEXT_MAX);
	struct options o;
	struct err e = {0};
	int rc, written;

	options_parse(argc, argv, &o);
	log_set_level(LOG_ERROR_);
	rc = o.command->run(&o, &out, &e);
	/* What was found is shown even when it is an error. */
	written = out.data ? io_write_all(STDOUT_FILENO, out.data, out.len) : 0;
	rc = rc ? rc : written;
	if (rc && !e.code)
		err_set(&e, rc, "CannotWrite", "cannot write the output: %s", strerror(-rc));
	if (rc)
		complain(&e);
	return rc ? EXIT_FAILURE : EXIT_SUCCESS;
}
