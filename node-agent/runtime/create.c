/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <base/cleanup.h>
#include <base/io.h>
#include <base/str.h>

#include "node-agent/runtime/bundle.h"
#include "node-agent/runtime/client.h"
#include "node-agent/runtime/keeper.h"
#include "node-agent/runtime/runc.h"
#include "node-agent/runtime/statedir.h"
#include "node-agent/runtime/verbs.h"

static int check_fence(const struct bundle *b, struct err *e)
{
	char path[PATH_MAX];

	if (!*b->pod_uid || str_fmt(path, sizeof(path), KEEPER_FENCES "/%s", b->pod_uid) ||
		access(path, F_OK))
		return 0;
	return err_set(e, -EPERM, "Fenced",
		"pod %s/%s (%s) has escaped from this node: its state lives elsewhere, and no container of "
		"it is created here",
		b->pod_namespace, b->pod_name, b->pod_uid);
}

static int prepare(const struct runc_args *a, struct bundle *b, struct err *e)
{
	char criu_conf[PATH_MAX];
	auto_free char *text = NULL;
	size_t len;
	statedir_path(criu_conf, a->id, "criu.conf");
	int r = bundle_rewrite(b, criu_conf, client_real_pid, NULL, &text, &len, e);
	return r ? r : bundle_store(b, text, len, e);
}

/* Forks the keeper and waits until `runc create` is through: the keeper's pid, or -errno after runc said why.
 */
static pid_t start_keeper(const struct runc_args *a, const struct bundle *b, const char *runc, struct err *e)
{
	int fds[2], status;

	if (pipe2(fds, O_CLOEXEC))
		return err_set(e, -errno, "NoKeeper", "pipe: %s", strerror(errno));
	auto_close int result = fds[0];
	auto_close int keeper_end = fds[1];
	fflush(NULL);
	pid_t pid = fork();
	if (pid < 0)
		return err_set(e, -errno, "NoKeeper", "fork: %s", strerror(errno));
	if (pid == 0) {
		close(result);
		keeper_main(a, b, runc, keeper_end);
	}
	close(TAKE_FD(keeper_end));
	ssize_t n;
	while ((n = read(result, &status, sizeof(status))) < 0 && errno == EINTR)
		;
	if (n != (ssize_t)sizeof(status))
		return err_set(e, -EIO, "NoKeeper", "the keeper ended while it made the container");
	return status ? -EIO : 0;
}

static int make_statedir(const char *id, struct err *e)
{
	auto_close int other = client_connect(id);

	if (other >= 0)
		return err_set(e, -EEXIST, "Exists", "container with id exists already: %s", id);
	return statedir_create(id, e);
}

static int create_guarded(const struct runc_args *a, struct bundle *b, struct err *e)
{
	auto_free char *runc = NULL;
	int r = runc_find("runc", &runc, e);

	if (!r)
		r = make_statedir(a->id, e);
	if (r)
		return r;
	r = prepare(a, b, e);
	if (!r) {
		runc_complete_path();
		r = start_keeper(a, b, runc, e);
	}
	if (r)
		statedir_remove(a->id);
	return r;
}

int verb_create(const struct runc_args *a)
{
	struct err e = {0};
	struct bundle b = {0};
	int r = bundle_load(a->bundle, &b, &e);
	bool plain = b.sandbox || !args_id_ok(a->id);

	if (!r)
		r = check_fence(&b, &e);
	if (!r && !plain)
		r = create_guarded(a, &b, &e);
	bundle_free(&b);
	if (!r && plain)
		return verb_pass(a);
	if (r && *e.message)
		runc_report(a, e.message);
	return r ? EXIT_FAILURE : EXIT_SUCCESS;
}
