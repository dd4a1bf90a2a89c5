/* SPDX-License-Identifier: Apache-2.0 */
#include <http/client.h>

#include <base/backoff.h>
#include <base/buf.h>
#include <base/cleanup.h>
#include <base/str.h>
#include <curl/curl.h>
#include <errno.h>
#include <http/client_priv.h>
#include <pthread.h>
#include <string.h>
#include <utlist.h>

enum {
	MAX_IDLE_CONNECTIONS = 16,
	MAX_CONNECTIONS_PER_HOST = 64,
	RETRY_AFTER_MAX_S = 3600,
};

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;
static CURLcode curl_ready;

static void curl_start(void)
{
	curl_ready = curl_global_init(CURL_GLOBAL_DEFAULT);
}

static void client_destroy(struct http_client *c)
{
	if (c->multi)
		curl_multi_cleanup(c->multi);
	loop_timer_free(c->timer);
	http_secret_free(c->ca_pem);
	http_secret_free(c->cert_pem);
	http_secret_free(c->key_pem);
	free(c);
}

/* Tells the owner, once. The request is unlinked before, so the owner may do anything with the client. */
static void request_finish(struct http_request *r, int status, const struct err *e)
{
	struct http_reply reply = {.status = status};
	http_done done = r->done;
	curl_off_t retry_s = 0;

	r->done = NULL;
	if (!done)
		return;
	if (status) {
		reply.body = r->body.data ? r->body.data : "";
		reply.body_len = r->body.len;
		if (!curl_easy_getinfo(r->easy, CURLINFO_RETRY_AFTER, &retry_s) && retry_s > 0)
			reply.retry_after_ms =
				(retry_s > RETRY_AFTER_MAX_S ? RETRY_AFTER_MAX_S : (int64_t)retry_s) * 1000;
	}
	done(r->arg, &reply, e);
}

static void request_drop(struct http_request *r)
{
	http_request_unlink(r);
	http_request_free(r);
}

static void request_complete(struct http_request *r, CURLcode code)
{
	struct err e = {0};
	long status = 0;

	curl_easy_getinfo(r->easy, CURLINFO_RESPONSE_CODE, &status);
	http_request_unlink(r);
	if (code == CURLE_OK || r->ended) {
		request_finish(r, (int)status, NULL);
	} else {
		http_request_error(r, code, &e);
		request_finish(r, r->chunk && r->headers_done ? (int)status : 0, &e);
	}
	http_request_free(r);
}

static struct http_request *first_refused(struct http_client *c)
{
	for (struct http_request *r = c->requests; r; r = r->next)
		if (r->refused)
			return r;
	return NULL;
}

/* Starts and drops what could not be started or dropped inside curl's callbacks. */
static void client_settle_requests(struct http_client *c)
{
	struct err e;

	for (struct http_request *r = c->requests, *next; r; r = next) {
		next = r->next;
		if (r->cancelled) {
			request_drop(r);
		} else if (!r->added) {
			r->added = curl_multi_add_handle(c->multi, r->easy) == CURLM_OK;
			r->refused = !r->added;
		}
	}
	/* From the start each time: an owner may cancel or start others. */
	for (struct http_request *r; (r = first_refused(c));) {
		err_set(&e, -ENOMEM, "OutOfMemory", "no memory for a request");
		http_request_unlink(r);
		request_finish(r, 0, &e);
		http_request_free(r);
	}
}

static void client_settle(struct http_client *c)
{
	struct http_request *r = NULL;
	int left;

	client_settle_requests(c);
	for (CURLMsg *m; !c->dead && (m = curl_multi_info_read(c->multi, &left));) {
		if (m->msg != CURLMSG_DONE)
			continue;
		CURLcode code = m->data.result;

		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &r);
		request_complete(r, code);
	}
}

void http_client_enter(struct http_client *c)
{
	c->busy++;
}

void http_client_leave(struct http_client *c)
{
	if (c->busy == 1 && !c->dead)
		client_settle(c);
	if (--c->busy == 0 && c->dead) {
		while (c->requests)
			request_drop(c->requests);
		client_destroy(c);
	}
}

static int copy_pem(const char *pem, char **ret)
{
	if (!pem)
		return 0;
	*ret = strdup(pem);
	return *ret ? 0 : -ENOMEM;
}

