/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates made for one test run: an authority, and leaves signed by it. PEM text; freed with certs_free.
 */
#ifndef ESCAPE_TESTS_CERTS_H
#define ESCAPE_TESTS_CERTS_H

struct certs {
	char *ca_pem;
	char *cert_pem, *key_pem; /* signed by the authority */
	char *other_ca_pem;       /* knows nothing of them */
};

/* names: the leaf's subjectAltName, e.g. "IP:127.0.0.1,DNS:localhost". */
struct certs certs_new(const char *names);
void certs_free(struct certs *c);

#endif
