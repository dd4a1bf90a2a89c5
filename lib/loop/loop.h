/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one event loop of a process (libuv inside; curl and libwebsockets attach to it in lib/http).
 * Callbacks run on the loop's thread and never block; slow work is a child process (loop_spawn) or loop_work.
 * Handles are opaque; *_free takes NULL, may be called from the handle's own callback, and no callback of
 * that handle runs afterwards.
 */
#ifndef ESCAPE_LOOP_LOOP_H
#define ESCAPE_LOOP_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop;
struct loop_timer;
struct loop_poll;
struct loop_signal;

int loop_new(struct loop **ret);
/*
 * Kills the children under way, waits for them and for work (their done callbacks run, so that no arg is
 * lost), drops waiting loop_soon calls, then frees what is left of timers, polls and signals. Starting
 * anything meanwhile is -ESHUTDOWN.
 */
void loop_free(struct loop *l);
int loop_run(struct loop *l); /* until loop_stop, or until no handle is active */
void loop_stop(struct loop *l);
/* One turn: waits for events (wait) or only takes what is ready. For tests, and libraries driven by hand. */
void loop_turn(struct loop *l, bool wait);
/* The libuv loop, as void * so that uv.h stays in lib/loop and lib/http. */
void *loop_uv(struct loop *l);

typedef void (*loop_timer_cb)(void *arg);
int loop_timer_new(struct loop *l, loop_timer_cb cb, void *arg, struct loop_timer **ret);
/* First after after_ms, then each repeat_ms (0: once). Restarts a running timer. */
int loop_timer_start(struct loop_timer *t, uint64_t after_ms, uint64_t repeat_ms);
void loop_timer_stop(struct loop_timer *t);
bool loop_timer_active(const struct loop_timer *t);
void loop_timer_free(struct loop_timer *t);
/* Runs cb once on the next turn. */
int loop_soon(struct loop *l, loop_timer_cb cb, void *arg);

enum { LOOP_READ = 1, LOOP_WRITE = 2, LOOP_HUP = 4 };
typedef void (*loop_poll_cb)(void *arg, int events);
/*
 * Watches fd (borrowed, made non-blocking; free the poll before closing it). After an error on fd the
 * callback gets all its events with LOOP_HUP, and the poll is stopped until loop_poll_set.
 */
int loop_poll_new(struct loop *l, int fd, int events, loop_poll_cb cb, void *arg, struct loop_poll **ret);
int loop_poll_set(struct loop_poll *p, int events);
void loop_poll_free(struct loop_poll *p);

typedef void (*loop_signal_cb)(void *arg, int signum);
int loop_signal_new(struct loop *l, int signum, loop_signal_cb cb, void *arg, struct loop_signal **ret);
void loop_signal_free(struct loop_signal *s);

/* exit_code is 0..255, or 128 + signal; output is what the child wrote to stdout and stderr, capped at
 * max_output. */
typedef void (*loop_spawn_done)(void *arg, int exit_code, const char *output, size_t len);
struct loop_spawn {
	const char *const *argv; /* NULL-terminated; copied */
	const char *const *env;  /* NULL: inherit */
	const char *cwd;         /* NULL: inherit */
	uint32_t deadline_ms;    /* SIGKILL to the child's process group afterwards; 0: none */
	size_t max_output;       /* what is beyond it is dropped */
};
/* stdin is /dev/null. What cannot be started (-ENOENT, ...) is told at once, and done never runs. */
int loop_spawn(struct loop *l, const struct loop_spawn *s, loop_spawn_done done, void *arg);

/* work runs on a pool thread and must touch only what arg gives it; done runs on the loop's thread. */
int loop_work(struct loop *l, void (*work)(void *arg), void (*done)(void *arg), void *arg);

#endif
