/* SPDX-License-Identifier: Apache-2.0 */
/* Base64 as Secrets, caBundles and JSON patches in an AdmissionReview carry it; OpenSSL does it. Pure. */
#ifndef ESCAPE_OPERATOR_BASE64_H
#define ESCAPE_OPERATOR_BASE64_H

#include <stddef.h>

/* NULL: out of memory, or above 1 GiB. Caller frees. */
char *base64_text(const unsigned char *data, size_t len);
/* The bytes and a NUL behind them; NULL when it is not base64 or memory is out. Caller frees. */
char *base64_bytes(const char *text, size_t *ret_len);

#endif