static int client_setup(struct http_client *c, const struct http_tls *tls)
{
	if (tls && (copy_pem(tls->ca_pem, &c->ca_pem) || copy_pem(tls->cert_pem, &c->cert_pem) ||
			   copy_pem(tls->key_pem, &c->key_pem)))
		return -ENOMEM;
	c->multi = curl_multi_init();
	if (!c->multi)
		return -ENOMEM;
	curl_multi_setopt(c->multi, CURLMOPT_MAXCONNECTS, (long)MAX_IDLE_CONNECTIONS);
	curl_multi_setopt(c->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)MAX_CONNECTIONS_PER_HOST);
	return http_client_attach(c);
}

int http_client_new(struct loop *l, const struct http_tls *tls, struct http_client **ret, struct err *e)
{
	struct http_client *c;

	pthread_once(&curl_once, curl_start);
	if (curl_ready != CURLE_OK)
		return err_set(e, -EIO, "HttpUnavailable", "libcurl does not start: %s",
			curl_easy_strerror(curl_ready));
	if (tls && !tls->cert_pem != !tls->key_pem)
		return err_set(e, -EINVAL, "BadCredentials",
			"a client certificate needs its private key and the other way round");
	c = calloc(1, sizeof(*c));
	if (!c)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for an HTTP client");
	c->loop = l;
	if (client_setup(c, tls)) {
		client_destroy(c);
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for an HTTP client");
	}
	*ret = c;
	return 0;
}

void http_client_free(struct http_client *c)
{
	struct err e;

	if (!c || c->dead)
		return;
	err_set(&e, -ECANCELED, "Canceled", "the HTTP client was closed");
	http_client_enter(c);
	c->dead = true;
	/* Nothing is unlinked meanwhile: requests of a dead client are dropped on the way out. */
	for (struct http_request *r = c->requests; r; r = r->next) {
		if (!r->cancelled)
			request_finish(r, 0, &e);
		r->cancelled = true;
	}
	http_client_leave(c);
}

static void on_stream_silent(void *arg)
{
	struct http_request *r = arg;
	struct http_client *c = r->client;
	struct err e;

	err_set(&e, -ETIMEDOUT, "Timeout", "%s",
		r->headers_done ? "the stream fell silent" : "no answer before the deadline");
	http_client_enter(c);
	http_request_unlink(r);
	request_finish(r, 0, &e);
	http_request_free(r);
	http_client_leave(c);
}

static int start(struct http_client *c, const struct http_args *args, http_chunk chunk, http_done done,
	void *arg, struct http_request **ret, struct err *e)
{
	struct http_request *r = NULL;
	int rc;

	if (c->dead)
		return err_set(e, -ECANCELED, "Canceled", "the HTTP client was closed");
	rc = http_request_new(c, args, chunk, &r, e);
	if (rc)
		return rc;
	r->done = done;
	r->arg = arg;
	if (chunk && (args->deadline_ms || args->idle_ms)) {
		if (loop_timer_new(c->loop, on_stream_silent, r, &r->timer) ||
			(args->deadline_ms && loop_timer_start(r->timer, args->deadline_ms, 0))) {
			http_request_free(r);
			return err_set(e, -ENOMEM, "OutOfMemory", "no memory for a request");
		}
	}
	/* Inside a curl callback a handle may not be added; client_settle does it on the way out. */
	if (!c->in_curl) {
		r->added = curl_multi_add_handle(c->multi, r->easy) == CURLM_OK;
		if (!r->added) {
			http_request_free(r);
			return err_set(e, -ENOMEM, "OutOfMemory", "no memory for a request");
		}
	}
	DL_APPEND(c->requests, r);
	if (ret)
		*ret = r;
	return 0;
}

int http_client_send(struct http_client *c, const struct http_args *args, http_done done, void *arg,
	struct http_request **ret, struct err *e)
{
	return start(c, args, NULL, done, arg, ret, e);
}

int http_client_stream(struct http_client *c, const struct http_args *args, http_chunk chunk, http_done done,
	void *arg, struct http_request **ret, struct err *e)
{
	return start(c, args, chunk, done, arg, ret, e);
}

void http_client_cancel(struct http_client *c, struct http_request *r)
{
	struct http_request *known = c->requests;

	/* A request that is being reported is no longer listed; cancelling it from its own callback changes
	 * nothing. */
	while (known && known != r)
		known = known->next;
	if (!known)
		return;
	r->cancelled = true;
	r->done = NULL;
	if (!c->in_curl && !c->dead)
		request_drop(r);
}
