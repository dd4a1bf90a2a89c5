/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small HTTP(S) server (libwebsockets on the loop) for /metrics, /healthz, /readyz and the admission
 * webhook. Handlers answer at once; request bodies are capped (by default at 3 MiB, the limit of an
 * AdmissionReview). Loop thread only.
 */
#ifndef ESCAPE_HTTP_SERVER_H
#define ESCAPE_HTTP_SERVER_H

#include <base/buf.h>
#include <base/err.h>
#include <loop/loop.h>

struct http_server;

struct http_call {
	const char *method;
	const char *path;          /* without the query */
	const char *authorization; /* that header, "" without one or when it is too long */
	const char *body;          /* borrowed */
	size_t body_len;
};

struct http_answer {
	int status;
	const char *content_type; /* static string */
	struct buf body;          /* filled by the handler, freed by the server */
};

typedef void (*http_handler)(void *arg, const struct http_call *call, struct http_answer *answer);

struct http_server_args {
	const char *address;            /* "0.0.0.0", "127.0.0.1" */
	int port;                       /* 0: any; see http_server_port */
	const char *cert_pem, *key_pem; /* both NULL: plain HTTP */
	size_t body_max;                /* of a request; 0: 3 MiB */
};

int http_server_new(
	struct loop *l, const struct http_server_args *args, struct http_server **ret, struct err *e);
/* Exact path. Added before the loop runs. Unknown paths answer 404, other methods 405. */
int http_server_handle(
	struct http_server *s, const char *method, const char *path, http_handler h, void *arg);
int http_server_port(const struct http_server *s);
void http_server_free(struct http_server *s);

#endif
