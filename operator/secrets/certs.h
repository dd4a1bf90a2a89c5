/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The webhook's certificate: an authority of its own that signs one serving certificate and is then forgotten
 * (its key is never kept), so nobody can sign another. Only OpenSSL in memory, no I/O; blocks for the making
 * of two keys.
 */
#ifndef ESCAPE_OPERATOR_CERTS_H
#define ESCAPE_OPERATOR_CERTS_H

#include <base/err.h>
#include <stdbool.h>
#include <stdint.h>

struct certs {
	char *ca_pem, *cert_pem, *key_pem; /* owned */
};

void certs_free(struct certs *c);
/* Valid from an hour ago (clocks differ) for `days`; names: DNS names, ended by NULL. */
int certs_make(const char *const *names, int64_t now_ms, int days, struct certs *ret, struct err *e);
/* Do key, certificate and authority belong together, is it for this name and still good at that time? -EINVAL
 * with why not. */
int certs_check(const struct certs *c, const char *name, int64_t at_ms, struct err *e);

#endif
