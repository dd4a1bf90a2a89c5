/* SPDX-License-Identifier: Apache-2.0 */
/* Standard base64 with padding, as Kubernetes writes byte fields. Line breaks and spaces are skipped;
 * anything else is an error. */
#ifndef ESCAPE_KUBE_BASE64_H
#define ESCAPE_KUBE_BASE64_H

#include <stddef.h>

/* Caller frees *ret (NUL-terminated). -EINVAL, -ENOMEM. */
int base64_decode(const char *text, char **ret, size_t *ret_len);

#endif
