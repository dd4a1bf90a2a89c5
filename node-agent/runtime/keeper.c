/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/runtime/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <base/cleanup.h>
#include <base/clock.h>
#include <base/io.h>
#include <base/str.h>

#include "node-agent/runtime/runc.h"
#include "node-agent/runtime/statedir.h"

#define RUNC_ROOT "/run/runc"
#define KILL_MS 10000
#define EXIT_SIGNALLED 128

enum keeper_state keeper_state_now(const struct keeper *k)
{
	if (k->busy)
		return KEEPER_BUSY;
	if (k->exit_code >= 0)
		return KEEPER_ENDED;
	/* Asked of the kernel, not remembered: `runc pause` and `runc resume` work as ever. */
	if (k->state == KEEPER_RUNNING && k->has_cgroup && cgroup_is_frozen(&k->cgroup) == 1)
		return KEEPER_FROZEN;
	return k->state;
}

int keeper_run_runc(struct keeper *k, char *const *more, struct proc *p, int *ret_status, struct err *e)
{
	char log[PATH_MAX];

	statedir_path(log, k->id, "runc.log");
	unlink(log);
	auto_free char **argv = args_for_runc(k->args, k->runc, k->root, log, more);
	if (!argv)
		return err_set(e, -ENOMEM, "OutOfMemory", "out of memory");
	p->argv = argv;
	int r = proc_run(p, &k->pump, ret_status);
	return r ? err_set(e, r, "RuncFailed", "runc %s: %s", more[0], strerror(-r)) : 0;
}

static int exit_code_of(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_SIGNALLED + WTERMSIG(status);
}

static int set_up_signals(void)
{
	static const int ignored[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGPIPE, SIGTTIN, SIGTTOU};
	sigset_t chld;

	proc_reset_signals();
	for (size_t i = 0; i < ARRAY_LEN(ignored); i++)
		signal(ignored[i], SIG_IGN);
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, NULL);
	return signalfd(-1, &chld, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int set_up(struct keeper *k, struct err *e)
{
	setsid();
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	prctl(PR_SET_NAME, "escape-keeper");
	k->signal_fd = set_up_signals();
	if (k->signal_fd < 0)
		return err_set(e, -errno, "NoKeeper", "signalfd: %s", strerror(errno));
	int r = cgroup_of(getpid(), &k->home, e);
	if (!r)
		r = sock_listen(k, e);
	if (!r)
		r = statedir_write_pid(k->id, "keeper.pid", getpid());
	return r;
}

/* The engine watches the process named in here: the keeper. */
static int write_pid_file(const char *path, struct err *e)
{
	char text[32];

	if (!path)
		return 0;
	str_fmt(text, sizeof(text), "%d", getpid());
	int r = io_write_file_atomic(path, text, strlen(text), 0644);
	return r ? err_set(e, r, "NoPidFile", "%s: %s", path, strerror(-r)) : 0;
}

static int create_container(struct keeper *k, int *ret_status, struct err *e)
{
	char pid_file[PATH_MAX];

	statedir_path(pid_file, k->id, "runc.pid");
	auto_free char **argv = args_for_create(k->args, k->runc, pid_file);
	if (!argv)
		return err_set(e, -ENOMEM, "OutOfMemory", "out of memory");
	/* The engine waits for `create` as long as it likes, and so do hooks take: no deadline of ours. */
	struct proc p = {.argv = argv, .keep_stdio = true};
	int r = proc_run(&p, NULL, ret_status);
	if (r)
		return err_set(e, r, "RuncFailed", "runc create: %s", strerror(-r));
	if (*ret_status)
		return err_set(e, -EIO, "CreateFailed", "runc create failed");
	k->init_pid = statedir_read_pid(k->id, "runc.pid");
	if (k->init_pid <= 0)
		return err_set(e, -EIO, "CreateFailed", "runc create left no pid file");
	/* The engine finds the container's cgroup by our pid, right after `create`. */
	if (!cgroup_of(k->init_pid, &k->cgroup, NULL))
		k->has_cgroup = cgroup_is_own(&k->cgroup, &k->home);
	cgroup_join(&k->cgroup);
	r = mountpoints_note(k->bundle, &k->mountpoints, e);
	return r ? r : write_pid_file(k->args->pid_file, e);
}

/* What the engine had open when it called `create` is not ours to keep open, but for the container's three.
 */
static void close_foreign(const struct keeper *k)
{
	auto_closedir DIR *d = opendir("/proc/self/fd");

	if (!d)
		return;
	for (struct dirent *ent; (ent = readdir(d));) {
		int64_t fd;
		if (str_parse_i64(ent->d_name, 3, INT32_MAX, &fd))
			continue;
		if (fd != dirfd(d) && fd != k->listen_fd && fd != k->signal_fd)
			close((int)fd);
	}
}

static void live(struct keeper *k)
{
	for (;;) {
		container_reap(k);
		if (k->init_ended && k->exit_code < 0)
			k->exit_code = exit_code_of(k->init_status);
		if (k->exit_code >= 0)
			return;
		sock_tell_watchers(k);
		struct keeper_conn *c = sock_next_order(k);
		bool held = k->state == KEEPER_HELD;
		int left = held ? proc_time_left(k->hold_until, -1) : -1;
		if (c)
			orders_carry_out(k, c);
		else if (held && (left == 0 || k->starter->fd < 0))
			orders_end_hold(k);
		else
			sock_wait(k, NULL, 0, left);
	}
}

void keeper_main(const struct runc_args *args, const struct bundle *bundle, const char *runc, int result_fd)
{
	static struct keeper k;
	int status = 1;
	auto_free char *cwd = getcwd(NULL, 0);

	k = (struct keeper){
		.args = args, .bundle = bundle, .id = args->id, .state = KEEPER_CREATED, .exit_code = -1};
	k.told = KEEPER_CREATED;
	k.pump = (struct pump){.wait = sock_wait, .ctx = &k};
	k.runc = strdup(runc);
	k.root = !args->root            ? strdup(RUNC_ROOT)
		 : args->root[0] == '/' ? strdup(args->root)
					: str_dup_fmt("%s/%s", cwd ? cwd : "", args->root);
	struct err e = {0};
	int r = k.runc && k.root ? set_up(&k, &e) : -ENOMEM;
	if (!r)
		r = create_container(&k, &status, &e);
	if (r && *e.message && !str_eq(e.reason, "CreateFailed"))
		runc_report(args, e.message);
	status = r ? 1 : 0;
	if (io_write_all(result_fd, &status, sizeof(status)) || r) {
		/* Nobody waits for this container any more. */
		container_kill(&k, clock_monotonic_ms() + KILL_MS, NULL);
		_exit(1);
	}
	close_foreign(&k);
	if (chdir("/"))
		_exit(1);
	live(&k);
	sock_tell_watchers(&k);
	_exit(k.exit_code);
}
