/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of lib/loop share; nobody else includes it. Each handle is a heap struct that starts with
 * `struct handle`, is in its loop's list until it is closed, and is freed by libuv's close callback.
 */
#ifndef ESCAPE_LOOP_INTERNAL_H
#define ESCAPE_LOOP_INTERNAL_H

#include <loop/loop.h>
#include <uv.h>

struct handle {
	struct handle *prev;
	struct handle *next;
	struct loop *loop;
	uv_handle_t *uv; /* inside the struct that starts here */
};

struct soon;

struct loop {
	uv_loop_t uv;
	struct handle handles; /* head of the ring */
	uv_idle_t idle;        /* runs while soons wait */
	struct soon *soon_first;
	struct soon **soon_last;
	size_t pending; /* children and work that still owe a done callback */
	bool closing;
};

/* h has been initialised by libuv as uv, which lies in the same allocation. */
void handle_link(struct loop *l, struct handle *h, uv_handle_t *uv);
/* Unlinks h and frees it once libuv has let go. */
void handle_close(struct handle *h);
/* SIGKILL to every child under way; their done callbacks follow. */
void child_kill_all(struct loop *l);

#endif
