/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/foreign/token.h"

#include <base/base64.h>
#include <base/cleanup.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool same(const char *a, size_t len, const char *token)
{
	unsigned char x[SHA256_DIGEST_LENGTH], y[SHA256_DIGEST_LENGTH];

	SHA256((const unsigned char *)a, len, x);
	SHA256((const unsigned char *)token, strlen(token), y);
	return CRYPTO_memcmp(x, y, sizeof(x)) == 0 && *token;
}

static const char *after(const char *authorization, const char *scheme)
{
	size_t len = strlen(scheme);

	if (strncasecmp(authorization, scheme, len) || authorization[len] != ' ')
		return NULL;
	return authorization + len + strspn(authorization + len, " ");
}

static bool basic_matches(const char *text, const char *token)
{
	auto_free char *pair = NULL;
	const char *password;
	size_t len = 0;
	bool ok;

	if (base64_decode(text, &pair, &len))
		return false;
	password = memchr(pair, ':', len);
	ok = password && same(password + 1, len - (size_t)(password + 1 - pair), token);
	OPENSSL_cleanse(pair, len);
	return ok;
}

bool token_matches(const char *authorization, const char *token)
{
	const char *given = after(authorization, "Bearer");

	if (given)
		return same(given, strlen(given), token);
	given = after(authorization, "Basic");
	return given && basic_matches(given, token);
}
