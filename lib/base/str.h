/* SPDX-License-Identifier: Apache-2.0 */
/* Small string helpers that never truncate in silence, and the parsers for numbers and names that come from
 * outside. */
#ifndef ESCAPE_BASE_STR_H
#define ESCAPE_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Copies src with its NUL into dst[size]; -ENAMETOOLONG (dst is then "") when it does not fit. NULL src is
 * "". */
int str_copy(char *dst, size_t size, const char *src);
/* printf into dst[size]; -ENAMETOOLONG (dst is then "") when it does not fit. */
int str_fmt(char *dst, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Allocating printf; NULL when out of memory. Caller frees. */
char *str_dup_fmt(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
bool str_eq(const char *a, const char *b); /* NULL equals NULL only */
bool str_starts(const char *s, const char *prefix);

/* Whole string, base 10, within [min, max]: 0, else -EINVAL or -ERANGE with *ret untouched. */
int str_parse_i64(const char *s, int64_t min, int64_t max, int64_t *ret);
/* Go/Kubernetes durations as admins write them: "500ms", "1m", "1h30m", "10s"; non-negative, cut to whole ms.
 * -EINVAL, -ERANGE. */
int str_parse_duration_ms(const char *s, int64_t *ret_ms);
/* An RFC 1123 label of at most 63 bytes; with `dots` a subdomain of at most 253 (what pods and nodes are
 * called). */
bool str_is_dns_name(const char *s, bool dots);
/* 1 to 63 bytes of [0-9a-fA-F-]: the form of a Kubernetes UID. */
bool str_is_uid(const char *s);
/* One path component: not empty, no '/', not "." or "..", no control bytes, at most 255 bytes. */
bool str_is_component(const char *s);
/* FNV-1a, for names derived from contents (not for security). */
uint64_t str_hash64(const void *data, size_t len);
/* Bytes of the valid UTF-8 character at s (len bytes are there), 0 when it is none. ret_code may be NULL. */
size_t str_utf8_len(const char *s, size_t len, uint32_t *ret_code);

#endif
