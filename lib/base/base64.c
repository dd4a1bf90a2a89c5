/* SPDX-License-Identifier: Apache-2.0 */
#include <base/base64.h>

#include <base/cleanup.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static const char ALPHABET[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *base64_encode(const void *data, size_t len)
{
	const unsigned char *in = data;
	char *out = len > SIZE_MAX / 2 ? NULL : malloc((len + 2) / 3 * 4 + 1);
	char *p = out;

	if (!out)
		return NULL;
	for (size_t i = 0; i < len; i += 3) {
		size_t left = len - i;
		uint32_t v = (uint32_t)in[i] << 16;

		if (left > 1)
			v |= (uint32_t)in[i + 1] << 8;
		if (left > 2)
			v |= in[i + 2];
		*p++ = ALPHABET[v >> 18];
		*p++ = ALPHABET[v >> 12 & 63];
		*p++ = left > 1 ? ALPHABET[v >> 6 & 63] : '=';
		*p++ = left > 2 ? ALPHABET[v & 63] : '=';
	}
	*p = '\0';
	return out;
}

static int digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* Two digits leave four bits that carry nothing, three leave two. */
static bool has_stray_bits(uint32_t bits, size_t digits)
{
	return (digits % 4 == 2 && bits & 15) || (digits % 4 == 3 && bits & 3);
}

static int decode_text(const char *text, bool loose, char **ret, size_t *ret_len)
{
	auto_free char *out = malloc(strlen(text) / 4 * 3 + 4);
	size_t len = 0, digits = 0, padding = 0;
	uint32_t bits = 0;

	if (!out)
		return -ENOMEM;
	for (const char *p = text; *p; p++) {
		int d = digit(*p);

		if (loose && is_space(*p))
			continue;
		if (*p == '=') {
			padding++;
			continue;
		}
		if (d < 0 || padding)
			return -EINVAL;
		bits = bits << 6 | (uint32_t)d;
		if (++digits % 4 != 1)
			out[len++] = (char)(bits >> (2 * (3 - (digits - 1) % 4)));
	}
	if (digits % 4 == 1 || padding != (4 - digits % 4) % 4)
		return -EINVAL;
	if (!loose && has_stray_bits(bits, digits))
		return -EINVAL;
	out[len] = '\0';
	*ret = TAKE_PTR(out);
	if (ret_len)
		*ret_len = len;
	return 0;
}

int base64_decode(const char *text, char **ret, size_t *ret_len)
{
	return decode_text(text, false, ret, ret_len);
}

int base64_decode_loose(const char *text, char **ret, size_t *ret_len)
{
	return decode_text(text, true, ret, ret_len);
}
