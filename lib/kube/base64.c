/* SPDX-License-Identifier: Apache-2.0 */
#include <kube/base64.h>

#include <base/cleanup.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

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

static int is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

int base64_decode(const char *text, char **ret, size_t *ret_len)
{
	auto_free char *out = malloc(strlen(text) / 4 * 3 + 4);
	size_t len = 0, digits = 0, padding = 0;
	uint32_t bits = 0;

	if (!out)
		return -ENOMEM;
	for (const char *p = text; *p; p++) {
		if (is_space(*p))
			continue;
		if (*p == '=') {
			padding++;
			continue;
		}
		int d = digit(*p);

		if (d < 0 || padding)
			return -EINVAL;
		bits = bits << 6 | (uint32_t)d;
		if (++digits % 4 != 1)
			out[len++] = (char)(bits >> (2 * (3 - (digits - 1) % 4)));
	}
	if (digits % 4 == 1 || padding != (4 - digits % 4) % 4)
		return -EINVAL;
	out[len] = 0;
	*ret = TAKE_PTR(out);
	if (ret_len)
		*ret_len = len;
	return 0;
}
