/* SPDX-License-Identifier: Apache-2.0 */
/* OpenSSL contexts from PEM text, for libwebsockets. Not for users of lib/http. TLS 1.2 or newer; peers are
 * always verified. */
#ifndef ESCAPE_HTTP_TLS_H
#define ESCAPE_HTTP_TLS_H

#include <base/err.h>
#include <http/client.h>
#include <openssl/ssl.h>

/* Caller frees with SSL_CTX_free. */
int http_tls_client_context(const struct http_tls *tls, SSL_CTX **ret, struct err *e);
/* Says whether http_tls_use_certificate would work. */
int http_tls_check_certificate(const char *cert_pem, const char *key_pem, struct err *e);
/* Certificate chain (leaf first) and key. */
int http_tls_use_certificate(SSL_CTX *ctx, const char *cert_pem, const char *key_pem, struct err *e);

#endif
