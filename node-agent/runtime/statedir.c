/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/runtime/statedir.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <base/cleanup.h>
#include <base/clock.h>
#include <base/io.h>
#include <base/str.h>

#include "node-agent/runtime/keeper_proto.h"

#define ALARM_AGAIN_US 10000

void statedir_path(char dst[static PATH_MAX], const char *id, const char *name)
{
	str_fmt(dst, PATH_MAX, "%s/%s%s%s", KEEPER_ROOT, id, name ? "/" : "", name ? name : "");
}

bool statedir_exists(const char *id)
{
	char path[PATH_MAX];

	statedir_path(path, id, NULL);
	return access(path, F_OK) == 0;
}

int statedir_create(const char *id, struct err *e)
{
	char path[PATH_MAX];
	int r = io_mkdirs(KEEPER_ROOT, 0700);

	statedir_path(path, id, NULL);
	if (!r)
		r = io_remove_tree(path);
	if (!r && mkdir(path, 0700))
		r = -errno;
	return r ? err_set(e, r, "NoStateDirectory", "%s: %s", path, strerror(-r)) : 0;
}

void statedir_remove(const char *id)
{
	char path[PATH_MAX];

	statedir_path(path, id, NULL);
	io_remove_tree(path);
}

int statedir_write_pid(const char *id, const char *name, pid_t pid)
{
	char path[PATH_MAX], text[32];

	statedir_path(path, id, name);
	str_fmt(text, sizeof(text), "%d", pid);
	return io_write_file_atomic(path, text, strlen(text), 0600);
}

pid_t statedir_read_pid(const char *id, const char *name)
{
	char path[PATH_MAX];
	auto_free char *text = NULL;
	int64_t pid = 0;

	statedir_path(path, id, name);
	if (io_read_file(path, 64, &text, NULL))
		return 0;
	text[strcspn(text, "\n")] = 0;
	str_parse_i64(text, 1, INT32_MAX, &pid);
	return (pid_t)pid;
}

static void on_alarm(int signal_number)
{
	(void)signal_number;
}

/* flock has no timeout of its own: a timer interrupts it, again and again in case the first comes before the
 * call. */
static int flock_until(int fd, int how, int64_t left_ms)
{
	struct sigaction quiet = {.sa_handler = on_alarm}, before;
	struct itimerval timer = {
		.it_value = {.tv_sec = left_ms / 1000, .tv_usec = left_ms % 1000 * 1000 + 1},
		.it_interval = {.tv_usec = ALARM_AGAIN_US},
	};
	const struct itimerval off = {0};

	sigaction(SIGALRM, &quiet, &before);
	setitimer(ITIMER_REAL, &timer, NULL);
	int r = flock(fd, how) ? -errno : 0;
	setitimer(ITIMER_REAL, &off, NULL);
	sigaction(SIGALRM, &before, NULL);
	return r == -EINTR ? -ETIMEDOUT : r;
}

int statedir_lock(const char *id, bool exclusive, int64_t deadline_at)
{
	char path[PATH_MAX];
	int how = exclusive ? LOCK_EX : LOCK_SH;

	statedir_path(path, id, "lock");
	auto_close int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	if (flock(fd, how | LOCK_NB) == 0)
		return TAKE_FD(fd);
	int64_t left = deadline_at - clock_monotonic_ms();
	int r = left > 0 ? flock_until(fd, how, left) : -ETIMEDOUT;
	return r ? r : TAKE_FD(fd);
}
