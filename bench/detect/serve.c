/* SPDX-License-Identifier: Apache-2.0 */
#include "serve.h"

#include "states.h"
#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct {
	const char *word;
	enum state state;
} WORDS[] = {{"nothing", STATE_NOTHING}, {"empty", STATE_EMPTY}, {"learn", STATE_FUSED_LEARN},
	{"detect", STATE_FUSED_DETECT}, {"bpftrace", STATE_BPFTRACE}, {"strace", STATE_STRACE}};

/* Waits until it may begin, in a pid namespace of its own as a container's process does. */
static pid_t program_start(char **argv, int *ret_go)
{
	int go[2];
	char byte;
	pid_t pid;

	if (pipe2(go, O_CLOEXEC) < 0)
		bench_fail("cannot make a pipe", errno);
	pid = (pid_t)syscall(SYS_clone, SIGCHLD | CLONE_NEWPID, NULL, NULL, NULL, NULL);
	if (pid < 0)
		bench_fail("cannot start the program", errno);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(STDERR_FILENO, STDOUT_FILENO);
		if (read(go[0], &byte, 1) != 1)
			_exit(1);
		execvp(argv[0], argv);
		_exit(127);
	}
	close(go[0]);
	*ret_go = go[1];
	return pid;
}

static void answer(struct states *s, const char *word)
{
	for (size_t i = 0; i < sizeof(WORDS) / sizeof(WORDS[0]); i++) {
		const char *missing = state_missing(WORDS[i].state);

		if (strcmp(word, WORDS[i].word) != 0)
			continue;
		if (!missing)
			states_enter(s, WORDS[i].state);
		puts(missing ? missing : "ok");
		return;
	}
	if (strcmp(word, "stats") == 0)
		states_print(s, stdout);
	else
		puts("what?");
}

struct talk {
	struct states *states;
	char line[64];
	size_t n;
};

/* The loop runs meanwhile as the agent's does: who watches has to take in what the kernel tells. */
static void on_stdin(void *arg, int events)
{
	struct talk *t = arg;
	ssize_t got = read(STDIN_FILENO, t->line + t->n, sizeof(t->line) - 1 - t->n);
	char *end;

	(void)events;
	if (got <= 0) {
		loop_stop(states_loop(t->states));
		return;
	}
	t->n += (size_t)got;
	t->line[t->n] = 0;
	end = strchr(t->line, '\n');
	if (!end)
		return;
	*end = 0;
	t->n = 0;
	answer(t->states, t->line);
}

int serve_main(char **argv)
{
	struct talk t = {.n = 0};
	struct loop_poll *poll;
	int go;
	pid_t pid = program_start(argv, &go);

	t.states = states_new(pid);
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (loop_poll_new(states_loop(t.states), STDIN_FILENO, LOOP_READ, on_stdin, &t, &poll) < 0)
		bench_fail("cannot wait for words", errno);
	if (write(go, "", 1) != 1)
		bench_fail("the program ended", errno);
	printf("ok %d\n", pid);
	loop_run(states_loop(t.states));
	loop_poll_free(poll);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	states_free(t.states);
	return EXIT_SUCCESS;
}
