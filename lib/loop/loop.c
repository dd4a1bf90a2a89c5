/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>

struct soon {
	struct soon *next;
	loop_timer_cb cb;
	void *arg;
};

struct work {
	uv_work_t uv;
	struct loop *loop;
	void (*work)(void *arg);
	void (*done)(void *arg);
	void *arg;
};

int loop_new(struct loop **ret)
{
	struct loop *l = calloc(1, sizeof(*l));

	if (!l)
		return -ENOMEM;

	int r = uv_loop_init(&l->uv);

	if (r < 0) {
		free(l);
		return r;
	}
	l->handles.prev = l->handles.next = &l->handles;
	l->soon_last = &l->soon_first;
	uv_idle_init(&l->uv, &l->idle);
	l->idle.data = l;
	*ret = l;
	return 0;
}

int loop_run(struct loop *l)
{
	return uv_run(&l->uv, UV_RUN_DEFAULT) < 0 ? -EIO : 0;
}

void loop_stop(struct loop *l)
{
	uv_stop(&l->uv);
}

void loop_turn(struct loop *l, bool wait)
{
	uv_run(&l->uv, wait ? UV_RUN_ONCE : UV_RUN_NOWAIT);
}

void *loop_uv(struct loop *l)
{
	return &l->uv;
}

static void on_idle(uv_idle_t *uv)
{
	struct loop *l = uv->data;
	struct soon *s = l->soon_first;

	/* What the callbacks add is for the next turn. */
	l->soon_first = NULL;
	l->soon_last = &l->soon_first;
	while (s) {
		struct soon *next = s->next;

		s->cb(s->arg);
		free(s);
		s = next;
	}
	if (!l->soon_first)
		uv_idle_stop(&l->idle);
}

int loop_soon(struct loop *l, loop_timer_cb cb, void *arg)
{
	if (l->closing)
		return -ESHUTDOWN;

	struct soon *s = malloc(sizeof(*s));

	if (!s)
		return -ENOMEM;
	*s = (struct soon){.cb = cb, .arg = arg};
	*l->soon_last = s;
	l->soon_last = &s->next;
	return uv_idle_start(&l->idle, on_idle);
}

static void on_work(uv_work_t *uv)
{
	struct work *w = uv->data;

	w->work(w->arg);
}

static void on_worked(uv_work_t *uv, int status)
{
	struct work *w = uv->data;

	(void)status; /* never cancelled */
	w->loop->pending--;
	w->done(w->arg);
	free(w);
}

int loop_work(struct loop *l, void (*work)(void *arg), void (*done)(void *arg), void *arg)
{
	if (l->closing)
		return -ESHUTDOWN;

	struct work *w = malloc(sizeof(*w));

	if (!w)
		return -ENOMEM;
	*w = (struct work){.uv.data = w, .loop = l, .work = work, .done = done, .arg = arg};

	int r = uv_queue_work(&l->uv, &w->uv, on_work, on_worked);

	if (r < 0) {
		free(w);
		return r;
	}
	l->pending++;
	return 0;
}

static void drop_soons(struct loop *l)
{
	while (l->soon_first) {
		struct soon *s = l->soon_first;

		l->soon_first = s->next;
		free(s);
	}
	uv_idle_stop(&l->idle);
}

/* Timers, fds and signals fall silent but stay valid: a done callback may still free them. */
static void silence(struct loop *l)
{
	for (struct handle *h = l->handles.next; h != &l->handles; h = h->next) {
		if (h->uv->type == UV_TIMER)
			uv_timer_stop((uv_timer_t *)h->uv);
		else if (h->uv->type == UV_POLL)
			uv_poll_stop((uv_poll_t *)h->uv);
		else if (h->uv->type == UV_SIGNAL)
			uv_signal_stop((uv_signal_t *)h->uv);
	}
}

/* A library that was attached keeps its memory; only libuv's hold on it ends. */
static void close_foreign(uv_handle_t *uv, void *arg)
{
	(void)arg;
	if (!uv_is_closing(uv))
		uv_close(uv, NULL);
}

void loop_free(struct loop *l)
{
	if (!l)
		return;
	l->closing = true;
	drop_soons(l);
	silence(l);
	child_kill_all(l);
	while (l->pending)
		uv_run(&l->uv, UV_RUN_ONCE);
	while (l->handles.next != &l->handles)
		handle_close(l->handles.next);
	/* A library that is closing its handles one after the other closes the last of them itself. */
	while (l->uv.closing_handles)
		uv_run(&l->uv, UV_RUN_NOWAIT);
	uv_walk(&l->uv, close_foreign, NULL);
	while (uv_loop_close(&l->uv) == UV_EBUSY)
		uv_run(&l->uv, UV_RUN_DEFAULT);
	free(l);
}
