/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/secrets/certs.h"

#include <base/cleanup.h>
#include <base/str.h>
#include <errno.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

#define CA_NAME "escape-operator webhook authority"
#define HOUR_S 3600
#define DAY_S 86400

void certs_free(struct certs *c)
{
	free(c->ca_pem);
	free(c->cert_pem);
	if (c->key_pem)
		OPENSSL_cleanse(c->key_pem, strlen(c->key_pem));
	free(c->key_pem);
	memset(c, 0, sizeof(*c));
}

static int failed(struct err *e, const char *what)
{
	char text[200] = "";

	ERR_error_string_n(ERR_get_error(), text, sizeof(text));
	ERR_clear_error();
	return err_set(e, -EIO, "CertificateFailed", "%s: %s", what, text);
}

static bool extension_add(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509_EXTENSION *ext;
	X509V3_CTX ctx;
	bool ok;

	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	ext = X509V3_EXT_nconf_nid(NULL, &ctx, nid, value);
	ok = ext && X509_add_ext(cert, ext, -1);
	X509_EXTENSION_free(ext);
	return ok;
}

static bool serial_set(X509 *cert)
{
	unsigned char bytes[16];
	BIGNUM *n;
	bool ok;

	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		return false;
	bytes[0] &= 0x7f;
	n = BN_bin2bn(bytes, sizeof(bytes), NULL);
	ok = n && BN_to_ASN1_INTEGER(n, X509_get_serialNumber(cert));
	BN_free(n);
	return ok;
}

/* A certificate with everything but extensions and signature. issuer NULL: self-signed. */
static X509 *cert_begin(EVP_PKEY *key, X509 *issuer, const char *name, int64_t now_ms, int days)
{
	time_t now = (time_t)(now_ms / 1000);
	X509 *cert = X509_new();
	X509_NAME *subject;

	if (!cert)
		return NULL;
	subject = X509_get_subject_name(cert);
	if (X509_set_version(cert, 2) && serial_set(cert) && X509_set_pubkey(cert, key) &&
		X509_time_adj_ex(X509_getm_notBefore(cert), 0, -HOUR_S, &now) &&
		X509_time_adj_ex(X509_getm_notAfter(cert), days, 0, &now) &&
		X509_NAME_add_entry_by_NID(
			subject, NID_commonName, MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0) &&
		X509_set_issuer_name(cert, issuer ? X509_get_subject_name(issuer) : subject))
		return cert;
	X509_free(cert);
	return NULL;
}

static X509 *authority_make(EVP_PKEY *key, int64_t now_ms, int days)
{
	X509 *cert = cert_begin(key, NULL, CA_NAME, now_ms, days);

	if (cert && extension_add(cert, cert, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
		extension_add(cert, cert, NID_key_usage, "critical,keyCertSign") &&
		extension_add(cert, cert, NID_subject_key_identifier, "hash") &&
		X509_sign(cert, key, EVP_sha256()))
		return cert;
	X509_free(cert);
	return NULL;
}

static char *names_value(const char *const *names)
{
	char *all = strdup("");

	for (size_t i = 0; all && names[i]; i++) {
		char *longer = str_dup_fmt("%s%sDNS:%s", all, i ? "," : "", names[i]);

		free(all);
		all = longer;
	}
	return all;
}

static X509 *serving_make(
	EVP_PKEY *key, X509 *ca, EVP_PKEY *ca_key, const char *const *names, int64_t now_ms, int days)
{
	/* A common name has at most 64 characters; only the alternative names count. */
	X509 *cert = cert_begin(key, ca, "escape-operator", now_ms, days);
	auto_free char *alternatives = names_value(names);

	if (cert && alternatives && extension_add(cert, ca, NID_basic_constraints, "critical,CA:FALSE") &&
		extension_add(cert, ca, NID_key_usage, "critical,digitalSignature") &&
		extension_add(cert, ca, NID_ext_key_usage, "serverAuth") &&
		extension_add(cert, ca, NID_subject_alt_name, alternatives) &&
		X509_sign(cert, ca_key, EVP_sha256()))
		return cert;
	X509_free(cert);
	return NULL;
}

static char *bio_text(BIO *bio)
{
	char *data;
	long len = BIO_get_mem_data(bio, &data);

	return len > 0 ? strndup(data, (size_t)len) : NULL;
}

static char *cert_pem(X509 *cert)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text = bio && PEM_write_bio_X509(bio, cert) ? bio_text(bio) : NULL;

	BIO_free(bio);
	return text;
}

static char *key_pem(EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_secmem());
	char *text = NULL;

	if (bio && PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL))
		text = bio_text(bio);
	BIO_free(bio);
	return text;
}

int certs_make(const char *const *names, int64_t now_ms, int days, struct certs *ret, struct err *e)
{
	EVP_PKEY *ca_key = EVP_EC_gen("P-256"), *key = EVP_EC_gen("P-256");
	X509 *ca = ca_key ? authority_make(ca_key, now_ms, days) : NULL;
	X509 *cert = ca && key ? serving_make(key, ca, ca_key, names, now_ms, days) : NULL;
	struct certs made = {0};
	int rc = 0;

	if (cert) {
		made.ca_pem = cert_pem(ca);
		made.cert_pem = cert_pem(cert);
		made.key_pem = key_pem(key);
	}
	if (made.ca_pem && made.cert_pem && made.key_pem) {
		*ret = made;
	} else {
		rc = failed(e, "cannot make the webhook's certificate");
		certs_free(&made);
	}
	X509_free(cert);
	X509_free(ca);
	EVP_PKEY_free(key);
	EVP_PKEY_free(ca_key);
	return rc;
}
