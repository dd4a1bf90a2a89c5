/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>

struct loop_timer {
	struct handle h;
	uv_timer_t uv;
	loop_timer_cb cb;
	void *arg;
};

struct loop_poll {
	struct handle h;
	uv_poll_t uv;
	loop_poll_cb cb;
	void *arg;
	int events;
};

struct loop_signal {
	struct handle h;
	uv_signal_t uv;
	loop_signal_cb cb;
	void *arg;
};

void handle_link(struct loop *l, struct handle *h, uv_handle_t *uv)
{
	h->loop = l;
	h->uv = uv;
	uv->data = h;
	h->prev = l->handles.prev;
	h->next = &l->handles;
	h->prev->next = h;
	h->next->prev = h;
}

static void on_closed(uv_handle_t *uv)
{
	free(uv->data);
}

void handle_close(struct handle *h)
{
	h->prev->next = h->next;
	h->next->prev = h->prev;
	uv_close(h->uv, on_closed);
}

int loop_timer_new(struct loop *l, loop_timer_cb cb, void *arg, struct loop_timer **ret)
{
	if (l->closing)
		return -ESHUTDOWN;

	struct loop_timer *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	uv_timer_init(&l->uv, &t->uv);
	handle_link(l, &t->h, (uv_handle_t *)&t->uv);
	t->cb = cb;
	t->arg = arg;
	*ret = t;
	return 0;
}

static void on_timer(uv_timer_t *uv)
{
	struct loop_timer *t = uv->data;

	t->cb(t->arg);
}

int loop_timer_start(struct loop_timer *t, uint64_t after_ms, uint64_t repeat_ms)
{
	if (t->h.loop->closing)
		return -ESHUTDOWN;
	/* libuv counts from the start of the turn, which a long callback may have left behind. */
	uv_update_time(&t->h.loop->uv);
	/* Due at once would run again within the same turn when started by its own callback, and starve the
	 * fds. */
	return uv_timer_start(&t->uv, on_timer, after_ms ? after_ms : 1, repeat_ms);
}

void loop_timer_stop(struct loop_timer *t)
{
	uv_timer_stop(&t->uv);
}

bool loop_timer_active(const struct loop_timer *t)
{
	return uv_is_active((const uv_handle_t *)&t->uv);
}

void loop_timer_free(struct loop_timer *t)
{
	if (t)
		handle_close(&t->h);
}

static int events_to_uv(int events)
{
	return (events & LOOP_READ ? UV_READABLE : 0) | (events & LOOP_WRITE ? UV_WRITABLE : 0) |
	       (events & LOOP_HUP ? UV_DISCONNECT : 0);
}

static void on_poll(uv_poll_t *uv, int status, int events)
{
	struct loop_poll *p = uv->data;
	int got = (events & UV_READABLE ? LOOP_READ : 0) | (events & UV_WRITABLE ? LOOP_WRITE : 0) |
		  (events & UV_DISCONNECT ? LOOP_HUP : 0);

	/* On an error libuv stops watching and does not say more: the owner learns it from its next read or
	 * write. */
	if (status < 0)
		got = p->events | LOOP_HUP;
	p->cb(p->arg, got);
}

int loop_poll_set(struct loop_poll *p, int events)
{
	if (p->h.loop->closing)
		return -ESHUTDOWN;
	p->events = events;
	if (events == 0)
		return uv_poll_stop(&p->uv);
	return uv_poll_start(&p->uv, events_to_uv(events), on_poll);
}

int loop_poll_new(struct loop *l, int fd, int events, loop_poll_cb cb, void *arg, struct loop_poll **ret)
{
	if (l->closing)
		return -ESHUTDOWN;

	struct loop_poll *p = calloc(1, sizeof(*p));

	if (!p)
		return -ENOMEM;

	int r = uv_poll_init(&l->uv, &p->uv, fd);

	if (r < 0) {
		free(p);
		return r;
	}
	handle_link(l, &p->h, (uv_handle_t *)&p->uv);
	p->cb = cb;
	p->arg = arg;
	r = loop_poll_set(p, events);
	if (r < 0) {
		handle_close(&p->h);
		return r;
	}
	*ret = p;
	return 0;
}

void loop_poll_free(struct loop_poll *p)
{
	if (p)
		handle_close(&p->h);
}

static void on_signal(uv_signal_t *uv, int signum)
{
	struct loop_signal *s = uv->data;

	s->cb(s->arg, signum);
}

int loop_signal_new(struct loop *l, int signum, loop_signal_cb cb, void *arg, struct loop_signal **ret)
{
	if (l->closing)
		return -ESHUTDOWN;

	struct loop_signal *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;

	int r = uv_signal_init(&l->uv, &s->uv);

	if (r < 0) {
		free(s);
		return r;
	}
	handle_link(l, &s->h, (uv_handle_t *)&s->uv);
	s->cb = cb;
	s->arg = arg;
	r = uv_signal_start(&s->uv, on_signal, signum);
	if (r < 0) {
		handle_close(&s->h);
		return r;
	}
	*ret = s;
	return 0;
}

void loop_signal_free(struct loop_signal *s)
{
	if (s)
		handle_close(&s->h);
}
