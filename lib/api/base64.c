/* SPDX-License-Identifier: Apache-2.0 */
#include "base64.h"

#include <base/cleanup.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

static const char ALPHABET[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *api_base64_encode(const unsigned char *data, size_t len)
{
	char *out = malloc((len + 2) / 3 * 4 + 1);
	char *p = out;

	if (!out)
		return NULL;
	for (size_t i = 0; i < len; i += 3) {
		size_t left = len - i;
		uint32_t v = (uint32_t)data[i] << 16;

		if (left > 1)
			v |= (uint32_t)data[i + 1] << 8;
		if (left > 2)
			v |= data[i + 2];
		*p++ = ALPHABET[v >> 18];
		*p++ = ALPHABET[v >> 12 & 63];
		*p++ = left > 1 ? ALPHABET[v >> 6 & 63] : '=';
		*p++ = left > 2 ? ALPHABET[v & 63] : '=';
	}
	*p = '\0';
	return out;
}

static void table_fill(signed char table[static 256])
{
	memset(table, -1, 256);
	for (int i = 0; i < 64; i++)
		table[(unsigned char)ALPHABET[i]] = (signed char)i;
}

int api_base64_decode(const char *text, unsigned char **ret, size_t *ret_len)
{
	size_t len = strlen(text), pad = 0, n = 0;
	auto_free unsigned char *out = malloc(len / 4 * 3 + 1);
	signed char table[256];
	uint32_t v = 0;

	if (!out)
		return -ENOMEM;
	if (len % 4)
		return -EINVAL;
	while (pad < 2 && pad < len && text[len - 1 - pad] == '=')
		pad++;
	table_fill(table);
	for (size_t i = 0; i < len - pad; i++) {
		signed char c = table[(unsigned char)text[i]];

		if (c < 0)
			return -EINVAL;
		v = v << 6 | (uint32_t)c;
		if (i % 4 == 3) {
			out[n++] = (unsigned char)(v >> 16);
			out[n++] = (unsigned char)(v >> 8);
			out[n++] = (unsigned char)v;
			v = 0;
		}
	}
	/* The bits under the padding must be zero, or two texts would mean the same bytes. */
	if ((pad == 1 && v & 3) || (pad == 2 && v & 15))
		return -EINVAL;
	if (pad == 1) {
		out[n++] = (unsigned char)(v >> 10);
		out[n++] = (unsigned char)(v >> 2);
	} else if (pad == 2) {
		out[n++] = (unsigned char)(v >> 4);
	}
	*ret = TAKE_PTR(out);
	*ret_len = n;
	return 0;
}
