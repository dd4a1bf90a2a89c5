/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Speaks the order protocol for the component test: `order ID VERB [order=N] [uid=UID] [dir=DIR] [text=TEXT]
 * [flags=N] [ms=N]` prints the reply as key=value lines and exits 0 when its code is 0, else 1. `order ID
 * garbage` sends bytes that are no order, exits 0 when the keeper hangs up.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "node-agent/runtime/keeper_proto.h"

static const char *const verbs[] = {[KEEPER_STATUS] = "status",
	[KEEPER_WATCH] = "watch",
	[KEEPER_START] = "start",
	[KEEPER_SNAPSHOT] = "snapshot",
	[KEEPER_RESTORE] = "restore",
	[KEEPER_RELEASE] = "release",
	[KEEPER_SKIP] = "skip",
	[KEEPER_REFUSE] = "refuse",
	[KEEPER_FREEZE] = "freeze",
	[KEEPER_THAW] = "thaw",
	[KEEPER_KILL] = "kill"};

static const char *const states[] = {[KEEPER_CREATED] = "created",
	[KEEPER_HELD] = "held",
	[KEEPER_RUNNING] = "running",
	[KEEPER_FROZEN] = "frozen",
	[KEEPER_BUSY] = "busy",
	[KEEPER_ENDED] = "ended"};

static int connect_to(const char *id)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s/%s/keeper.sock", KEEPER_ROOT, id);
	if (connect(fd, (struct sockaddr *)&a, sizeof(a))) {
		perror(a.sun_path);
		exit(2);
	}
	return fd;
}

static int garbage(int fd)
{
	struct keeper_order o = {
		.magic = KEEPER_MAGIC, .version = KEEPER_VERSION, .size = sizeof(o), .verb = 99, .seq = 1};
	char reply[16];

	if (send(fd, &o, sizeof(o), 0) < 0)
		return 1;
	return recv(fd, reply, sizeof(reply), 0) != 0;
}

static void take_option(struct keeper_order *o, const char *arg)
{
	const char *value = strchr(arg, '=');
	size_t len = value ? (size_t)(value - arg) : strlen(arg);

	value = value ? value + 1 : "";
	if (!strncmp(arg, "order", len))
		o->order_id = strtoull(value, NULL, 10);
	else if (!strncmp(arg, "uid", len))
		snprintf(o->pod_uid, sizeof(o->pod_uid), "%s", value);
	else if (!strncmp(arg, "dir", len))
		snprintf(o->dir, sizeof(o->dir), "%s", value);
	else if (!strncmp(arg, "text", len))
		snprintf(o->text, sizeof(o->text), "%s", value);
	else if (!strncmp(arg, "flags", len))
		o->flags = (uint32_t)strtoul(value, NULL, 10);
	else if (!strncmp(arg, "ms", len))
		o->deadline_ms = (uint32_t)strtoul(value, NULL, 10);
}

static int show(const struct keeper_reply *r)
{
	printf("code=%d\nstate=%s\ninit=%d\nkeeper=%d\nrollbacks=%u\nsuccessor=%u\nreason=%s\nmessage=%s\n",
		r->code, states[r->state], r->init_pid, r->keeper_pid, r->rollbacks, r->successor, r->reason,
		r->message);
	printf("uid=%s\nms=freeze:%u,dump:%u,files:%u,kill:%u,restore:%u,total:%u\n", r->pod_uid,
		r->ms[KEEPER_MS_FREEZE], r->ms[KEEPER_MS_DUMP], r->ms[KEEPER_MS_FILES], r->ms[KEEPER_MS_KILL],
		r->ms[KEEPER_MS_RESTORE], r->ms[KEEPER_MS_TOTAL]);
	return r->code != 0;
}

static int follow(int fd)
{
	struct keeper_order o = {.magic = KEEPER_MAGIC,
		.version = KEEPER_VERSION,
		.size = sizeof(o),
		.verb = KEEPER_WATCH,
		.seq = 1};
	struct keeper_reply r;

	if (send(fd, &o, sizeof(o), 0) < 0)
		return 1;
	while (recv(fd, &r, sizeof(r), 0) == (ssize_t)sizeof(r)) {
		puts(states[r.state]);
		fflush(stdout);
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct keeper_order o = {
		.magic = KEEPER_MAGIC, .version = KEEPER_VERSION, .size = sizeof(o), .seq = 42};
	struct keeper_reply r;

	if (argc < 3)
		return 2;
	int fd = connect_to(argv[1]);
	if (!strcmp(argv[2], "garbage"))
		return garbage(fd);
	if (!strcmp(argv[2], "follow"))
		return follow(fd);
	for (uint32_t v = 1; v < sizeof(verbs) / sizeof(verbs[0]); v++) {
		if (!strcmp(argv[2], verbs[v]))
			o.verb = v;
	}
	for (int i = 3; i < argc; i++)
		take_option(&o, argv[i]);
	if (send(fd, &o, sizeof(o), 0) != (ssize_t)sizeof(o) ||
		recv(fd, &r, sizeof(r), 0) != (ssize_t)sizeof(r)) {
		fprintf(stderr, "the keeper hung up\n");
		return 2;
	}
	if (r.seq != o.seq)
		return 2;
	return show(&r);
}
