/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two Secrets of the operator's namespace, kept by whoever leads: the webhook's certificate (with its
 * authority in the MutatingWebhookConfiguration) and the key that seals dumps. Looked at now and then: the
 * operator may not watch Secrets. A Secret that is there is never overwritten, but for a certificate that has
 * run out or is not one. Loop thread only.
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

struct store_key;
int store_key_new(struct kube_client *c, const char *namespace_, const char *secret, struct store_key **ret);
void store_key_set_leader(struct store_key *k, bool leader);
void store_key_free(struct store_key *k);

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
