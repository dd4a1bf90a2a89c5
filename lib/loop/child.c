/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A child process with its output and a deadline. Both outputs go into one plain pipe; the child is done when
 * it has exited, not when the pipe closes, because a daemon it left behind may hold the pipe for ever.
 */
#include "internal.h"

#include <base/buf.h>
#include <base/cleanup.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>

#define READ_CHUNK 16384
/* More than a pipe holds, so that a daemon that goes on writing cannot keep the last read busy. */
#define DRAIN_MAX ((size_t)1024 * 1024)

struct child {
	struct handle h;
	uv_process_t uv;
	struct loop_poll *poll;
	struct loop_timer *deadline;
	int fd; /* read end */
	struct buf out;
	loop_spawn_done done;
	void *arg;
};

/* Reads once: how much came, 0 at the end or when nothing is there. What is over the maximum is dropped. */
static size_t take_output(struct child *c)
{
	char chunk[READ_CHUNK];
	ssize_t n = read(c->fd, chunk, sizeof(chunk));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0) {
		loop_poll_free(c->poll);
		c->poll = NULL;
		return 0;
	}

	size_t room = c->out.max - c->out.len;

	buf_add(&c->out, chunk, (size_t)n < room ? (size_t)n : room);
	return (size_t)n;
}

static void on_output(void *arg, int events)
{
	(void)events;
	take_output(arg);
}

/* The whole group: what the child has started must not outlive its deadline either. */
static void kill_group(struct child *c)
{
	if (c->uv.pid > 0)
		kill(-c->uv.pid, SIGKILL);
}

static void on_deadline(void *arg)
{
	kill_group(arg);
}

/* Everything but the handle, whose memory goes when libuv lets it go. */
static void child_release(struct child *c)
{
	loop_timer_free(c->deadline);
	loop_poll_free(c->poll);
	if (c->fd >= 0)
		close(c->fd);
	buf_free(&c->out);
}

static void on_exit_cb(uv_process_t *uv, int64_t status, int signum)
{
	struct child *c = uv->data;
	size_t drained = 0, n;

	do {
		n = take_output(c);
		drained += n;
	} while (n && drained < DRAIN_MAX);

	struct loop *l = c->h.loop;

	c->done(c->arg, signum ? 128 + signum : (int)(status & 255), c->out.data ? c->out.data : "",
		c->out.len);
	l->pending--;
	child_release(c);
	handle_close(&c->h);
}

static int child_watch(struct child *c, struct loop *l, uint32_t deadline_ms)
{
	int r = loop_poll_new(l, c->fd, LOOP_READ, on_output, c, &c->poll);

	if (r < 0 || deadline_ms == 0)
		return r;
	r = loop_timer_new(l, on_deadline, c, &c->deadline);
	return r < 0 ? r : loop_timer_start(c->deadline, deadline_ms, 0);
}

static int child_start(struct child *c, struct loop *l, const struct loop_spawn *s, int out)
{
	uv_stdio_container_t stdio[] = {
		{.flags = UV_IGNORE},
		{.flags = UV_INHERIT_FD, .data.fd = out},
		{.flags = UV_INHERIT_FD, .data.fd = out},
	};
	/* libuv only reads the vectors; its types predate const. */
	uv_process_options_t options = {
		.exit_cb = on_exit_cb,
		.file = s->argv[0],
		.args = (char **)(uintptr_t)s->argv,
		.env = (char **)(uintptr_t)s->env,
		.cwd = s->cwd,
		.flags = UV_PROCESS_DETACHED, /* a group of its own, for kill_group */
		.stdio = stdio,
		.stdio_count = ARRAY_LEN(stdio),
	};
	int r = uv_spawn(&l->uv, &c->uv, &options);

	handle_link(l, &c->h, (uv_handle_t *)&c->uv);
	return r;
}

int loop_spawn(struct loop *l, const struct loop_spawn *s, loop_spawn_done done, void *arg)
{
	int fds[2];

	if (l->closing)
		return -ESHUTDOWN;

	struct child *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	if (pipe2(fds, O_CLOEXEC) < 0) {
		int r = -errno;

		free(c);
		return r;
	}
	c->fd = fds[0];
	c->out = BUF_INIT(s->max_output);
	c->done = done;
	c->arg = arg;

	/* Watched before it is started: afterwards nothing may fail any more. */
	int r = child_watch(c, l, s->deadline_ms);

	if (r < 0) {
		child_release(c);
		close(fds[1]);
		free(c);
		return r;
	}
	r = child_start(c, l, s, fds[1]);
	close(fds[1]);
	if (r < 0) {
		child_release(c);
		handle_close(&c->h);
		return r;
	}
	l->pending++;
	return 0;
}

void child_kill_all(struct loop *l)
{
	for (struct handle *h = l->handles.next; h != &l->handles; h = h->next) {
		if (h->uv->type == UV_PROCESS)
			kill_group((struct child *)h);
	}
}
