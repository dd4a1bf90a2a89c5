/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/runtime/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <base/cleanup.h>
#include <base/clock.h>

#define EXIT_CANNOT_EXEC 127

void pump_wait(const struct pump *p, struct pollfd *fds, nfds_t count, int timeout_ms)
{
	if (p) {
		p->wait(p->ctx, fds, count, timeout_ms);
		return;
	}
	if (poll(fds, count, timeout_ms) <= 0) {
		for (nfds_t i = 0; i < count; i++)
			fds[i].revents = 0;
	}
}

int proc_time_left(int64_t deadline_at, int at_most)
{
	if (!deadline_at)
		return at_most;
	int64_t left = deadline_at - clock_monotonic_ms();
	if (left < 0)
		left = 0;
	if (at_most >= 0 && left > at_most)
		left = at_most;
	return left > INT32_MAX ? INT32_MAX : (int)left;
}

void proc_reset_signals(void)
{
	sigset_t none;

	for (int s = 1; s <= SIGRTMAX; s++)
		signal(s, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void child_exec(const struct proc *p, int out)
{
	setpgid(0, 0);
	proc_reset_signals();
	if (!p->keep_stdio) {
		int null = open("/dev/null", O_RDWR | O_CLOEXEC);
		if (null < 0 || dup2(null, 0) < 0 || dup2(out >= 0 ? out : null, 1) < 0 ||
			dup2(out >= 0 ? out : null, 2) < 0)
			_exit(EXIT_CANNOT_EXEC);
	}
	execv(p->argv[0], p->argv);
	_exit(EXIT_CANNOT_EXEC);
}

static void drain(int fd, struct buf *out)
{
	char chunk[4096];
	ssize_t n;

	while ((n = read(fd, chunk, sizeof(chunk))) > 0) {
		size_t room = PROC_OUTPUT_MAX > out->len ? PROC_OUTPUT_MAX - out->len : 0;
		buf_add(out, chunk, (size_t)n < room ? (size_t)n : room);
	}
}

/* The end of the process counts, not of its output: what it left running may hold the pipe open. */
static int wait_until(const struct proc *p, const struct pump *pump, int pidfd, int *out, int64_t deadline_at)
{
	for (;;) {
		struct pollfd fds[] = {{.fd = pidfd, .events = POLLIN}, {.fd = *out, .events = POLLIN}};
		int left = proc_time_left(deadline_at, -1);
		if (left == 0)
			return -ETIMEDOUT;
		pump_wait(pump, fds, 2, left);
		if (fds[1].revents && p->output) {
			drain(*out, p->output);
			if (fds[1].revents & (POLLHUP | POLLERR) && !(fds[1].revents & POLLIN))
				*out = -1;
		}
		if (fds[0].revents)
			return 0;
	}
}

static void kill_group(pid_t pid)
{
	kill(-pid, SIGKILL);
	kill(pid, SIGKILL);
}

static int wait_child(const struct proc *p, const struct pump *pump, pid_t pid, int pidfd, int out)
{
	int r = wait_until(p, pump, pidfd, &out, p->deadline_at);

	if (!r)
		return 0;
	if (p->give_up) {
		p->give_up(p->ctx);
		if (!wait_until(p, pump, pidfd, &out, clock_monotonic_ms() + p->grace_ms))
			return r;
	}
	kill_group(pid);
	return r;
}

static int reap(pid_t pid, int *ret_status)
{
	while (waitpid(pid, ret_status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return 0;
}

static int supervise(const struct proc *p, const struct pump *pump, pid_t pid, int out, int *ret_status)
{
	auto_close int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	int r = pidfd < 0 ? -errno : 0;

	if (r)
		kill_group(pid);
	else
		r = wait_child(p, pump, pid, pidfd, out);
	int reaped = reap(pid, ret_status);
	if (out >= 0)
		drain(out, p->output);
	return r ? r : reaped;
}

int proc_run(const struct proc *p, const struct pump *pump, int *ret_status)
{
	int fds[2] = {-1, -1};

	if (p->output && pipe2(fds, O_CLOEXEC))
		return -errno;
	auto_close int out = fds[0], in = fds[1];
	if (out >= 0)
		fcntl(out, F_SETFL, O_NONBLOCK);
	pid_t pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0)
		child_exec(p, in);
	setpgid(pid, pid);
	if (in >= 0)
		close(TAKE_FD(in));
	return supervise(p, pump, pid, out, ret_status);
}

int proc_wait_gone(pid_t pid, int64_t deadline_at, const struct pump *pump)
{
	auto_close int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);

	if (pidfd < 0)
		return errno == ESRCH ? 0 : -errno;
	for (;;) {
		struct pollfd fd = {.fd = pidfd, .events = POLLIN};
		int left = proc_time_left(deadline_at, -1);
		pump_wait(pump, &fd, 1, left);
		if (fd.revents)
			return 0;
		if (left == 0)
			return -ETIMEDOUT;
	}
}
