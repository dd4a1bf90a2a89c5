/* SPDX-License-Identifier: Apache-2.0 */
#include "base64.h"

#include <base/cleanup.h>
#include <openssl/evp.h>
#include <string.h>

#define MAX_LEN (1u << 30)

char *base64_text(const unsigned char *data, size_t len)
{
	char *text = len > MAX_LEN ? NULL : malloc((len + 2) / 3 * 4 + 1);

	if (text)
		EVP_EncodeBlock((unsigned char *)text, data, (int)len);
	return text;
}

static size_t padding(const char *text, size_t len)
{
	return len < 2 ? 0 : (size_t)(text[len - 1] == '=') + (size_t)(text[len - 2] == '=');
}

char *base64_bytes(const char *text, size_t *ret_len)
{
	size_t len = strlen(text);
	auto_free char *bytes = len > MAX_LEN ? NULL : malloc(len / 4 * 3 + 1);
	int n;

	if (!bytes || len % 4)
		return NULL;
	n = EVP_DecodeBlock((unsigned char *)bytes, (const unsigned char *)text, (int)len);
	if (n < 0)
		return NULL;
	/* OpenSSL counts the padding as bytes. */
	*ret_len = (size_t)n - padding(text, len);
	bytes[*ret_len] = '\0';
	return TAKE_PTR(bytes);
}
