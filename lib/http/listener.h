/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A listening TCP socket on the loop. libwebsockets could listen itself, but does not say why it cannot. Not
 * for users of lib/http.
 */
#ifndef ESCAPE_HTTP_LISTENER_H
#define ESCAPE_HTTP_LISTENER_H

#include <base/err.h>
#include <loop/loop.h>

struct http_listener;

/* fd is a connected socket, now the callee's. */
typedef void (*http_accepted)(void *arg, int fd);

/* address is numeric; port 0: any. */
int http_listener_new(struct loop *l, const char *address, int port, http_accepted accepted, void *arg,
	struct http_listener **ret, struct err *e);
int http_listener_port(const struct http_listener *listener);
void http_listener_free(struct http_listener *listener);

#endif
