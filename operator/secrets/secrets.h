/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Secrets of the operator's namespace, kept by whoever leads: the webhook's certificate (with its
 * authority in the MutatingWebhookConfiguration), the key that seals dumps, the token of foreign detectors.
 * Looked at now and then: the operator may not watch Secrets. A Secret that is there is never overwritten,
 * but for a certificate that has run out or is not one. Loop thread only.
 */
#ifndef ESCAPE_OPERATOR_SECRETS_H
#define ESCAPE_OPERATOR_SECRETS_H

#include "operator/secrets/certs.h"

#include <kube/client.h>

struct tls_keeper;
struct tls_keeper_args {
	const char *namespace_;
	const char *secret;   /* name */
	const char *service;  /* name; what the certificate is for */
	const char *alerts;   /* name of another Service that it is for as well */
	const char *webhooks; /* name of the MutatingWebhookConfiguration */
	/* A certificate to serve with, other than the last one; borrowed until it returns. */
	void (*on_certs)(void *arg, const struct certs *certs);
	void *arg;
};
/* Strings are borrowed for its life. */
int tls_keeper_new(struct kube_client *c, const struct tls_keeper_args *args, struct tls_keeper **ret);
void tls_keeper_set_leader(struct tls_keeper *k, bool leader);
/* After the client is freed. */
void tls_keeper_free(struct tls_keeper *k);

/* A Secret with one random value, made when there is none: the store's key, the token of foreign detectors.
 */
#define MADE_SECRET_BYTES 32
struct made_secret_args {
	const char *namespace_;
	const char *secret; /* name */
	const char *member;
	const char *what; /* for the log */
	bool hex;         /* as text of twice the length; an admin may put another text there, of at least 32
			     characters */
	/* What it holds, whenever it was looked at; borrowed until it returns. May be NULL. */
	void (*on_value)(void *arg, const char *value);
	void *arg;
};
struct made_secret;
/* Strings are borrowed for its life. */
int made_secret_new(struct kube_client *c, const struct made_secret_args *args, struct made_secret **ret);
void made_secret_set_leader(struct made_secret *k, bool leader);
void made_secret_free(struct made_secret *k);

/* {"data": {key: base64}}, metadata and type of a Secret; NULL: out of memory. Keys and values end with a
 * NULL key. */
struct secret_item {
	const char *key;
	const char *value;
	size_t len;
};
struct json *secret_object(
	const char *namespace_, const char *name, const char *type, const struct secret_item *items);
/* A value of a Secret, NUL-terminated; NULL when absent or not base64. Caller frees. */
char *secret_value(const struct json *secret, const char *key, size_t *ret_len);

#endif
