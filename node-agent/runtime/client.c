/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/runtime/client.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <base/cleanup.h>
#include <base/clock.h>
#include <base/str.h>

#include "node-agent/runtime/args.h"
#include "node-agent/runtime/proc.h"
#include "node-agent/runtime/proto.h"
#include "node-agent/runtime/statedir.h"

#define ASK_MS 10000

int client_connect(const char *id)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	char path[PATH_MAX];

	statedir_path(path, id, "keeper.sock");
	if (str_copy(addr.sun_path, sizeof(addr.sun_path), path))
		return -ENAMETOOLONG;
	auto_close int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		return -errno;
	return TAKE_FD(fd);
}

int client_ask(int fd, enum keeper_verb verb, int64_t deadline_at, struct keeper_reply *ret, struct err *e)
{
	const struct keeper_order o = {.magic = KEEPER_MAGIC,
		.version = KEEPER_VERSION,
		.size = sizeof(o),
		.verb = verb,
		.seq = 1,
		.deadline_ms = (uint32_t)proc_time_left(deadline_at, -1)};
	char message[sizeof(*ret) + 1];
	struct pollfd p = {.fd = fd, .events = POLLIN};

	if (send(fd, &o, sizeof(o), MSG_NOSIGNAL) != (ssize_t)sizeof(o))
		return err_set(e, -EPIPE, "NoKeeper", "the container's keeper is gone");
	pump_wait(NULL, &p, 1, proc_time_left(deadline_at, -1));
	if (!p.revents)
		return err_set(e, -ETIMEDOUT, "NoAnswer", "the container's keeper does not answer");
	ssize_t n = recv(fd, message, sizeof(message), MSG_TRUNC);
	if (n <= 0)
		return err_set(e, -EPIPE, "NoKeeper", "the container ended before it was started");
	return proto_check_reply(message, (size_t)n, ret, e);
}

static pid_t ask_init(const char *id)
{
	int64_t deadline_at = clock_monotonic_ms() + ASK_MS;
	struct keeper_reply r = {0};
	/* Between the end of one init and the next there is none: wait for it. */
	auto_close int lock = statedir_lock(id, false, deadline_at);
	auto_close int fd = client_connect(id);

	if (lock < 0 || fd < 0 || client_ask(fd, KEEPER_STATUS, deadline_at, &r, NULL))
		return 0;
	return r.init_pid;
}

pid_t client_real_pid(pid_t pid, void *unused)
{
	auto_closedir DIR *d = opendir(KEEPER_ROOT);

	(void)unused;
	if (!d)
		return pid;
	for (struct dirent *ent; (ent = readdir(d));) {
		if (!args_id_ok(ent->d_name) || statedir_read_pid(ent->d_name, "keeper.pid") != pid)
			continue;
		auto_close int fd = client_connect(ent->d_name);
		/* Left by a keeper that was killed: the pid may be anybody's by now. */
		if (fd >= 0)
			return ask_init(ent->d_name);
	}
	return pid;
}
