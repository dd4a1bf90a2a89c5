/* SPDX-License-Identifier: Apache-2.0 */
#include <http/tls.h>

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>

/* An encrypted key would make OpenSSL ask on the terminal. */
static int no_password(char *buf, int size, int writing, void *arg)
{
	(void)buf;
	(void)size;
	(void)writing;
	(void)arg;
	return 0;
}

static int bad_pem(struct err *e, const char *what)
{
	char text[160];
	unsigned long code = ERR_get_error();

	ERR_error_string_n(code, text, sizeof(text));
	ERR_clear_error();
	return err_set(e, -EINVAL, "BadCredentials", "%s: %s", what, code ? text : "no PEM block found");
}

static int trust_pem(SSL_CTX *ctx, const char *pem, struct err *e)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	X509_STORE *store = SSL_CTX_get_cert_store(ctx);
	unsigned added = 0;

	if (!bio)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for certificates");
	for (X509 *x; (x = PEM_read_bio_X509(bio, NULL, no_password, NULL)); X509_free(x))
		added += X509_STORE_add_cert(store, x) == 1;
	BIO_free(bio);
	if (!added)
		return bad_pem(e, "the CA bundle contains no certificate");
	ERR_clear_error(); /* the end of the bundle is reported as an error */
	return 0;
}

static int use_chain(SSL_CTX *ctx, const char *pem, struct err *e)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	X509 *x = bio ? PEM_read_bio_X509(bio, NULL, no_password, NULL) : NULL;
	int ok = x && SSL_CTX_use_certificate(ctx, x) == 1;

	X509_free(x);
	while (ok && (x = PEM_read_bio_X509(bio, NULL, no_password, NULL))) {
		ok = SSL_CTX_add1_chain_cert(ctx, x) == 1;
		X509_free(x);
	}
	BIO_free(bio);
	if (!ok)
		return bad_pem(e, "the certificate cannot be used");
	ERR_clear_error();
	return 0;
}

static int use_key(SSL_CTX *ctx, const char *pem, struct err *e)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL) : NULL;
	int ok = key && SSL_CTX_use_PrivateKey(ctx, key) == 1 && SSL_CTX_check_private_key(ctx) == 1;

	EVP_PKEY_free(key);
	BIO_free(bio);
	return ok ? 0 : bad_pem(e, "the private key cannot be used with the certificate");
}

int http_tls_use_certificate(SSL_CTX *ctx, const char *cert_pem, const char *key_pem, struct err *e)
{
	int rc = use_chain(ctx, cert_pem, e);

	return rc ? rc : use_key(ctx, key_pem, e);
}

int http_tls_check_certificate(const char *cert_pem, const char *key_pem, struct err *e)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	int rc;

	if (!ctx)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for a TLS context");
	rc = http_tls_use_certificate(ctx, cert_pem, key_pem, e);
	SSL_CTX_free(ctx);
	return rc;
}

int http_tls_client_context(const struct http_tls *tls, SSL_CTX **ret, struct err *e)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	int rc = 0;

	if (!ctx)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for a TLS context");
	SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_mode(ctx, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
	if (tls && tls->ca_pem)
		rc = trust_pem(ctx, tls->ca_pem, e);
	else
		SSL_CTX_set_default_verify_paths(ctx);
	if (!rc && tls && tls->cert_pem)
		rc = http_tls_use_certificate(ctx, tls->cert_pem, tls->key_pem, e);
	if (rc) {
		SSL_CTX_free(ctx);
		return rc;
	}
	*ret = ctx;
	return 0;
}
