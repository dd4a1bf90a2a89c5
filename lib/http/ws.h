/* SPDX-License-Identifier: Apache-2.0 */
/*
 * WebSocket connections to one server (libwebsockets on the loop), for streams that the server sends. Not for
 * sending messages. TLS is verified as in <http/client.h>; redirects are not followed and no proxy is used.
 * Pings find a dead peer within 45 s. Callbacks run on the loop; a connection belongs to the caller until
 * ws_close or until its on_close has run.
 */
#ifndef ESCAPE_HTTP_WS_H
#define ESCAPE_HTTP_WS_H

#include <http/client.h>

struct ws_client;
struct ws_conn;

struct ws_args {
	const char *url;            /* "wss://", "https://", "ws://" or "http://" */
	const char *const *headers; /* NULL-terminated "Name: value", may be NULL; copied */
	uint32_t handshake_ms;      /* until the upgrade is answered */
};

struct ws_events {
	void (*on_open)(void *arg); /* may be NULL */
	/* A fragment of a text or binary message of any length; final: its last one. Nonzero ends the
	 * connection. */
	int (*on_message)(void *arg, const char *data, size_t len, bool final);
	/*
	 * Once, never from inside ws_connect; the connection is gone afterwards. http_status is the answer to
	 * the upgrade: 101 when it was open, another status when it was refused, 0 when there was no answer.
	 * e NULL: the peer closed it properly, or on_message ended it.
	 */
	void (*on_close)(void *arg, int http_status, const struct err *e);
};

int ws_client_new(struct loop *l, const struct http_tls *tls, struct ws_client **ret, struct err *e);
/* Closes what is open: their on_close runs with -ECANCELED. */
void ws_client_free(struct ws_client *c);
int ws_connect(struct ws_client *c, const struct ws_args *args, const struct ws_events *events, void *arg,
	struct ws_conn **ret, struct err *e);
/* No callback of this connection runs any more. */
void ws_close(struct ws_conn *conn);

#endif
