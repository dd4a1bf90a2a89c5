/* SPDX-License-Identifier: Apache-2.0 */
#include <base/str.h>
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "node-agent/agent/report/probe.h"

#define PART_MAX 100000

static const char *line_with(const char *text, size_t len, const char *prefix)
{
	size_t want = strlen(prefix);

	for (const char *line = text, *end = text + len; line < end;) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));

		if ((size_t)(end - line) >= want && !memcmp(line, prefix, want))
			return line + want;
		line = newline ? newline + 1 : end;
	}
	return NULL;
}

static const char *part_read(const char *at, const char *end, int *ret)
{
	int n = 0;

	if (at == end || !isdigit((unsigned char)*at))
		return NULL;
	for (; at < end && isdigit((unsigned char)*at) && n < PART_MAX; at++)
		n = n * 10 + (*at - '0');
	*ret = n;
	return at;
}

int version_find(const char *text, size_t len, const char *prefix, struct version *ret)
{
	const char *start = line_with(text, len, prefix), *end = text + len, *at = start;
	struct version v = {0};
	size_t n = 0;

	if (!start)
		return -ENOENT;
	for (int i = 0; i < 3; i++) {
		const char *next = part_read(at, end, &v.parts[i]);

		if (!next)
			return -EINVAL;
		at = next;
		if (i == 2 || at == end || *at != '.') {
			if (i == 0)
				return -EINVAL;
			break;
		}
		at++;
	}
	while (start + n < end && n < sizeof(v.text) - 1 && isgraph((unsigned char)start[n])) {
		v.text[n] = start[n];
		n++;
	}
	*ret = v;
	return 0;
}

bool version_at_least(const struct version *v, int major, int minor)
{
	return v->parts[0] > major || (v->parts[0] == major && v->parts[1] >= minor);
}
