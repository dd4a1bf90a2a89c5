/* SPDX-License-Identifier: Apache-2.0 */
#include <base/cleanup.h>
#include <base/str.h>
#include <errno.h>
#include <http/client_priv.h>
#include <string.h>
#include <utlist.h>

enum {
	DEFAULT_MAX_BODY = 1 << 20,
	CONNECT_TIMEOUT_MS = 10 * 1000,
	KEEPALIVE_S = 30,
};

void http_secret_free(char *s)
{
	if (s)
		explicit_bzero(s, strlen(s));
	free(s);
}

void http_request_free(struct http_request *r)
{
	if (!r)
		return;
	if (r->easy)
		curl_easy_cleanup(r->easy);
	for (struct curl_slist *h = r->headers; h; h = h->next)
		explicit_bzero(h->data, strlen(h->data)); /* bearer tokens */
	curl_slist_free_all(r->headers);
	loop_timer_free(r->timer);
	buf_free(&r->body);
	free(r);
}

void http_request_unlink(struct http_request *r)
{
	DL_DELETE(r->client->requests, r);
	if (r->added)
		curl_multi_remove_handle(r->client->multi, r->easy);
	r->added = false;
	if (r->timer)
		loop_timer_stop(r->timer);
}

static bool is_success(const struct http_request *r)
{
	long status = 0;

	curl_easy_getinfo(r->easy, CURLINFO_RESPONSE_CODE, &status);
	return status >= 200 && status < 300;
}

static size_t on_body(char *data, size_t size, size_t n, void *arg)
{
	struct http_request *r = arg;
	size_t len = size * n;

	if (r->cancelled || r->client->dead)
		return 0;
	if (!r->chunk || !is_success(r))
		return buf_add(&r->body, data, len) ? 0 : len;
	if (r->idle_ms)
		loop_timer_start(r->timer, r->idle_ms, 0);
	if (r->chunk(r->arg, data, len)) {
		r->ended = true;
		return 0;
	}
	return len;
}

static size_t on_header(char *data, size_t size, size_t n, void *arg)
{
	struct http_request *r = arg;
	size_t len = size * n;
	long status = 0;

	if (len > 2 || data[0] != '\r')
		return len;
	curl_easy_getinfo(r->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status < 200)
		return len;
	r->headers_done = true;
	if (r->timer && r->idle_ms)
		loop_timer_start(r->timer, r->idle_ms, 0);
	else if (r->timer && is_success(r))
		loop_timer_stop(r->timer);
	return len;
}

static bool is_one_line(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return false;
	return true;
}

static int add_header(struct http_request *r, const char *line)
{
	struct curl_slist *list = curl_slist_append(r->headers, line);

	if (!list)
		return -ENOMEM;
	r->headers = list;
	return 0;
}

static int set_headers(struct http_request *r, const struct http_args *args, struct err *e)
{
	/* curl would wait a second for "100 Continue" before a large body. */
	if (add_header(r, "Expect:"))
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for a request");
	for (const char *const *h = args->headers; h && *h; h++) {
		if (!is_one_line(*h))
			return err_set(
				e, -EINVAL, "BadHeader", "a request header contains control characters");
		if (add_header(r, *h))
			return err_set(e, -ENOMEM, "OutOfMemory", "no memory for a request");
	}
	curl_easy_setopt(r->easy, CURLOPT_HTTPHEADER, r->headers);
	return 0;
}

static void set_pem(CURL *easy, CURLoption option, char *pem)
{
	struct curl_blob blob = {.data = pem, .len = pem ? strlen(pem) : 0, .flags = CURL_BLOB_NOCOPY};

	if (pem)
		curl_easy_setopt(easy, option, &blob);
}

static void set_tls(CURL *easy, const struct http_client *c)
{
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	set_pem(easy, CURLOPT_CAINFO_BLOB, c->ca_pem);
	set_pem(easy, CURLOPT_SSLCERT_BLOB, c->cert_pem);
	set_pem(easy, CURLOPT_SSLKEY_BLOB, c->key_pem);
}

