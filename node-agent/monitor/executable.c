/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence.h"

#include <base/cleanup.h>
#include <base/io.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define START_FIELD 22 /* of /proc/PID/stat, in clock ticks since boot */
#define COMM_FIELD 2

/* A process names itself, blanks and brackets included: fields are counted from the last ')' on. */
static int start_ticks(int pid, uint64_t *ret)
{
	auto_free char *stat = NULL;
	char path[32], *p, *end;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (io_read_file(path, 4096, &stat, NULL) < 0)
		return -ESRCH;
	p = strrchr(stat, ')');
	for (int field = COMM_FIELD; p && field < START_FIELD; field++)
		p = strchr(p + 1, ' ');
	if (!p)
		return -EINVAL;
	*ret = strtoull(p + 1, &end, 10);
	return end == p + 1 ? -EINVAL : 0;
}

/* Is it the process that the kernel saw, and not a later one that was given its pid? */
static bool is_same(const struct monitor_task *t)
{
	uint64_t hz = (uint64_t)sysconf(_SC_CLK_TCK), ticks;

	return start_ticks(t->our_pid, &ticks) == 0 && ticks == t->start_ns / (1000000000 / hz);
}

static size_t escape_byte(char dst[static 5], unsigned char c)
{
	if (c < 0x20 || c > 0x7e || c == '\\')
		return (size_t)snprintf(dst, 5, "\\x%02x", c);
	dst[0] = (char)c;
	dst[1] = 0;
	return 1;
}

/* From its end, so that what is lost is the beginning. */
static void path_escape(const char *path, size_t len, char *dst, size_t size)
{
	size_t room = size - 1, from = len;
	char one[5];

	while (from && escape_byte(one, (unsigned char)path[from - 1]) + (from > 1 ? 3 : 0) <= room)
		room -= escape_byte(one, (unsigned char)path[--from]);
	dst[0] = 0;
	if (from)
		strcpy(dst, "...");
	for (size_t at = strlen(dst); from < len; from++)
		at += escape_byte(dst + at, (unsigned char)path[from]);
}

int monitor_task_executable(const struct monitor_task *t, char *dst, size_t size)
{
	char link[32], path[PATH_MAX];
	ssize_t n;

	dst[0] = 0;
	if (t->our_pid <= 0)
		return -ESRCH;
	snprintf(link, sizeof(link), "/proc/%d/exe", t->our_pid);
	n = readlink(link, path, sizeof(path));
	if (n < 0)
		return -ESRCH;
	if (!is_same(t))
		return -ESRCH;
	path_escape(path, (size_t)n, dst, size);
	return 0;
}
