/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stands for the container engine's shim in the component test: `shim DIR COMMAND ...` runs a runtime's
 * create with pipes for the container's stdio, exits as that did, and leaves a subreaper behind that copies
 * the output to DIR/out and writes the exit status of the process named in DIR/pid to DIR/exit.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *dir;

static int open_in_dir(const char *name, int flags)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return open(path, flags | O_CLOEXEC, 0644);
}

static pid_t read_pid(void)
{
	char text[32] = "";
	int fd = open_in_dir("pid", O_RDONLY);

	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		return -1;
	close(fd);
	return (pid_t)strtol(text, NULL, 10);
}

static void copy_output(int from)
{
	int to = open_in_dir("out", O_WRONLY | O_CREAT | O_APPEND);
	char chunk[4096];
	ssize_t n;

	while ((n = read(from, chunk, sizeof(chunk))) > 0) {
		if (write(to, chunk, (size_t)n) != n)
			break;
	}
	_exit(0);
}

static void write_exit(int status)
{
	char text[32], from[PATH_MAX], to[PATH_MAX];
	int fd = open_in_dir("exit.new", O_WRONLY | O_CREAT | O_TRUNC);
	int n = snprintf(
		text, sizeof(text), "%d\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));

	snprintf(from, sizeof(from), "%s/exit.new", dir);
	snprintf(to, sizeof(to), "%s/exit", dir);
	if (write(fd, text, (size_t)n) == n)
		rename(from, to);
}

static void reap_until(pid_t wanted)
{
	int status;
	pid_t pid;

	while ((pid = wait(&status)) > 0 || errno == EINTR) {
		if (pid == wanted) {
			write_exit(status);
			return;
		}
	}
}

static int run_create(char **argv, int in, int out)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		dup2(in, 0);
		dup2(out, 1);
		dup2(out, 2);
		execvp(argv[0], argv);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static void be_shim(char **argv, int result)
{
	int in[2], out[2];

	setsid();
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
		_exit(1);
	int status = run_create(argv, in[0], out[1]);
	close(in[0]);
	close(out[1]);
	if (fork() == 0) {
		close(result);
		copy_output(out[0]);
	}
	if (write(result, &status, sizeof(status)) != (ssize_t)sizeof(status))
		_exit(1);
	close(result);
	if (status == 0)
		reap_until(read_pid());
	_exit(0);
}

int main(int argc, char **argv)
{
	int result[2], status = 1;

	if (argc < 3 || pipe2(result, O_CLOEXEC))
		return 2;
	dir = argv[1];
	if (fork() == 0) {
		int null = open("/dev/null", O_RDWR);
		for (int fd = 0; fd < 3; fd++)
			dup2(null, fd);
		be_shim(argv + 2, result[1]);
	}
	close(result[1]);
	if (read(result[0], &status, sizeof(status)) != (ssize_t)sizeof(status))
		return 1;
	return status;
}
