/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Standard base64 (RFC 4648, with padding) for byte fields of the Kubernetes API. Pure. Callers free what
 * they get. Decoded bytes have a NUL behind them that is not counted in the length.
 */
#ifndef ESCAPE_BASE_BASE64_H
#define ESCAPE_BASE_BASE64_H

#include <stddef.h>

/* NULL when out of memory. */
char *base64_encode(const void *data, size_t len);
/* As the API server writes and checks `format: byte`: each sequence of bytes has one text only. -EINVAL,
 * -ENOMEM; ret_len may be NULL. */
int base64_decode(const char *text, char **ret, size_t *ret_len);
/* For what people and tools write into files: spaces and line breaks are skipped, bits under the padding are
 * ignored. */
int base64_decode_loose(const char *text, char **ret, size_t *ret_len);

#endif