static int set_method(struct http_request *r, const struct http_args *args)
{
	CURLcode rc = CURLE_OK;

	if (args->body) {
		curl_easy_setopt(r->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)args->body_len);
		rc = curl_easy_setopt(r->easy, CURLOPT_COPYPOSTFIELDS, args->body);
	}
	if (!rc && (args->body || !str_eq(args->method, "GET")))
		rc = curl_easy_setopt(r->easy, CURLOPT_CUSTOMREQUEST, args->method);
	return rc ? -ENOMEM : 0;
}

static int set_options(struct http_request *r, const struct http_args *args, struct err *e)
{
	CURL *easy = r->easy;

	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	/* One request per connection at a time: a connection that hangs then delays nobody else. */
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, (long)KEEPALIVE_S);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, (long)KEEPALIVE_S / 2);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, r->message);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, r);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, r);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, r);
	if (!r->chunk && args->deadline_ms)
		curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)args->deadline_ms);
	set_tls(easy, r->client);
	if (curl_easy_setopt(easy, CURLOPT_USERAGENT, "escape/" ESCAPE_VERSION) ||
		curl_easy_setopt(easy, CURLOPT_URL, args->url) || set_method(r, args))
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for a request");
	return set_headers(r, args, e);
}

int http_request_new(struct http_client *c, const struct http_args *args, http_chunk chunk,
	struct http_request **ret, struct err *e)
{
	struct http_request *r;
	int rc;

	if (!args->method || !args->url || !is_one_line(args->url) || !is_one_line(args->method))
		return err_set(e, -EINVAL, "BadRequest",
			"a request needs a method and a URL without control characters");
	r = calloc(1, sizeof(*r));
	if (!r)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for a request");
	r->client = c;
	r->chunk = chunk;
	r->idle_ms = args->idle_ms;
	r->body = BUF_INIT(args->max_body ? args->max_body : DEFAULT_MAX_BODY);
	r->easy = curl_easy_init();
	rc = r->easy ? set_options(r, args, e)
		     : err_set(e, -ENOMEM, "OutOfMemory", "no memory for a request");
	if (rc) {
		http_request_free(r);
		return rc;
	}
	*ret = r;
	return 0;
}

struct meaning {
	CURLcode curl;
	int code;
	const char *reason;
};

static const struct meaning MEANINGS[] = {
	{CURLE_COULDNT_CONNECT, -ECONNREFUSED, "ConnectionFailed"},
	{CURLE_COULDNT_RESOLVE_HOST, -EHOSTUNREACH, "UnknownHost"},
	{CURLE_COULDNT_RESOLVE_PROXY, -EHOSTUNREACH, "UnknownHost"},
	{CURLE_OPERATION_TIMEDOUT, -ETIMEDOUT, "Timeout"},
	{CURLE_PEER_FAILED_VERIFICATION, -EKEYREJECTED, "CertificateNotTrusted"},
	{CURLE_SSL_CACERT_BADFILE, -EINVAL, "BadCredentials"},
	{CURLE_SSL_CERTPROBLEM, -EINVAL, "BadCredentials"},
	{CURLE_SSL_CONNECT_ERROR, -EPROTO, "TlsFailed"},
	{CURLE_URL_MALFORMAT, -EINVAL, "BadRequest"},
	{CURLE_UNSUPPORTED_PROTOCOL, -EINVAL, "BadRequest"},
	{CURLE_OUT_OF_MEMORY, -ENOMEM, "OutOfMemory"},
};

void http_request_error(const struct http_request *r, CURLcode code, struct err *e)
{
	const char *text = r->message[0] ? r->message : curl_easy_strerror(code);
	long verify = 0;

	if (r->body.failed) {
		err_set(e, -EMSGSIZE, "ResponseTooLarge", "the answer is larger than %zu bytes", r->body.max);
		return;
	}
	/* curl knows some certificate errors only as failed handshakes. */
	curl_easy_getinfo(r->easy, CURLINFO_SSL_VERIFYRESULT, &verify);
	if (code == CURLE_SSL_CONNECT_ERROR && verify)
		code = CURLE_PEER_FAILED_VERIFICATION;
	for (size_t i = 0; i < ARRAY_LEN(MEANINGS); i++) {
		if (MEANINGS[i].curl == code) {
			err_set(e, MEANINGS[i].code, MEANINGS[i].reason, "%s", text);
			return;
		}
	}
	err_set(e, -ECONNRESET, "ConnectionLost", "%s", text);
}
