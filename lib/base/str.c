/* SPDX-License-Identifier: Apache-2.0 */
#include <base/str.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LABEL_MAX 63
#define SUBDOMAIN_MAX 253
#define UID_MAX_LEN 63
#define COMPONENT_MAX 255

int str_copy(char *dst, size_t size, const char *src)
{
	size_t len = src ? strlen(src) : 0;

	if (size == 0)
		return -ENAMETOOLONG;
	if (len >= size) {
		dst[0] = '\0';
		return -ENAMETOOLONG;
	}
	if (len)
		memcpy(dst, src, len);
	dst[len] = '\0';
	return 0;
}

int str_fmt(char *dst, size_t size, const char *fmt, ...)
{
	va_list ap;

	if (size == 0)
		return -ENAMETOOLONG;
	va_start(ap, fmt);
	int n = vsnprintf(dst, size, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= size) {
		dst[0] = '\0';
		return -ENAMETOOLONG;
	}
	return 0;
}

char *str_dup_fmt(const char *fmt, ...)
{
	char *s;
	va_list ap;

	va_start(ap, fmt);
	int n = vasprintf(&s, fmt, ap);
	va_end(ap);
	return n < 0 ? NULL : s;
}

bool str_eq(const char *a, const char *b)
{
	if (!a || !b)
		return a == b;
	return strcmp(a, b) == 0;
}

bool str_starts(const char *s, const char *prefix)
{
	return s && prefix && strncmp(s, prefix, strlen(prefix)) == 0;
}

int str_parse_i64(const char *s, int64_t min, int64_t max, int64_t *ret)
{
	const char *p = s;

	/* strtoll would also take blanks and a plus sign. */
	if (p && *p == '-')
		p++;
	if (!p || *p < '0' || *p > '9')
		return -EINVAL;

	char *end;

	errno = 0;
	long long v = strtoll(s, &end, 10);

	if (*end)
		return -EINVAL;
	if (errno == ERANGE || v < min || v > max)
		return -ERANGE;
	*ret = v;
	return 0;
}

static bool is_lower_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool str_is_dns_name(const char *s, bool dots)
{
	char prev = '.';
	size_t len = 0;

	if (!s)
		return false;
	for (; s[len]; prev = s[len++]) {
		char c = s[len];

		if (len >= (dots ? SUBDOMAIN_MAX : LABEL_MAX))
			return false;
		if (is_lower_alnum(c))
			continue;
		if (c == '-' && prev != '.')
			continue;
		if (c == '.' && dots && is_lower_alnum(prev))
			continue;
		return false;
	}
	return len > 0 && is_lower_alnum(prev);
}

bool str_is_uid(const char *s)
{
	size_t len = s ? strlen(s) : 0;

	return len > 0 && len <= UID_MAX_LEN && strspn(s, "0123456789abcdefABCDEF-") == len;
}

bool str_is_component(const char *s)
{
	size_t len = 0;

	if (!s || str_eq(s, ".") || str_eq(s, ".."))
		return false;
	for (; s[len]; len++) {
		unsigned char c = (unsigned char)s[len];

		if (len >= COMPONENT_MAX || c == '/' || c < 0x20 || c == 0x7f)
			return false;
	}
	return len > 0;
}

uint64_t str_hash64(const void *data, size_t len)
{
	const unsigned char *p = data;
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 0x100000001b3u;
	return h;
}

size_t str_utf8_len(const char *s, size_t len, uint32_t *ret_code)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *p = (const unsigned char *)s;

	if (len == 0)
		return 0;

	size_t n = p[0] < 0x80 ? 1 : (p[0] >> 5) == 6 ? 2 : (p[0] >> 4) == 14 ? 3 : (p[0] >> 3) == 30 ? 4 : 0;

	if (n == 0 || n > len)
		return 0;

	uint32_t code = n == 1 ? p[0] : p[0] & (0x7fu >> n);

	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (p[i] & 0x3f);
	}
	if (code < smallest[n] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	if (ret_code)
		*ret_code = code;
	return n;
}
