/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libwebsockets contexts on the loop: one per client or server, so that each can go without the others. Not
 * for users of lib/http. A context is taken down in several turns of the loop (its handles close
 * asynchronously).
 */
#ifndef ESCAPE_HTTP_LWS_CONTEXT_H
#define ESCAPE_HTTP_LWS_CONTEXT_H

#include <base/err.h>
#include <libwebsockets.h>
#include <loop/loop.h>

/* Completes info (event loop, limits, no proxy, no privilege changes) and creates a context with one vhost.
 */
int http_lws_new(struct loop *l, struct lws_context_creation_info *info, struct lws_context **ret,
	struct lws_vhost **ret_vhost, struct err *e);
/* released runs when the last callback of the context has run; until then its protocols' data must live. */
int http_lws_release(struct loop *l, struct lws_context *context, void (*released)(void *arg), void *arg);
/* Makes libwebsockets look at its timers now; it does so by itself only after one of its fds was busy. */
void http_lws_wake(struct lws_context *context);

#endif
