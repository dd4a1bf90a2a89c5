/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What client.c (the multi handle on the loop) and request.c (one easy handle) share. Not for users of
 * lib/http. A request belongs to its client; it is freed by client.c only, never from inside a curl callback.
 */
#ifndef ESCAPE_HTTP_CLIENT_PRIV_H
#define ESCAPE_HTTP_CLIENT_PRIV_H

#include <base/buf.h>
#include <curl/curl.h>
#include <http/client.h>

struct http_client {
	struct loop *loop;
	CURLM *multi;
	struct loop_timer *timer;
	char *ca_pem, *cert_pem, *key_pem;
	struct http_request *requests;
	unsigned busy; /* nested calls that still need the client */
	bool in_curl;
	bool dead;
};

struct http_request {
	struct http_client *client;
	struct http_request *prev, *next;
	CURL *easy;
	struct curl_slist *headers;
	struct loop_timer *timer; /* streams: deadline, then silence */
	http_chunk chunk;         /* NULL: the body is gathered */
	http_done done;
	void *arg;
	uint32_t idle_ms;
	struct buf body;
	bool added;
	bool refused; /* by curl, to be reported */
	bool cancelled;
	bool headers_done;
	bool ended; /* by the owner's chunk callback */
	char message[CURL_ERROR_SIZE];
};

int http_request_new(struct http_client *c, const struct http_args *args, http_chunk chunk,
	struct http_request **ret, struct err *e);
/* From its client and from curl. */
void http_request_unlink(struct http_request *r);
void http_request_free(struct http_request *r);
/* Says in *e what the result of a transfer means. */
void http_request_error(const struct http_request *r, CURLcode code, struct err *e);
/* Frees a string whose content must not stay in memory. */
void http_secret_free(char *s);

/* Around everything that may end requests: on the outermost way out they are reported, and a freed client
 * goes. */
void http_client_enter(struct http_client *c);
void http_client_leave(struct http_client *c);
/* client_loop.c: lets the multi handle watch its sockets and time on the loop. */
int http_client_attach(struct http_client *c);

#endif
