/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/secrets/certs.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <time.h>

static X509 *cert_read(const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	X509 *cert = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;

	BIO_free(bio);
	return cert;
}

static EVP_PKEY *key_read(const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL) : NULL;

	BIO_free(bio);
	return key;
}

static int bad(struct err *e, const char *why)
{
	return err_set(e, -EINVAL, "BadCertificate", "%s", why);
}

/* Signed by this authority, for this name, good at this time. */
static int chain_check(X509 *cert, X509 *ca, const char *name, int64_t at_ms, struct err *e)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	int rc = -ENOMEM;

	if (store && ctx && X509_STORE_add_cert(store, ca) && X509_STORE_CTX_init(ctx, store, cert, NULL)) {
		X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);

		X509_VERIFY_PARAM_set_time(param, (time_t)(at_ms / 1000));
		X509_VERIFY_PARAM_set1_host(param, name, 0);
		rc = X509_verify_cert(ctx) == 1 ? 0 : -EINVAL;
	}
	if (rc == -EINVAL)
		bad(e, X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)));
	else if (rc)
		err_set(e, rc, "OutOfMemory", "no memory to check a certificate");
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	return rc;
}

int certs_check(const struct certs *c, const char *name, int64_t at_ms, struct err *e)
{
	X509 *ca = c->ca_pem ? cert_read(c->ca_pem) : NULL;
	X509 *cert = c->cert_pem ? cert_read(c->cert_pem) : NULL;
	EVP_PKEY *key = c->key_pem ? key_read(c->key_pem) : NULL;
	int rc;

	if (!ca || !cert || !key)
		rc = bad(e, "ca.crt, tls.crt or tls.key is missing or not PEM");
	else if (X509_check_private_key(cert, key) != 1)
		rc = bad(e, "tls.key is not the key of tls.crt");
	else
		rc = chain_check(cert, ca, name, at_ms, e);
	ERR_clear_error();
	X509_free(ca);
	X509_free(cert);
	EVP_PKEY_free(key);
	return rc;
}
