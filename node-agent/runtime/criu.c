/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/runtime/criu.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include <base/cleanup.h>
#include <base/io.h>
#include <base/str.h>

#include "node-agent/runtime/statedir.h"

#define ERROR_LINES 4
#define LOG_TAIL 65536

/*
 * network-lock: whoever moves a container cuts the network before; a snapshot for a rollback needs no lock,
 * its connections are closed at restore. skip-in-flight: a connection nobody has accepted yet must not fail
 * the dump. ghost-limit: files that are open but deleted are in the dump, and 1 MB is little for a database's
 * temporary files. leave-stopped: what is restored is looked at before it runs.
 */
static const char *const settings[] = {
	[CRIU_DUMP] = "network-lock skip\ntcp-established\nskip-in-flight\nfile-locks\nghost-limit 64M\n",
	[CRIU_RESTORE_CLOSE] = "network-lock skip\ntcp-close\nfile-locks\nleave-stopped\n",
	[CRIU_RESTORE_CONNECTED] = "network-lock skip\ntcp-established\nfile-locks\nleave-stopped\n",
};

int criu_configure(const char *id, enum criu_use use)
{
	char path[PATH_MAX];

	statedir_path(path, id, "criu.conf");
	return io_write_file_atomic(path, settings[use], strlen(settings[use]), 0600);
}

void criu_unconfigure(const char *id)
{
	char path[PATH_MAX];

	statedir_path(path, id, "criu.conf");
	unlink(path);
}

/* Appends what fits. */
static void append(char *dst, size_t size, const char *s, size_t len)
{
	size_t at = strlen(dst), room = size - at - 1;

	len = len < room ? len : room;
	memcpy(dst + at, s, len);
	dst[at + len] = 0;
}

/* Said by CRIU whatever went wrong, or when nothing did. */
static bool is_noise(const char *text, size_t len)
{
	static const char *const noise[] = {"cgroupd: recv req error", "Can't setup RLIMIT_NOFILE for self"};

	for (size_t i = 0; i < ARRAY_LEN(noise); i++) {
		if (memmem(text, len, noise[i], strlen(noise[i])))
			return true;
	}
	return false;
}

void criu_errors(const char *log, char *dst, size_t size)
{
	struct {
		const char *text;
		size_t len;
	} last[ERROR_LINES];
	size_t count = 0;

	while (*log) {
		size_t len = strcspn(log, "\n");
		/* What stands before "Error (" is a time and a pid. */
		const char *text = memmem(log, len, "Error (", strlen("Error ("));
		if (text && !is_noise(text, len - (size_t)(text - log))) {
			last[count % ERROR_LINES].text = text;
			last[count++ % ERROR_LINES].len = len - (size_t)(text - log);
		}
		log += len;
		log += *log == '\n';
	}
	dst[0] = 0;
	for (size_t i = count > ERROR_LINES ? count - ERROR_LINES : 0; i < count; i++) {
		append(dst, size, "; ", *dst ? 2 : 0);
		append(dst, size, last[i % ERROR_LINES].text, last[i % ERROR_LINES].len);
	}
}

void criu_errors_of(const char *path, char *dst, size_t size)
{
	char tail[LOG_TAIL + 1];
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	dst[0] = 0;
	if (fd < 0)
		return;
	off_t end = lseek(fd, 0, SEEK_END);
	ssize_t n = pread(fd, tail, LOG_TAIL, end > LOG_TAIL ? end - LOG_TAIL : 0);
	if (n <= 0)
		return;
	tail[n] = 0;
	criu_errors(tail, dst, size);
}
