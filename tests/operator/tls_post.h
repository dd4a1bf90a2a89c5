/* SPDX-License-Identifier: Apache-2.0 */
/* One POST over TLS to 127.0.0.1 as kube-apiserver makes it: the authority and the name in the certificate
 * are checked. */
#ifndef ESCAPE_TESTS_OPERATOR_TLS_POST_H
#define ESCAPE_TESTS_OPERATOR_TLS_POST_H

/* HTTP status, 0 when TLS did not come about. The caller frees *ret_body (may be NULL). */
int tls_post(
	int port, const char *name, const char *ca_pem, const char *path, const char *body, char **ret_body);
/* With "Authorization: <authorization>". */
int tls_post_as(int port, const char *name, const char *ca_pem, const char *path, const char *authorization,
	const char *body, char **ret_body);

#endif
