/* SPDX-License-Identifier: Apache-2.0 */
/* Standard base64 with padding, as the API server writes and checks `format: byte`. Pure; internal to
 * lib/api. */
#ifndef ESCAPE_API_BASE64_H
#define ESCAPE_API_BASE64_H

#include <stddef.h>

/* Allocated text; NULL when out of memory. Caller frees. */
char *api_base64_encode(const unsigned char *data, size_t len);
/* -EINVAL for anything but whole groups of four with canonical padding; -ENOMEM. Caller frees *ret (never
 * NULL). */
int api_base64_decode(const char *text, unsigned char **ret, size_t *ret_len);

#endif
