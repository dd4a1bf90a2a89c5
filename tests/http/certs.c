/* SPDX-License-Identifier: Apache-2.0 */
#include "certs.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

static void need(const void *p)
{
	if (!p)
		abort();
}

static char *take_text(BIO *bio)
{
	char *data, *text;
	long len = BIO_get_mem_data(bio, &data);

	text = strndup(data, (size_t)len);
	need(text);
	BIO_free(bio);
	return text;
}

static char *cert_text(X509 *x)
{
	BIO *bio = BIO_new(BIO_s_mem());

	PEM_write_bio_X509(bio, x);
	return take_text(bio);
}

static char *key_text(EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_mem());

	PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
	return take_text(bio);
}

static void add_extension(X509 *x, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *ext;

	X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	need(ext);
	X509_add_ext(x, ext, -1);
	X509_EXTENSION_free(ext);
}

static X509 *cert_new(const char *name, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key, const char *names)
{
	X509 *x = X509_new();
	X509_NAME *subject;

	need(x);
	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), issuer ? 2 : 1);
	X509_gmtime_adj(X509_getm_notBefore(x), -3600);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	X509_set_pubkey(x, key);
	subject = X509_get_subject_name(x);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(x, issuer ? X509_get_subject_name(issuer) : subject);
	if (names)
		add_extension(x, issuer, NID_subject_alt_name, names);
	else
		add_extension(x, x, NID_basic_constraints, "critical,CA:TRUE");
	X509_sign(x, issuer_key, EVP_sha256());
	return x;
}

struct certs certs_new(const char *names)
{
	EVP_PKEY *ca_key = EVP_EC_gen("P-256"), *other_key = EVP_EC_gen("P-256"), *key = EVP_EC_gen("P-256");
	X509 *ca = cert_new("test authority", ca_key, NULL, ca_key, NULL);
	X509 *other = cert_new("test authority", other_key, NULL, other_key, NULL);
	X509 *leaf = cert_new("test server", key, ca, ca_key, names);
	struct certs c = {
		.ca_pem = cert_text(ca),
		.cert_pem = cert_text(leaf),
		.key_pem = key_text(key),
		.other_ca_pem = cert_text(other),
	};

	X509_free(ca);
	X509_free(other);
	X509_free(leaf);
	EVP_PKEY_free(ca_key);
	EVP_PKEY_free(other_key);
	EVP_PKEY_free(key);
	return c;
}

void certs_free(struct certs *c)
{
	free(c->ca_pem);
	free(c->cert_pem);
	free(c->key_pem);
	free(c->other_ca_pem);
}
