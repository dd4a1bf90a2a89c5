/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asynchronous HTTP requests (libcurl's multi interface on the loop). Every request has a deadline and a cap
 * on the body. Not a Kubernetes client: that is lib/kube. Loop thread only.
 */
#ifndef ESCAPE_HTTP_CLIENT_H
#define ESCAPE_HTTP_CLIENT_H

#include <base/err.h>
#include <loop/loop.h>

struct http_client;
struct http_request; /* in flight; owned by the client until done runs */

struct http_tls {
	const char *ca_pem;   /* NULL: the system's store */
	const char *cert_pem; /* client certificate and key, or NULL */
	const char *key_pem;
};

struct http_args {
	const char *method; /* "GET", "POST", "PATCH", "PUT", "DELETE" */
	const char *url;
	const char *const *headers; /* NULL-terminated "Name: value", may be NULL */
	const char *body;           /* may be NULL; copied */
	size_t body_len;
	uint32_t deadline_ms; /* whole request; for a stream: until the headers, 0 afterwards */
	uint32_t idle_ms;     /* stream: no byte for this long ends it with -ETIMEDOUT; 0: none */
	size_t max_body;
};

struct http_reply {
	int status;       /* HTTP status; 0 when there was no answer (then err says why) */
	const char *body; /* borrowed until the callback returns */
	size_t body_len;
	int64_t retry_after_ms; /* from Retry-After, 0 when absent */
};

typedef void (*http_done)(void *arg, const struct http_reply *r, const struct err *e);
/* Called for each piece of a streamed body (2xx only); return nonzero to end the stream. */
typedef int (*http_chunk)(void *arg, const char *data, size_t len);

int http_client_new(struct loop *l, const struct http_tls *tls, struct http_client **ret, struct err *e);
void http_client_free(struct http_client *c); /* cancels what is in flight: their done runs with -ECANCELED */
/* Everything in args is copied. done runs exactly once, never from inside this call. */
int http_client_send(struct http_client *c, const struct http_args *args, http_done done, void *arg,
	struct http_request **ret, struct err *e);
int http_client_stream(struct http_client *c, const struct http_args *args, http_chunk chunk, http_done done,
	void *arg, struct http_request **ret, struct err *e);
/* done does not run any more. */
void http_client_cancel(struct http_client *c, struct http_request *r);

#endif
