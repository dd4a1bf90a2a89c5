/* SPDX-License-Identifier: Apache-2.0 */
#include "tls_post.h"

#include <base/cleanup.h>
#include <base/str.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <string.h>

static SSL_CTX *context(const char *ca_pem)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	BIO *bio = BIO_new_mem_buf(ca_pem, -1);
	X509 *ca = PEM_read_bio_X509(bio, NULL, NULL, NULL);

	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	if (ca)
		X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), ca);
	X509_free(ca);
	BIO_free(bio);
	return ctx;
}

/* The head of the answer and a body of the length it names. */
static int answer_read(BIO *bio, char **ret_body)
{
	char text[16384];
	const char *length = NULL, *body = NULL;
	size_t len = 0;
	int n;

	while ((n = BIO_read(bio, text + len, (int)(sizeof(text) - 1 - len))) > 0) {
		len += (size_t)n;
		text[len] = '\0';
		body = strstr(text, "\r\n\r\n");
		length = strcasestr(text, "content-length:");
		if (body && length && len >= (size_t)(body + 4 - text) + strtoul(length + 15, NULL, 10))
			break;
	}
	if (!body || len < 12)
		return 0;
	if (ret_body)
		*ret_body = strdup(body + 4);
	return (int)strtol(text + 9, NULL, 10);
}

int tls_post_as(int port, const char *name, const char *ca_pem, const char *path, const char *authorization,
	const char *body, char **ret_body)
{
	auto_free char *request =
		str_dup_fmt("POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\n"
			    "%s%s%sContent-Length: %zu\r\n\r\n%s",
			path, name, authorization ? "Authorization: " : "",
			authorization ? authorization : "", authorization ? "\r\n" : "", strlen(body), body);
	SSL_CTX *ctx = context(ca_pem);
	BIO *bio = BIO_new_ssl_connect(ctx);
	char address[40];
	SSL *ssl = NULL;
	int status = 0;

	str_fmt(address, sizeof(address), "127.0.0.1:%d", port);
	BIO_set_conn_hostname(bio, address);
	BIO_get_ssl(bio, &ssl);
	SSL_set1_host(ssl, name);
	if (BIO_do_connect(bio) == 1 && BIO_write(bio, request, (int)strlen(request)) > 0)
		status = answer_read(bio, ret_body);
	BIO_free_all(bio);
	SSL_CTX_free(ctx);
	return status;
}

int tls_post(
	int port, const char *name, const char *ca_pem, const char *path, const char *body, char **ret_body)
{
	return tls_post_as(port, name, ca_pem, path, NULL, body, ret_body);
}
