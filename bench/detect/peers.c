/* SPDX-License-Identifier: Apache-2.0 */
#include "peers.h"

#include "worker.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define TRACEFS "/sys/kernel/tracing"

static const struct {
	const char *path, *missing, *ready;
} PEERS_KNOWN[PEERS] = {
	[PEER_BPFTRACE] = {"/usr/bin/bpftrace", "skipped: install bpftrace", "ready"},
	[PEER_STRACE] = {"/usr/bin/strace", "skipped: install strace", "attached"},
};

const char *peer_missing(enum peer_kind kind)
{
	return access(PEERS_KNOWN[kind].path, X_OK) == 0 ? NULL : PEERS_KNOWN[kind].missing;
}

/* bpftrace looks its tracepoints up there; not every machine has it mounted. */
static void tracefs_mount(void)
{
	if (access(TRACEFS "/events", F_OK) == 0)
		return;
	if (unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0)
		mount("tracefs", TRACEFS, "tracefs", 0, NULL);
}

static void peer_main(enum peer_kind kind, pid_t target, int out)
{
	char pid[16];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	snprintf(pid, sizeof(pid), "%d", target);
	if (kind == PEER_BPFTRACE) {
		tracefs_mount();
		execl(PEERS_KNOWN[kind].path, "bpftrace", "-B", "line", "-e",
			"tracepoint:raw_syscalls:sys_enter { @ = count(); } "
			"interval:ms:100 { printf(\"ready\\n\"); }",
			NULL);
	} else {
		execl(PEERS_KNOWN[kind].path, "strace", "-c", "-f", "-o", "/dev/null", "-p", pid, NULL);
	}
	_exit(1);
}

void peer_start(struct peer *p, enum peer_kind kind, pid_t target)
{
	char said[4096] = "";
	size_t n = 0;
	int out[2];

	if (pipe(out) < 0)
		bench_fail("cannot make a pipe", errno);
	p->pid = fork();
	if (p->pid < 0)
		bench_fail("cannot start another program", errno);
	if (p->pid == 0)
		peer_main(kind, target, out[1]);
	close(out[1]);
	p->out = out[0];
	while (!strstr(said, PEERS_KNOWN[kind].ready)) {
		ssize_t got = read(p->out, said + n, sizeof(said) - 1 - n);

		if (got <= 0) {
			fprintf(stderr, "%s\n", said);
			bench_fail(PEERS_KNOWN[kind].path, got < 0 ? errno : ECHILD);
		}
		n += (size_t)got;
	}
}

void peer_stop(struct peer *p)
{
	kill(p->pid, SIGINT);
	/* What it says at its end must find somebody who listens. */
	for (char rest[4096]; read(p->out, rest, sizeof(rest)) > 0;)
		;
	close(p->out);
	waitpid(p->pid, NULL, 0);
}
