/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/runtime/verbs.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <base/cleanup.h>
#include <base/clock.h>
#include <base/str.h>

#include "node-agent/runtime/client.h"
#include "node-agent/runtime/proto.h"
#include "node-agent/runtime/runc.h"
#include "node-agent/runtime/statedir.h"

#define LOCK_MS 10000
#define START_SLACK_MS 60000

static bool has_keeper(const struct runc_args *a)
{
	return args_id_ok(a->id) && statedir_exists(a->id);
}

static int fail(const struct runc_args *a, const struct err *e)
{
	runc_report(a, e->message);
	return EXIT_FAILURE;
}

int verb_pass(const struct runc_args *a)
{
	struct err e = {0};

	runc_exec(a->argv, &e);
	return fail(a, &e);
}

/* runc as a child that does not outlive us: an engine that gives up on a verb kills the process it started.
 */
static int run_child(const struct runc_args *a)
{
	pid_t parent = getpid(), pid = fork();
	int status;

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(getppid() == parent ? verb_pass(a) : EXIT_FAILURE);
	}
	while (pid < 0 || waitpid(pid, &status, 0) < 0) {
		if (pid < 0 || errno != EINTR)
			return EXIT_FAILURE;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int wait_for_container(const struct runc_args *a)
{
	/* Not had in time: runc then says itself what it finds. */
	return statedir_lock(a->id, false, clock_monotonic_ms() + LOCK_MS);
}

int verb_guarded(const struct runc_args *a)
{
	if (!has_keeper(a))
		return verb_pass(a);
	auto_close int lock = wait_for_container(a);
	return lock < 0 ? verb_pass(a) : run_child(a);
}

int verb_exec(const struct runc_args *a)
{
	/* Detached, runc ends when the process runs; otherwise it stays as long as that does, and must not
	 * hold the lock. */
	if (a->detach)
		return verb_guarded(a);
	int lock = has_keeper(a) ? wait_for_container(a) : -1;
	if (lock >= 0)
		close(lock);
	return verb_pass(a);
}

int verb_start(const struct runc_args *a)
{
	struct err e = {0};
	struct keeper_reply r;

	if (!has_keeper(a))
		return verb_pass(a);
	auto_close int fd = client_connect(a->id);
	if (fd < 0) {
		err_set(&e, fd, "NoKeeper", "the container's keeper is gone: %s", strerror(-fd));
		return fail(a, &e);
	}
	if (client_ask(fd, KEEPER_START, clock_monotonic_ms() + KEEPER_HOLD_MS + START_SLACK_MS, &r, &e))
		return fail(a, &e);
	if (r.code) {
		err_set(&e, r.code, r.reason, "%s", r.message);
		return fail(a, &e);
	}
	return EXIT_SUCCESS;
}

/* With the keeper gone the engine takes the container for ended, and nobody would end what still runs of it.
 */
static int delete_orphan(const struct runc_args *a)
{
	auto_free char **argv = calloc((size_t)a->argc + 2, sizeof(*argv));
	struct runc_args forced = *a;

	if (!argv)
		return EXIT_FAILURE;
	memcpy(argv, a->argv, (size_t)(a->verb_at + 1) * sizeof(*argv));
	argv[a->verb_at + 1] = (char *)"--force";
	memcpy(argv + a->verb_at + 2, a->argv + a->verb_at + 1,
		(size_t)(a->argc - a->verb_at) * sizeof(*argv));
	forced.argv = argv;
	return run_child(&forced);
}

int verb_delete(const struct runc_args *a)
{
	if (!has_keeper(a))
		return verb_pass(a);
	int lock = wait_for_container(a);
	auto_close int keeper = client_connect(a->id);
	bool orphan = keeper < 0 && !a->force;
	int status = orphan ? delete_orphan(a) : run_child(a);
	if (status == EXIT_SUCCESS || keeper < 0)
		statedir_remove(a->id);
	if (lock >= 0)
		close(lock);
	return status;
}
